"""What is said to a server for one call, without any input or output.

A conversation is a generator: it yields a `Request` to send or a `Pause` to sleep, is given the
outcome, and returns the decoded answer. The senders carry it out, waiting or awaiting, and so there
is one place for retries, for errors, and for looking up what the client was not told.
"""

import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import msgspec

from guildhall.client.addresses import Address
from guildhall.client.answers import page, problem
from guildhall.client.calls import V2, Answer, Call, Known, encode_path, encode_query
from guildhall.client.errors import (
    ConnectionFailed,
    ErrorAnswer,
    InvalidArgument,
    NotListedYet,
    RateLimited,
    UnexpectedAnswer,
)
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.retries import Attempts, RetryPolicy, hinted_delay

T = TypeVar("T")


POSITION = "guildhall-position"
"""The header that says what an answer has seen; sent back, no later answer shows less."""

LATEST = "f" * 16
"""A position that no answer has: who sends it is shown everything."""


class Request(msgspec.Struct, frozen=True):
    """What goes over the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None


class Pause(msgspec.Struct, frozen=True):
    """A wait before the next attempt."""

    seconds: float


Outcome = Answer | ConnectionFailed
Conversation = Generator[Request | Pause, Any, T]


class Session(msgspec.Struct, kw_only=True):
    """What a client knows: where the server is, its key, and the ids that need not be said each time."""

    address: Address
    key: str
    agent: str
    known: dict[Known, str]
    policy: RetryPolicy
    clock: Callable[[], float] = time.monotonic
    position: str = ""
    """What was seen so far; the empty text is nothing."""
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)

    def __repr__(self) -> str:
        return f"Session({self.address.root})"

    def note(self, request: Request, answer: Answer) -> None:
        """Keep the position of an answer: the greatest of those that come beside each other.

        An answer has seen what was sent, so it counts even if it is less: a restored server begins again.
        """
        seen = answer.headers.get(POSITION, "")
        with self.lock:
            if seen > self.position or (seen and self.position == request.headers.get(POSITION)):
                self.position = seen


class _FirstOrganization(msgspec.Struct, frozen=True):
    id: str


class _FirstDirectory(Record, frozen=True):
    directory_id: str


def converse(session: Session, call: Call[T]) -> Conversation[T]:
    """Hold the whole of a call: prepare, send until the answer is final, read."""
    request = yield from prepare(session, call)
    attempts = Attempts(session.policy, idempotent=call.idempotent, clock=session.clock)
    answer = yield from _exchange(session, request, attempts)
    if answer.status < 300:
        completing = call.completion(answer) if call.completion is not None else None
        return call.decode(answer) if completing is None else (yield from _complete(session, completing))
    error = problem(answer)
    if attempts.interrupted and isinstance(error, ErrorAnswer) and error.code in call.settled_by:
        return call.decode(answer)
    if isinstance(error, RateLimited):
        error.retry_after = hinted_delay(answer)
    raise error


def _complete(session: Session, call: "Call[T | None]") -> Conversation[T]:
    """Look until what was just made is found: some servers list it a moment later."""
    attempts = Attempts(session.policy, idempotent=True, clock=session.clock)
    while True:
        found = yield from converse(session, call)
        if found is not None:
            return found
        delay = attempts.after_absence()
        if delay is None:
            raise NotListedYet("the server answered with success, but what was made cannot be found yet")
        yield Pause(delay)


def _exchange(session: Session, request: Request, attempts: Attempts) -> Conversation[Answer]:
    while True:
        outcome = yield request
        if isinstance(outcome, Answer):
            session.note(request, outcome)
            delay = attempts.after_answer(outcome)
            if delay is None:
                return outcome
        else:
            delay = attempts.after_failure(outcome)
            if delay is None:
                raise outcome
        yield Pause(delay)


def prepare(session: Session, call: Call[Any]) -> Conversation[Request]:
    """Make the request of a call, after looking up the ids that its path leaves open."""
    known: dict[Known, str] = {}
    for segment in call.path:
        if isinstance(segment, Known):
            known[segment] = yield from _look_up(session, segment)
    try:
        query = encode_query(call.query)
        url = session.address.url(encode_path(call.path, known)) + (f"?{query}" if query else "")
        return Request(call.method, url, _headers(session, call), _content(call))
    except UnicodeEncodeError as error:
        # Bytes of an argument that are not UTF-8 come in as lone surrogates.
        text = ascii(error.object)
        raise InvalidArgument(f"{text} holds what is not Unicode text and cannot be sent") from error


def _headers(session: Session, call: Call[Any]) -> dict[str, str]:
    headers = {
        "authorization": f"Bearer {session.key}",
        "accept": "application/json",
        "user-agent": session.agent,
    }
    if session.position:
        headers[POSITION] = session.position
    if call.body is not None:
        headers["content-type"] = "application/json"
    return {**headers, **call.headers}


def _content(call: Call[Any]) -> bytes | None:
    if call.body is None or isinstance(call.body, bytes):
        return call.body
    return msgspec.json.encode(call.body)


def _look_up(session: Session, segment: Known) -> Conversation[str]:
    if segment not in session.known:
        call = _FIRST_ORGANIZATION if segment is Known.ORGANIZATION else _FIRST_DIRECTORY
        session.known[segment] = yield from converse(session, call)
    return session.known[segment]


def _first_organization(answer: Answer) -> str:
    found: Page[_FirstOrganization] = page(_FirstOrganization)(answer)
    if not found.data:
        raise UnexpectedAnswer("the key leads to no organization; name one")
    return found.data[0].id


def _first_directory(answer: Answer) -> str:
    found: Page[_FirstDirectory] = page(_FirstDirectory)(answer)
    if not found.data:
        raise UnexpectedAnswer("the organization has no directory; name one")
    return found.data[0].directory_id


_FIRST_ORGANIZATION = Call(method="GET", path=("admin", "v1", "orgs"), decode=_first_organization)
_FIRST_DIRECTORY = Call(method="GET", path=(*V2, "directories"), query={"limit": 1}, decode=_first_directory)
