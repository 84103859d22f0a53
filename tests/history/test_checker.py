"""The checker of histories finds what cannot have happened, and lets through what can."""

import pytest

from tests.history.histories import NEVER_ENDED, Call, explained, on_members, on_names


def members(*calls):
    return explained([Call(*call) for call in calls], frozenset(), on_members)


def names(*calls):
    return explained([Call(*call) for call in calls], frozenset(), on_names)


A, AB = frozenset("a"), frozenset("ab")
NONE = frozenset()


@pytest.mark.parametrize(
    "calls",
    [
        [("add", "a", 204, 0, 1), ("list", None, A, 2, 3)],
        [("add", "a", 204, 0, 5), ("list", None, NONE, 1, 2), ("list", None, A, 3, 4)],
        [("add", "a", 204, 0, 5), ("remove", "a", 204, 1, 6), ("list", None, A, 7, 8)],
        [("add", "a", 204, 0, 5), ("add", "b", 204, 0, 5), ("list", None, frozenset("b"), 2, 3)],
        [("add", "a", None, 0, NEVER_ENDED), ("list", None, NONE, 1, 2), ("list", None, A, 3, 4)],
        [("add", "a", None, 0, NEVER_ENDED), ("list", None, NONE, 1, 2)],
        [("add", "a", "refused", 0, 1), ("count", None, 0, 2, 3)],
        [("add", "a", 204, 0, 1), ("add", "a", 204, 2, 3), ("count", None, 1, 4, 5)],
    ],
)
def test_what_can_have_happened_to_members(calls):
    assert members(*calls)


@pytest.mark.parametrize(
    "calls",
    [
        # A stale read, after the change was confirmed.
        [("add", "a", 204, 0, 1), ("list", None, NONE, 2, 3)],
        [("add", "a", 204, 0, 1), ("remove", "a", 204, 2, 3), ("count", None, 1, 4, 5)],
        # What was there is gone, though nobody removed it.
        [("add", "a", 204, 0, 9), ("list", None, A, 1, 2), ("list", None, NONE, 3, 4)],
        # Two readers see two changes in two orders.
        [
            ("add", "a", 204, 0, 9),
            ("add", "b", 204, 0, 9),
            ("list", None, A, 1, 2),
            ("list", None, frozenset("b"), 3, 4),
        ],
        # An unknown outcome shows, and then never happened.
        [("add", "a", None, 0, NEVER_ENDED), ("list", None, A, 1, 2), ("list", None, NONE, 3, 4)],
        # It happened before it was asked for.
        [("list", None, A, 0, 1), ("add", "a", None, 2, NEVER_ENDED)],
        # A refused addition happened all the same.
        [("add", "a", "refused", 0, 1), ("list", None, A, 2, 3)],
        # A lost write.
        [("add", "a", 204, 0, 5), ("add", "b", 204, 0, 5), ("count", None, 1, 6, 7)],
    ],
)
def test_what_cannot_have_happened_to_members(calls):
    assert not members(*calls)


@pytest.mark.parametrize(
    "calls",
    [
        [("create", "n", (201, 1), 0, 5), ("create", "n", 409, 1, 4), ("list", None, frozenset("n"), 6, 7)],
        [("create", "n", (201, 1), 0, 1), ("rename", (1, "m"), 204, 2, 3), ("create", "n", (201, 2), 4, 5)],
        [
            ("create", "n", None, 0, NEVER_ENDED),
            ("create", "n", 409, 1, 2),
            ("list", None, frozenset("n"), 3, 4),
        ],
        [("create", "n", (201, 1), 0, 1), ("delete", 1, 204, 2, 5), ("rename", (1, "m"), 404, 3, 4)],
    ],
)
def test_what_can_have_happened_to_names(calls):
    assert names(*calls)


@pytest.mark.parametrize(
    "calls",
    [
        [("create", "n", (201, 1), 0, 5), ("create", "n", (201, 2), 1, 4)],
        [("create", "n", 409, 0, 1)],
        [("create", "n", (201, 1), 0, 1), ("delete", 1, 204, 2, 3), ("delete", 1, 204, 2, 3)],
        [("create", "n", (201, 1), 0, 1), ("create", "m", (201, 2), 0, 1), ("rename", (1, "m"), 204, 2, 3)],
        [
            ("create", "n", (201, 1), 0, 1),
            ("rename", (1, "m"), 204, 2, 3),
            ("list", None, frozenset("n"), 4, 5),
        ],
        [("create", "n", (201, 1), 0, 1), ("list", None, frozenset(), 2, 3)],
    ],
)
def test_what_cannot_have_happened_to_names(calls):
    assert not names(*calls)
