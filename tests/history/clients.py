"""Clients that call servers at random and write down what they saw."""

import asyncio
import random
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx

from tests.history.histories import NEVER_ENDED, Call
from tests.make import USER
from tests.store.furnished import Furnished

NAMES = ("alpha", "beta", "gamma")
LIMIT = 4
"""Seats of the one resource that groups give a role on: fewer than users who may want one."""

_LIMIT_REACHED = "ADMIN-UAM-409-3"


class Histories:
    """What all clients saw: of each group by its id, of the names of the directory, and of seats in use."""

    def __init__(self) -> None:
        self.groups: dict[str, list[Call]] = defaultdict(list)
        self.names: list[Call] = []
        self.seats: list[int] = []
        self.unknown = 0

    def join(self, later: "Histories") -> None:
        """Add what was seen later."""
        for group, calls in later.groups.items():
            self.groups[group] += calls
        self.names += later.names
        self.seats += later.seats
        self.unknown += later.unknown


class Client:
    """One caller. A server that is gone is left for the next one; what it was asked has no known outcome."""

    def __init__(
        self, servers: Sequence[httpx.AsyncClient], furnished: Furnished, groups: Sequence[str], seed: int
    ) -> None:
        self._servers = servers
        self._server = servers[seed % len(servers)]
        self._furnished = furnished
        self._groups = groups
        self._chance = random.Random(seed)
        org = furnished.caller.org_id
        self._directory = f"/admin/v2/orgs/{org}/directories/{furnished.directory_id}/groups"
        resource_id = urllib.parse.quote(furnished.grants[0].resource_id, safe="")
        self._resource = f"/guildhall/v1/orgs/{org}/resources/{resource_id}"
        self._mine: list[str] = []
        """Ids of groups whose names are at stake."""

    async def call_at_random(self, histories: Histories) -> None:
        """Make one call."""
        act: Callable[[Histories], Awaitable[None]] = self._chance.choice(
            [
                *(self._add, self._add, self._remove, self._list_members, self._count_members),
                *(self._create, self._delete, self._rename, self._list_names),
                *(self._assign, self._read_seats),
            ]
        )
        await act(histories)

    async def _send(self, method: str, path: str, **parts: Any) -> httpx.Response | None:
        """Return the answer, or None when there is none that says what came of it."""
        try:
            answer = await self._server.request(method, path, **parts)
        except httpx.TransportError:
            others = [server for server in self._servers if server is not self._server]
            self._server = others[0] if others else self._server
            return None
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        return None if answer.status_code == 503 else answer

    async def _write(self, histories: Histories, history: list[Call], call: Call, *asked: Any) -> None:
        """Send a write; `call` is what it is when nobody answers."""
        method, path, body = asked
        began = time.monotonic()
        answer = await self._send(method, path, json=body)
        if answer is None:
            histories.unknown += 1
            history.append(call._replace(began=began, ended=NEVER_ENDED))
            return
        result: Any = answer.status_code
        if result == 409 and answer.json()["errors"][0]["code"] == _LIMIT_REACHED:
            result = "refused"
        if result == 201:
            group_id = answer.headers["location"].rpartition("/")[2]
            self._mine.append(group_id)
            result = (201, group_id)
        history.append(call._replace(result=result, began=began, ended=time.monotonic()))

    async def _read(
        self, history: list[Call], operation: str, path: str, value: Callable[[Any], Any]
    ) -> None:
        began = time.monotonic()
        answer = await self._send("GET", path)
        if answer is not None:
            assert answer.status_code == 200, answer.text
            history.append(Call(operation, None, value(answer.json()), began, time.monotonic()))

    def _group(self) -> str:
        return self._chance.choice(self._groups)

    async def _add(self, histories: Histories) -> None:
        group, user = self._group(), self._chance.choice(self._furnished.account_ids)
        asked = ("POST", f"{self._directory}/{group}/memberships", {"accountId": user})
        await self._write(histories, histories.groups[group], _call("add", user), *asked)

    async def _remove(self, histories: Histories) -> None:
        group, user = self._group(), self._chance.choice(self._furnished.account_ids)
        asked = ("DELETE", f"{self._directory}/{group}/memberships/{user}", None)
        await self._write(histories, histories.groups[group], _call("remove", user), *asked)

    async def _assign(self, histories: Histories) -> None:
        """Seats come and go with the role; refused or not, no members change."""
        verb = self._chance.choice(["assign", "revoke"])
        body = {"resourceId": self._furnished.grants[0].resource_id, "roleId": USER}
        await self._send("POST", f"{self._directory}/{self._group()}/role-assignments/{verb}", json=body)

    async def _list_members(self, histories: Histories) -> None:
        group = self._group()
        path = f"{self._directory}/{group}/memberships?limit=100"
        await self._read(histories.groups[group], "list", path, _account_ids)

    async def _count_members(self, histories: Histories) -> None:
        group = self._group()
        await self._read(histories.groups[group], "count", f"{self._directory}/{group}", _count)

    async def _create(self, histories: Histories) -> None:
        name = self._chance.choice(NAMES)
        await self._write(
            histories, histories.names, _call("create", name), "POST", self._directory, {"name": name}
        )

    async def _delete(self, histories: Histories) -> None:
        if self._mine:
            group = self._chance.choice(self._mine)
            asked = ("DELETE", f"{self._directory}/{group}", None)
            await self._write(histories, histories.names, _call("delete", group), *asked)

    async def _rename(self, histories: Histories) -> None:
        if self._mine:
            group, name = self._chance.choice(self._mine), self._chance.choice(NAMES)
            asked = ("PATCH", f"{self._directory}/{group}", {"name": name})
            await self._write(histories, histories.names, _call("rename", (group, name)), *asked)

    async def _list_names(self, histories: Histories) -> None:
        await self._read(histories.names, "list", f"{self._directory}?limit=100", _names)

    async def _read_seats(self, histories: Histories) -> None:
        answer = await self._send("GET", self._resource)
        if answer is not None:
            assert answer.status_code == 200, answer.text
            histories.seats.append(answer.json()["data"]["seatsUsed"])


def _call(operation: str, argument: Any) -> Call:
    return Call(operation, argument, None, 0, NEVER_ENDED)


def _account_ids(body: Any) -> frozenset[str]:
    return frozenset(member["accountId"] for member in body["data"])


def _count(body: Any) -> int:
    count: int = (body.get("data") or body)["counts"]["users"]
    return count


def _names(body: Any) -> frozenset[str]:
    return frozenset(group["name"] for group in body["data"]) & frozenset(NAMES)


async def write_history(clients: Sequence[Client], calls: int) -> Histories:
    """Let all clients make so many calls each, at once."""
    histories = Histories()

    async def go(client: Client) -> None:
        for _ in range(calls):
            await client.call_at_random(histories)

    await asyncio.gather(*(go(client) for client in clients))
    return histories
