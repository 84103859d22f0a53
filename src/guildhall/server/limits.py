"""How long the server waits for a client, and for how many of them (contract 8, "Limits of a request")."""

from collections.abc import Callable

import msgspec

MOST_HEAD_BYTES = 64 * 1_024
"""Of the request line and all headers together; more is 431."""
MOST_TARGET_BYTES = 32 * 1_024
"""Of path and query; more is 414."""
MOST_HEADERS = 100
MOST_QUEUED = 32
"""Requests that a client may send ahead on a connection; those beyond are dropped and it is closed."""
MOST_UNREAD_BODY = 1 << 20
"""Of a body whose request is answered already: so much is read for the sake of the next request."""
BUFFERED_BODY_BYTES = 256 * 1_024
"""Of a body that nobody has asked for yet; then the connection is not read."""
LINGER_SECONDS = 30.0
LINGER_STALLED_SECONDS = 5.0
"""How long what a client still sends is read and dropped: closing before would lose it the answer."""


def _is_never_exempt(_address: str) -> bool:
    return False


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one client may take of the server; times in seconds."""

    handshake: float = 10.0
    first_byte: float = 10.0
    head: float = 10.0
    body_stalled: float = 30.0
    body: float = 120.0
    idle: float = 60.0
    drain: float = 10.0
    """After the signal to stop, for requests that have begun."""
    connections: int = 16_384
    """Of all addresses together."""
    connections_per_address: int = 512
    is_exempt: Callable[[str], bool] = _is_never_exempt
    """Tells the addresses that may have any number of connections: proxies."""

    def shortest(self) -> float:
        """Return the shortest of the times."""
        return min(self.handshake, self.first_byte, self.head, self.body_stalled, self.body, self.idle)
