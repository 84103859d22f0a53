"""The head of a request, as the parser finds it: what is wrong with it, and what ASGI calls its scope."""

import urllib.parse
from typing import NamedTuple

from guildhall.model.errors import AddressTooLong, GuildhallError, HeadTooLarge, InvalidInput
from guildhall.server.calls import Message
from guildhall.server.limits import MOST_HEAD_BYTES, MOST_HEADERS, MOST_TARGET_BYTES


class Endpoints(NamedTuple):
    """The two ends of a connection."""

    scheme: str
    client: tuple[str, int]
    server: tuple[str, int] | None


class Head:
    """The request line and headers, as far as they have come."""

    __slots__ = ("bytes_read", "headers", "is_timed", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.bytes_read = 0
        """Since the first part of it."""
        self.is_timed = False
        """Whether it has its deadline, which is one for the whole head."""

    def scope(self, method: str, version: str, endpoints: Endpoints) -> Message:
        """Return the scope of ASGI."""
        path, _, query = self._path_and_query()
        text = path.decode("latin-1")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": version,
            "method": method,
            "scheme": endpoints.scheme,
            "path": urllib.parse.unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": self.headers,
            "client": endpoints.client,
            "server": endpoints.server,
        }

    def _path_and_query(self) -> tuple[bytes, bytes, bytes]:
        """Split the address; a proxy's may name the host in front (RFC 9112 §3.2.2)."""
        target = self.target.partition(b"#")[0]
        if target[:1] != b"/" and b"://" in target:
            target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
        return target.partition(b"?")

    def fault(self, version: str) -> GuildhallError | None:
        """Return what is wrong with a whole head."""
        size = hosts = 0
        for name, value in self.headers:
            size += len(name) + len(value)
            hosts += name == b"host"
        if len(self.target) > MOST_TARGET_BYTES or size > MOST_HEAD_BYTES or len(self.headers) > MOST_HEADERS:
            return self.too_large()
        if hosts > 1 or (not hosts and version != "1.0"):
            return InvalidInput("A request must have one Host header.")
        return None

    def too_large(self) -> GuildhallError:
        """Return why a head that is too large is."""
        if len(self.target) > MOST_TARGET_BYTES or not self.headers:
            return AddressTooLong(f"Path and query are longer than {MOST_TARGET_BYTES} bytes.")
        return HeadTooLarge(
            f"There are more than {MOST_HEADERS} headers, or more than {MOST_HEAD_BYTES} bytes of them."
        )
