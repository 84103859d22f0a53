"""Histories of concurrent calls, and whether some order of the calls explains what they returned.

    assert explained(calls, frozenset(), on_members)

A call takes effect at one moment between its begin and its end. The search is that of Wing and Gong with the
memory of Lowe: it tries to let each call be next that began before any other call ended, and never looks
twice at the same calls done with the same state reached. A call whose outcome is not known may take effect at
any moment behind its begin, or never.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, TypeVar

State = TypeVar("State", bound=Hashable)

NEVER_ENDED = math.inf


class Call(NamedTuple):
    """A call as its caller saw it; `ended` is NEVER_ENDED when its outcome is not known."""

    operation: str
    argument: Any
    result: Any
    began: float
    ended: float


class _Contradicted:
    pass


CONTRADICTED = _Contradicted()
"""What a model returns for a call that cannot have had its result in a state."""


def explained(
    calls: Sequence[Call], initial: State, model: Callable[[State, Call], State | _Contradicted]
) -> bool:
    """Whether an order of the calls, within their times, gives each the result that it had."""
    ordered = sorted(calls, key=lambda call: call.began)
    needed = sum(1 << number for number, call in enumerate(ordered) if call.ended != NEVER_ENDED)
    seen = {(0, initial)}
    waiting = [(0, initial)]
    while waiting:
        done, state = waiting.pop()
        if done & needed == needed:
            return True
        for number in _next(ordered, done):
            after = model(state, ordered[number])
            reached = (done | 1 << number, after)
            if not isinstance(after, _Contradicted) and reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    return False


def _next(ordered: Sequence[Call], done: int) -> list[int]:
    """Return the calls that may be next: none that is left has ended before they began."""
    left: list[int] = []
    first_end = NEVER_ENDED
    for number, call in enumerate(ordered):
        if call.began > first_end:
            break
        if not done >> number & 1:
            left.append(number)
            first_end = min(first_end, call.ended)
    return [number for number in reversed(left) if ordered[number].began <= first_end]


Members = frozenset[str]


def on_members(members: Members, call: Call) -> Members | _Contradicted:
    """A group: add, remove, list, count. An addition that lacks a seat is refused and changes nothing."""
    if call.operation == "add":
        return members if call.result == "refused" else members | {call.argument}
    if call.operation == "remove":
        return members - {call.argument}
    held = len(members) if call.operation == "count" else members
    return members if held == call.result else CONTRADICTED


Names = frozenset[tuple[str, str | None]]
"""Names with the ids of their groups; None is one whose creation was not answered."""


def on_names(names: Names, call: Call) -> Names | _Contradicted:
    """A directory: create (name), delete (id), rename (id, name), list of names; results are statuses.

    A creation that was answered returns (201, id).
    """
    if call.operation == "list":
        return names if frozenset(name for name, _ in names) == call.result else CONTRADICTED
    if call.operation == "create":
        return _created(names, call)
    group_id, name = call.argument if call.operation == "rename" else (call.argument, None)
    mine = {pair for pair in names if pair[1] == group_id}
    others = names - mine
    if not mine:
        return names if call.result in (404, None) else CONTRADICTED
    taken = name is not None and any(name == other for other, _ in others)
    if taken:
        return names if call.result in (409, None) else CONTRADICTED
    if call.result not in (204, None):
        return CONTRADICTED
    return others if name is None else others | {(name, group_id)}


def _created(names: Names, call: Call) -> Names | _Contradicted:
    taken = any(name == call.argument for name, _ in names)
    if call.result == 409:
        return names if taken else CONTRADICTED
    if taken:
        return names if call.result is None else CONTRADICTED
    return names | {(call.argument, call.result and call.result[1])}
