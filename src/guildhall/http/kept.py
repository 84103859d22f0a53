"""Encoded items that are kept, since making one takes longer than reading what tells that it still holds.

An item is kept with its version and given back only for that version, which the same snapshot has just
returned: what is kept can be too old, never wrong. Only reads may keep anything: a write that is undone
gives its keys and versions to another. SQLite only: there a file that was put in another's place is noticed.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable

import msgspec

MOST_BYTES = 96 << 20
"""What is kept at most, by the estimate below."""

_OVERHEAD = 400
"""Bytes that the interpreter needs for an entry beside the texts."""


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """The JSON of an item, before and behind what is never kept."""

    version: int
    head: bytes
    tail: bytes

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return len(self.head) + len(self.tail) + _OVERHEAD


class KeptItems:
    """Encoded items by key; the oldest go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        # Not a dict, which looks at the places of all that went before it finds its oldest.
        self._items: OrderedDict[Hashable, Encoded] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = 0
        self._keeping = threading.Lock()

    def get(self, key: Hashable, version: int) -> Encoded | None:
        """Return the item if it is kept in this very version."""
        item = self._items.get(key)
        return item if item is not None and item.version == version else None

    def keep(self, key: Hashable, item: Encoded) -> None:
        """Keep an item of a snapshot that was read; reads in threads may do so at the same time."""
        with self._keeping:
            old = self._items.pop(key, None)
            self._items[key] = item
            self._bytes += item.size - (old.size if old else 0)
            while self._bytes > self._most_bytes and self._items:
                self._bytes -= self._items.popitem(last=False)[1].size
