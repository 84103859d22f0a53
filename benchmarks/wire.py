"""What a server says to PostgreSQL: a proxy that counts round trips and keeps statements with their values.

It reads the protocol (PostgreSQL documentation, "Message Formats") and knows no driver: what it sees is what
runs.
"""

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

_CONTROL = ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ", "SHOW ", "RESET")
# How a pool of asyncpg tidies a connection up.
_TIDYING = "SELECT PG_ADVISORY_UNLOCK_ALL"
_CHUNK = 1 << 16
_NUMBER = struct.Struct("!i")
_SHORT = struct.Struct("!h")
_INTEGERS = frozenset({20, 21, 23, 26})
_TEXTS = frozenset({18, 19, 25, 1042, 1043, 2950, 3802, 114})
_LISTS = {1005: 21, 1007: 23, 1016: 20, 1028: 26, 1009: 25, 1015: 1043}
_BOOLEAN = 16
_JSONB = 3802


class Ran(msgspec.Struct, frozen=True):
    """One statement as it ran: its text with `$1`, and its values."""

    sql: str
    values: list[Any]

    @property
    def controls(self) -> bool:
        """Whether it only begins or ends a transaction, sets something, or tidies a connection up."""
        return self.tidies or self.sql.lstrip().upper().startswith(_CONTROL)

    @property
    def tidies(self) -> bool:
        """Whether it only tidies a connection up before it goes back to its pool."""
        return self.sql.lstrip().upper().startswith(_TIDYING)


class Recorder:
    """What went through the proxy since it was last taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statements: list[Ran] = []
        self._trips = 0

    def take(self) -> tuple[list[Ran], int]:
        """Return the statements and the number of round trips since the last call."""
        with self._lock:
            taken = self._statements, self._trips
            self._statements, self._trips = [], 0
        return taken

    def note(self, ran: list[Ran], trips: int) -> None:
        """Add what was just seen."""
        with self._lock:
            self._statements += ran
            self._trips += trips


class _Conversation:
    """One connection: both directions of it are read, and passed on as they came."""

    def __init__(self, client: socket.socket, server: socket.socket, recorder: Recorder) -> None:
        self._client = client
        self._server = server
        self._recorder = recorder
        self._texts: dict[bytes, str] = {}
        self._types: dict[bytes, list[int]] = {}
        self._described: deque[bytes] = deque()
        self._answered = True
        self._begun = False

    def run(self) -> None:
        """Pass everything on until one side ends."""
        with self._client, self._server:
            answers = (self._server, self._client, self._backend)
            back = threading.Thread(target=self._pump, args=answers, daemon=True)
            back.start()
            self._pump(self._client, self._server, self._frontend)
            back.join()

    def _pump(self, source: socket.socket, target: socket.socket, read: Any) -> None:
        pending = b""
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                pending = read(pending + chunk)
                target.sendall(chunk)
        for side in (source, target):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def _frontend(self, data: bytes) -> bytes:
        ran: list[Ran] = []
        trips, self._answered = int(self._answered), False
        while message := self._message(data):
            kind, body, data = message
            if kind == b"P":
                name, text, _ = body.split(b"\0", 2)
                self._texts[name] = text.decode()
            elif kind == b"D" and body[:1] == b"S":
                self._described.append(body[1:].rstrip(b"\0"))
            elif kind == b"B":
                ran.append(self._bound(body))
            elif kind == b"Q":
                ran.append(Ran(body.rstrip(b"\0").decode(), []))
        self._recorder.note(ran, trips)
        return data

    def _message(self, data: bytes) -> tuple[bytes, bytes, bytes] | None:
        """Return type, body and what is behind the first whole message; the first of all has no type."""
        head = 1 if self._begun else 0
        if len(data) < head + 4:
            return None
        size = head + _NUMBER.unpack_from(data, head)[0]
        if len(data) < size:
            return None
        self._begun = True
        return data[:head], data[head + 4 : size], data[size:]

    def _backend(self, data: bytes) -> bytes:
        self._answered = True
        at = 0
        while len(data) >= at + 5 and len(data) >= (end := at + 1 + _NUMBER.unpack_from(data, at + 1)[0]):
            if data[at : at + 1] == b"t":
                (count,) = _SHORT.unpack_from(data, at + 5)
                self._types[self._described.popleft()] = list(struct.unpack_from(f"!{count}i", data, at + 7))
            at = end
        return data[at:]

    def _bound(self, body: bytes) -> Ran:
        _, name, rest = body.split(b"\0", 2)
        (formats,) = _SHORT.unpack_from(rest)
        codes = struct.unpack_from(f"!{formats}h", rest, 2)
        at = 2 + 2 * formats
        (count,) = _SHORT.unpack_from(rest, at)
        at += 2
        types = self._types.get(name, [0] * count)
        values: list[Any] = []
        for number in range(count):
            (size,) = _NUMBER.unpack_from(rest, at)
            at += 4
            raw = None if size < 0 else rest[at : at + size]
            at += max(0, size)
            binary = bool(codes[number if formats > 1 else 0]) if codes else False
            values.append(_value(raw, types[number], binary=binary))
        return Ran(self._texts[name], values)


def _value(raw: bytes | None, kind: int, *, binary: bool) -> Any:
    if raw is None:
        return None
    if not binary:
        return raw.decode()
    if kind in _INTEGERS:
        return int.from_bytes(raw, "big", signed=True)
    if kind in _TEXTS:
        return raw[kind == _JSONB :].decode()
    if kind in _LISTS:
        return _elements(raw, _LISTS[kind])
    # Bytes, or what nothing here knows: who runs it again says so.
    return raw == b"\1" if kind == _BOOLEAN else raw


def _elements(raw: bytes, kind: int) -> list[Any]:
    dimensions, _, _ = struct.unpack_from("!iii", raw)
    if dimensions == 0:
        return []
    (count,) = _NUMBER.unpack_from(raw, 12)
    at, values = 20, []
    for _ in range(count):
        (size,) = _NUMBER.unpack_from(raw, at)
        at += 4
        values.append(_value(raw[at : at + size] if size >= 0 else None, kind, binary=True))
        at += max(0, size)
    return values


@contextlib.contextmanager
def recording(address: tuple[str, int] | str) -> Iterator[tuple[int, Recorder]]:
    """Stand before the PostgreSQL at `address`; give a port of loopback, and the recorder."""
    recorder = Recorder()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, address, recorder), daemon=True).start()
        yield listener.getsockname()[1], recorder
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, address: tuple[str, int] | str, recorder: Recorder) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            conversation = _Conversation(client, _connected(address), recorder)
            threading.Thread(target=conversation.run, daemon=True).start()


def _connected(address: tuple[str, int] | str) -> socket.socket:
    if isinstance(address, str):
        server = socket.socket(socket.AF_UNIX)
        server.connect(address)
        return server
    return socket.create_connection(address)
