"""The process above the workers: starts them, and again when they die, and ends with all of them."""

import contextlib
import ctypes
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator

import msgspec

from guildhall.server.workers import Lines

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_STEADY_SECONDS = 10.0
"""A worker that lived so long is started again at once."""
_SECONDS_TO_START = 120.0
_SECONDS_TO_STOP = 15.0
"""For a worker to drain and close its database; then it is killed."""
_PR_SET_PDEATHSIG = 1
"""Of Linux's sys/prctl.h."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_LOG = logging.getLogger("guildhall.server")


class WorkerFailed(Exception):
    """A worker ended before it had answered once; its own words stand on standard error."""


class _Worker(msgspec.Struct):
    """A place for a worker process, and the process in it."""

    number: int
    pid: int = 0
    started: float = 0.0
    pause: float = 0.0
    due: float = 0.0
    """When the next process is to be started, if there is none."""
    ready: int = -1
    """Where a byte comes from once it answers; -1 when it has come."""


class Supervisor:
    """Keeps a number of worker processes running until it is told to stop.

    `work` is called in each with its number, from 0, and its lines.
    """

    def __init__(self, work: Callable[[int, Lines], None], count: int) -> None:
        self._work = work
        self._workers = [_Worker(number) for number in range(count)]
        self._lifeline, self._lifeline_end = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._is_told = False
        self._answered = False

    def run(self, on_ready: Callable[[], None], on_stop: Callable[[], None]) -> None:
        """Start the workers and return when they have stopped; raises WorkerFailed when none ever answers.

        `on_ready` is called once, when all of them answer, `on_stop` before they are told to stop.
        """
        with self._signals():
            self._start_due()
            self._wait_until_ready()
            if not self._is_told:
                self._answered = True
                on_ready()
            while not self._is_told:
                self._pause(self._seconds_until_due())
                self._reap()
                self._start_due()
            on_stop()
            self._stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals end a pause instead of the process."""
        waking, wakened = socket.socketpair()
        waking.setblocking(False)  # noqa: FBT003 -- the library's
        wakened.setblocking(False)  # noqa: FBT003 -- the library's
        self._selector.register(wakened, selectors.EVENT_READ)
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        woken_before = signal.set_wakeup_fd(waking.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            waking.close()
            wakened.close()

    def _note(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self._is_told = True

    def _pause(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if isinstance(key.fileobj, socket.socket):
                with contextlib.suppress(BlockingIOError):
                    key.fileobj.recv(4_096)
            else:
                self._hear(key.fd)

    def _hear(self, ready: int) -> None:
        """Take a worker's word that it answers; an end without one is noticed by its death."""
        self._selector.unregister(ready)
        said = os.read(ready, 1)
        os.close(ready)
        for worker in self._workers:
            if worker.ready == ready:
                worker.ready = -1 if said else -2

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _SECONDS_TO_START
        while not self._is_told and any(worker.ready != -1 for worker in self._workers):
            self._pause(max(0.0, end - time.monotonic()))
            self._reap()
            if any(not worker.pid for worker in self._workers) or time.monotonic() > end:
                self._stop()
                raise WorkerFailed("A worker did not start; what it says stands above.")

    def _start_due(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if not worker.pid and worker.due <= now:
                self._start(worker)

    def _start(self, worker: _Worker) -> None:
        ready, said = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        supervisor = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_worker(worker.number, said, supervisor)
        os.close(said)
        worker.pid, worker.started, worker.ready = pid, time.monotonic(), ready
        self._selector.register(ready, selectors.EVENT_READ)

    def _be_worker(self, number: int, said: int, supervisor: int) -> None:
        """Serve in the new process, and end it."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for caught in _SIGNALS:
                signal.signal(caught, signal.SIG_DFL)
            _die_with(supervisor)
            self._selector.close()
            os.close(self._lifeline_end)
            self._work(number, Lines(said, self._lifeline))
            code = 0
        except Exception:  # noqa: BLE001 -- the process ends with it
            _LOG.exception("a worker failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        for worker in self._workers:
            if worker.pid and os.waitpid(worker.pid, os.WNOHANG)[0]:
                self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        lived = time.monotonic() - worker.started
        steady = lived >= _STEADY_SECONDS
        worker.pause = 0.0 if steady else min(_LONGEST_PAUSE, max(_FIRST_PAUSE, worker.pause * 2))
        worker.due = time.monotonic() + worker.pause
        if self._answered and not self._is_told:
            _LOG.error("worker %d has died; another is started in %.1f s", worker.pid, worker.pause)
        worker.pid = 0

    def _seconds_until_due(self) -> float | None:
        waiting = [worker.due for worker in self._workers if not worker.pid]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _stop(self) -> None:
        """Tell every worker to stop, and kill those that do not."""
        self._is_told = True
        self._signal(signal.SIGTERM)
        end = time.monotonic() + _SECONDS_TO_STOP
        while any(worker.pid for worker in self._workers) and time.monotonic() < end:
            self._pause(end - time.monotonic())
            self._reap()
        self._signal(signal.SIGKILL)
        for worker in self._workers:
            if worker.pid:
                os.waitpid(worker.pid, 0)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, number)


def _die_with(supervisor: int) -> None:
    """Have the kernel kill this process when its supervisor ends, where it can (Linux).

    Elsewhere the lifeline does the same, as soon as the event loop looks.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != supervisor:
        os._exit(1)
