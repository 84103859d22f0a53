"""When to try again, and how long to wait before: decisions only, nobody sleeps here."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from guildhall.client.calls import Answer
from guildhall.client.errors import ConnectionFailed

TOO_MANY_REQUESTS = 429
TRANSIENT = frozenset({502, 503, 504})


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how long a call is tried; the times are in seconds."""

    attempts: int = 5
    total_time: float = 60.0
    first_delay: float = 0.25
    longest_delay: float = 10.0


NO_RETRIES = RetryPolicy(attempts=1)


class Attempts:
    """The attempts of one call; `interrupted` once the server may have done it without our knowing."""

    def __init__(self, policy: RetryPolicy, *, idempotent: bool, clock: Callable[[], float]) -> None:
        self.interrupted = False
        self._policy = policy
        self._idempotent = idempotent
        self._clock = clock
        self._deadline = clock() + policy.total_time
        self._made = 0

    def after_answer(self, answer: Answer) -> float | None:
        """Seconds to wait before the next attempt, None if the answer is final.

        A request over the rate limit was not carried out, so that every operation may be repeated;
        a server that is not available may have carried it out.
        """
        if answer.status in TRANSIENT:
            self.interrupted = True
            return self._delay(hinted_delay(answer)) if self._idempotent else None
        return self._delay(hinted_delay(answer)) if answer.status == TOO_MANY_REQUESTS else None

    def after_failure(self, failure: ConnectionFailed) -> float | None:
        """Seconds to wait before the next attempt, None to give up."""
        self.interrupted = self.interrupted or failure.maybe_done
        return self._delay(None) if self._idempotent or not failure.maybe_done else None

    def after_absence(self) -> float | None:
        """Seconds to wait before what was just made is looked for again, None to give up."""
        return self._delay(None)

    def _delay(self, hinted: float | None) -> float | None:
        self._made += 1
        backoff = min(self._policy.first_delay * 2 ** (self._made - 1), self._policy.longest_delay)
        # Spread out, or every client that was turned away would be back at the same moment.
        spread = random.uniform(0, backoff / 2)  # noqa: S311 - nothing secret
        delay = backoff / 2 + spread if hinted is None else hinted + spread
        too_late = self._clock() + delay > self._deadline
        return None if too_late or self._made >= self._policy.attempts else delay


def hinted_delay(answer: Answer) -> float | None:
    """Find what the server asks for, in seconds: `Retry-After`, else the reset of the rate limit."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    moment = _http_date(said) or _reset(answer)
    if moment is None:
        return None
    # The server's own clock, where it shows it: ours may be off by more than the wait.
    now = _http_date(answer.headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def _reset(answer: Answer) -> datetime | None:
    remaining = answer.headers.get("x-ratelimit-remaining", "0").strip()
    if answer.status != TOO_MANY_REQUESTS and remaining != "0":
        return None
    try:
        moment = datetime.fromisoformat(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
