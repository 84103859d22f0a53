"""How the interpreter is shared between the event loop and threads of the store."""

import sys
import threading

_SHARED_SECONDS = 0.0005
"""How long a thread may keep the interpreter while another waits, when a thread of the store is at work. By
Python's own 5 ms, a busy event loop makes it wait at each of its steps: a batch takes 32 ms, by this 3 ms."""

_ALONE_SECONDS = sys.getswitchinterval()
"""Python's own 5 ms. Each change of threads costs the event loop time: only at need is it shorter."""


class Turns:
    """Lets threads take quick turns while one of them is within it."""

    def __init__(self) -> None:
        self._counting = threading.Lock()
        self._within = 0

    def __enter__(self) -> None:
        self._count(1)

    def __exit__(self, *_: object) -> None:
        self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._within += change
            sys.setswitchinterval(_SHARED_SECONDS if self._within else _ALONE_SECONDS)


QUICK_TURNS = Turns()
"""Of this process, which has one interpreter."""
