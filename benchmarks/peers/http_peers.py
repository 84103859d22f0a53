"""What the peers that speak HTTP have in common: set up, loaded request by request, timed with wrk."""

import contextlib
import http.client
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from benchmarks.peers import draws
from benchmarks.peers.draws import Addition
from benchmarks.peers.environments import version
from benchmarks.peers.http_load import Scenario, encode, measure
from benchmarks.peers.options import Options, parse
from benchmarks.peers.portions import Group, Limits, Portion, read
from benchmarks.peers.processes import ADDRESS, Server
from benchmarks.peers.results import Operation, PeerFailed, Result, exit_status, say, write

ADDITIONS = 20_000
"""More than any of these peers manages in a run of ordinary length."""


class Client:
    """One connection, which is opened again when the server closes it after an answer."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection(ADDRESS, port, timeout=300)
        self._headers = headers

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Return the decoded answer; raises PeerFailed unless it is a success."""
        content = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, content, {**self._headers, **(headers or {})})
        answer = self._connection.getresponse()
        told = answer.read()
        if answer.status >= http.client.MULTIPLE_CHOICES:
            raise PeerFailed(
                f"{method} {path} answered {answer.status}: {told[:500].decode(errors='replace')}"
            )
        return json.loads(told) if told else None


class HTTPPeer(ABC):
    """A peer as the measurement sees it."""

    name: ClassVar[str]
    groups: ClassVar[int]
    """How many groups load in about a minute."""
    largest: ClassVar[int]
    """Members of the largest group that loads in that time too."""
    notes: ClassVar[Sequence[str]]

    def __init__(self, options: Options, portion: Portion) -> None:
        self.folder = options.work / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.portion = portion

    @abstractmethod
    def started(self) -> contextlib.AbstractContextManager[Server]:
        """Start it empty."""

    @abstractmethod
    def load(self, client: Client) -> None:
        """Give it the portion."""

    @abstractmethod
    def reads(self, client: Client) -> Iterator[Scenario]:
        """Return what it can be asked."""

    @abstractmethod
    def addition(self, addition: Addition) -> bytes:
        """Return the request that adds a member."""

    @abstractmethod
    def members(self, client: Client, group: Group) -> set[str]:
        """Return whom it calls members of a group, each in the form of `member`."""

    @abstractmethod
    def member(self, addition: Addition) -> str:
        """Return what the peer calls the user."""

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""

    def disk_bytes(self) -> int:
        """Return how much it keeps on disk."""
        return 0

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        """Return a request as wrk sends it."""
        content = b"" if body is None else json.dumps(body).encode()
        return encode(method, path, {**self.headers(), **headers}, content)


def run(peer: type[HTTPPeer]) -> int:
    """Set up, load and time a peer as the command line says; return the exit status."""
    options = parse(peer.name, peer.groups)
    return exit_status(lambda: _measure(peer, options))


def _measure(kind: type[HTTPPeer], options: Options) -> None:
    limits = Limits(groups=options.groups, largest=kind.largest, one_name_once=True)
    portion = read(options.data, limits)
    peer = kind(options, portion)
    with peer.started() as server:
        client = Client(server.port, peer.headers())
        say(f"Loading {len(portion.groups)} groups")
        begun = time.perf_counter()
        peer.load(client)
        load_seconds = time.perf_counter() - begun
        disk_bytes = peer.disk_bytes()
        operations = {
            scenario.name: measure(server, scenario, options.seconds, options.clients, peer.folder).operation
            for scenario in peer.reads(client)
        }
        notes = [*_chosen(kind, options), *kind.notes]
        for scenario, additions in _additions(peer):
            operations[scenario.name], lost = _add(server, (peer, scenario, additions))
            notes += lost
    result = Result(
        peer=kind.name,
        version=version(kind.name),
        held=portion.held(),
        load_seconds=round(load_seconds, 2),
        disk_bytes=disk_bytes,
        operations=operations,
        notes=notes,
    )
    write(result, options.json)


def _chosen(kind: type[HTTPPeer], options: Options) -> list[str]:
    wanted = f"at most {options.groups}" if options.groups else "all"
    size = f"none of more than {kind.largest} members, one of each name"
    return [f"It was given {wanted} groups, {size}, and the users in them, by its own interface."]


def _additions(peer: HTTPPeer) -> Iterator[tuple[Scenario, list[Addition]]]:
    small = draws.additions_to_small(peer.portion, ADDITIONS)
    largest = draws.additions_to_largest(peer.portion, ADDITIONS)
    for name, additions in (("add to a small group", small), ("add to the largest group", largest)):
        requests = [peer.addition(addition) for addition in additions]
        yield Scenario(name, requests, once=True), additions


def _add(server: Server, what: tuple[HTTPPeer, Scenario, list[Addition]]) -> tuple[Operation, list[str]]:
    """Time additions, and look afterwards whether those that were confirmed are there."""
    peer, scenario, additions = what
    measured = measure(server, scenario, peer.options.seconds, peer.options.clients, peer.folder)
    sent = additions[: measured.sent]
    # A connection that was left alone for that long may be closed at the other end.
    client = Client(server.port, peer.headers())
    groups = {addition.group for addition in sent}
    members = {group.key: peer.members(client, group) for group in groups}
    missing = sum(peer.member(addition) not in members[addition.group.key] for addition in sent)
    # What was under way when wrk's time was over may or may not have reached the server.
    lost = missing - measured.unanswered
    if lost <= 0:
        return measured.operation, []
    told = f"{scenario.name}: at least {lost} of {len(sent)} additions were confirmed and are missing."
    return measured.operation, [told]
