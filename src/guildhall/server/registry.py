"""The open connections of a worker: how many, from where, and who goes when there are too many."""

import asyncio
import time
from email.utils import formatdate
from typing import Protocol

from guildhall.server.limits import Limits

_SWEEPS_PER_LIMIT = 4


class Member(Protocol):
    """A connection, as the registry knows it."""

    deadline: float | None
    same_address: "AddressConnections"

    def expire(self) -> None:
        """Give up waiting for the client."""

    def evict(self) -> None:
        """Close at once, for the sake of another."""

    def stop(self) -> None:
        """Close as soon as what has begun is answered."""

    def abort(self) -> None:
        """Close at once."""


class AddressConnections:
    """The connections of one address."""

    __slots__ = ("address", "members", "waiting")

    def __init__(self, address: str) -> None:
        self.address = address
        self.members: set[Member] = set()
        self.waiting: dict[Member, None] = {}
        """Those that wait for their client, from the one that has waited longest."""


class ConnectionRegistry:
    """Every open connection, with the limits that all of them share."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.date = b""
        """The header that every answer has, renewed each second."""
        self.stopping = False
        self._by_address: dict[str, AddressConnections] = {}
        self._size = 0
        self._empty: asyncio.Event = asyncio.Event()

    def make_room(self, address: str) -> AddressConnections | None:
        """Return where a connection from an address is to be counted, or None when there is no room.

        Of too many, the one that has waited longest for its client makes room: who holds hundreds of silent
        connections locks out nobody, not even others behind the same address.
        """
        same_address = self._by_address.get(address) or AddressConnections(address)
        full = len(same_address.members) >= self.limits.connections_per_address
        if full and not self.limits.is_exempt(address) and not _evict_from(same_address):
            return None
        if self._size >= self.limits.connections and not self.evict_one():
            return None
        return same_address

    def evict_one(self) -> bool:
        """Close a connection of the address that lets most of them wait; tell whether there was one."""
        same_address = max(
            self._by_address.values(), key=lambda same_address: len(same_address.waiting), default=None
        )
        return same_address is not None and _evict_from(same_address)

    def enter(self, member: Member) -> None:
        """Count a connection."""
        same_address = member.same_address
        self._by_address[same_address.address] = same_address
        same_address.members.add(member)
        self._size += 1
        self._empty.clear()

    def leave(self, member: Member) -> None:
        """Count a connection no more; again does nothing."""
        same_address = member.same_address
        if member not in same_address.members:
            return
        same_address.members.discard(member)
        same_address.waiting.pop(member, None)
        self._size -= 1
        if not same_address.members and self._by_address.get(same_address.address) is same_address:
            del self._by_address[same_address.address]
        if not self._size:
            self._empty.set()

    async def sweep(self) -> None:
        """Look again and again for connections that have waited for too long; runs until it is cancelled."""
        pause = min(1.0, self.limits.shortest() / _SWEEPS_PER_LIMIT)
        loop = asyncio.get_running_loop()
        while True:
            self.date = b"date: " + formatdate(time.time(), usegmt=True).encode() + b"\r\n"
            now = loop.time()
            for member in [
                member for same_address in self._by_address.values() for member in same_address.waiting
            ]:
                if member.deadline is not None and member.deadline < now:
                    member.expire()
            await asyncio.sleep(pause)

    async def drain(self) -> None:
        """Let what has begun be answered, within the limit, and close every connection."""
        self.stopping = True
        for member in self._members():
            member.stop()
        if self._size:
            try:
                async with asyncio.timeout(self.limits.drain):
                    await self._empty.wait()
            except TimeoutError:
                for member in self._members():
                    member.abort()

    def _members(self) -> list[Member]:
        return [member for same_address in self._by_address.values() for member in same_address.members]


def _evict_from(same_address: AddressConnections) -> bool:
    member = next(iter(same_address.waiting), None)
    if member is None:
        return False
    member.evict()
    return True
