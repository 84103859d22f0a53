"""How many requests limited keys have made in this minute, counted for all workers of a server together."""

import fcntl
import mmap
import os
import struct
import tempfile
import weakref

_SLOT = struct.Struct("<16sqq")
"""The beginning of a key's hash, a minute since 1970, and the requests in it."""

_SLOTS = 65_536
_TRIED = 16
"""Slots that a key may be in; where all are taken by others in this minute, the first of them is given up."""

_TAG = 16


class RequestCounts:
    """Counts in memory that processes share which are forked from the one that made it.

    The lock is one of the system's, which a process that is killed lets go.
    """

    def __init__(self, slots: int = _SLOTS) -> None:
        self._slots = slots
        with tempfile.TemporaryFile(prefix="guildhall-counts-") as file:
            file.truncate(slots * _SLOT.size)
            self._memory = mmap.mmap(file.fileno(), slots * _SLOT.size)
            self._lock = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._lock)

    def take(self, key_hash: bytes, minute: int, limit: int) -> int | None:
        """Count a request; return how many are left in the minute, None when there was none left."""
        tag = key_hash[:_TAG]
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            place, used = self._find(tag, minute)
            if used >= limit:
                return None
            _SLOT.pack_into(self._memory, place, tag, minute, used + 1)
            return limit - used - 1
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def _find(self, tag: bytes, minute: int) -> tuple[int, int]:
        """Return the place of a key's slot, and the requests that it has counted in the minute."""
        first = int.from_bytes(tag[:8], "little")
        places = [(first + tried) % self._slots * _SLOT.size for tried in range(_TRIED)]
        free = places[0]
        for place in reversed(places):
            found, counted_in, used = _SLOT.unpack_from(self._memory, place)
            if counted_in != minute:
                free = place
            elif found == tag:
                return place, used
        return free, 0
