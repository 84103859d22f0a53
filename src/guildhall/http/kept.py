"""Answers that were given, to give again while nothing that they show has changed (ADR 14).

Only a success of an operation that reads is kept, by all that decides it: who asks, what for, and the bytes
of the question. `Freshness` tells whether it still holds; what does not is made anew, whatever is kept.
"""

import hashlib
import random
from array import array
from collections.abc import Sequence

import msgspec

from guildhall.http.exchange import Exchange
from guildhall.http.response import Header, Response
from guildhall.http.routing import Route
from guildhall.store.freshness import Freshness

MOST_BYTES = 116 << 20
"""What is kept at most, by the estimate below."""

MOST_BYTES_OF_ONE = 1 << 20
"""Larger answers are rare and cost most to keep."""

_KEY_BYTES = 16
_OVERHEAD = 700
"""Bytes that the interpreter needs for an answer beside its body."""

_OVERHEAD_OF_GROUP = 8
_PIECE_BYTES = 4_000
"""Bodies are kept in pieces: those that go leave places of one size, which those that come can take."""


_COMPARED = 5
"""Answers that are drawn to let one of them go."""


class KeptAnswer(msgspec.Struct, gc=False):
    """An answer, and the moment that it is of. All of it is of kinds that a garbage collection passes by."""

    moment: int
    route: Route
    status: int
    headers: tuple[Header, ...]
    pieces: tuple[bytes, ...]
    """The body."""
    groups: bytes | None
    """See `Response.groups`; eight bytes of each."""
    size: int
    """Bytes of memory, about."""
    place: int
    """Where its key stands in the list of keys."""
    used: int
    """When it was given last, in uses of any."""


class Repeated(Response, kw_only=True):
    """An answer that is given again."""

    route: Route
    sent: tuple[Header, ...]

    def encoded_headers(self) -> Sequence[Header]:
        """Return the headers as they were sent before."""
        return self.sent


class KeptAnswers:
    """Answers by key; when there are too many, of a few drawn at random the one not given for longest goes.

    Who walks through more than can be kept comes back to each page as late as can be: to let the oldest of
    all go, each time, would be to let go just what comes next.
    """

    def __init__(self, freshness: Freshness, most_bytes: int = MOST_BYTES) -> None:
        self._freshness = freshness
        self._most_bytes = most_bytes
        self._answers: dict[bytes, KeptAnswer] = {}
        self._keys: list[bytes] = []
        self._bytes = 0
        self._uses = 0
        self._chance = random.Random(0)  # noqa: S311 -- it keeps no secret

    def moment(self) -> int | None:
        """Return the moment of now, or None while nothing can be given or kept."""
        return self._freshness.moment()

    def find(self, key: bytes) -> Repeated | None:
        """Return a kept answer that holds now."""
        kept = self._answers.get(key)
        if kept is None or self.moment() is None:
            return None
        groups = None if kept.groups is None else memoryview(kept.groups).cast("q")
        if not self._freshness.holds(kept.moment, groups):
            self._drop(kept)
            return None
        self._uses = kept.used = self._uses + 1
        return Repeated(kept.status, b"".join(kept.pieces), route=kept.route, sent=kept.headers)

    def keep(self, key: bytes, moment: int, route: Route, response: Response) -> None:
        """Keep an answer that was made between two calls of `moment` that returned the same."""
        body, groups = response.body, response.groups
        if len(body) > MOST_BYTES_OF_ONE or response.stream is not None:
            return
        if key in self._answers:
            self._drop(self._answers[key])
        starts = range(0, len(body), _PIECE_BYTES)
        size = len(body) + len(groups or ()) * _OVERHEAD_OF_GROUP + _OVERHEAD
        self._answers[key] = KeptAnswer(
            moment=moment,
            route=route,
            status=response.status,
            headers=tuple(response.encoded_headers()),
            pieces=tuple([body[start : start + _PIECE_BYTES] for start in starts]),
            groups=None if groups is None else array("q", groups).tobytes(),
            size=size,
            place=len(self._keys),
            used=self._uses,
        )
        self._keys.append(key)
        self._bytes += size
        while self._bytes > self._most_bytes:
            self._drop(min([self._draw() for _ in range(_COMPARED)], key=_last_use))

    def _draw(self) -> KeptAnswer:
        # `choice` would take its time to be fair to the last bit.
        return self._answers[self._keys[int(self._chance.random() * len(self._keys))]]

    def _drop(self, kept: KeptAnswer) -> None:
        key, last = self._keys[kept.place], self._keys.pop()
        del self._answers[key]
        self._bytes -= kept.size
        if last != key:
            self._keys[kept.place] = last
            self._answers[last].place = kept.place


def _last_use(kept: KeptAnswer) -> int:
    return kept.used


def key_of(identity: bytes, exchange: Exchange) -> bytes:
    """Return what an answer is kept by, of everything that decides it: who asks, and what is asked."""
    # No part holds a NUL but the identity, always as many, and the body. Without one, no media type is read.
    method = "GET" if exchange.method == "HEAD" else exchange.method
    asked = f"\0{method}\0{exchange.path}\0"
    media_type = (exchange.header(b"content-type") or "") if exchange.body else ""
    question = (identity, asked.encode(), exchange.query, b"\0", media_type.encode(), b"\0", exchange.body)
    return hashlib.blake2b(b"".join(question), digest_size=_KEY_BYTES).digest()
