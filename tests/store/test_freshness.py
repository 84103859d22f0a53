"""When what was read still holds: commits of this process, of others, under way and failed (ADR 14)."""

import pytest

from guildhall.store import groups, memberships
from guildhall.store.freshness import MOST_GROUPS_REMEMBERED, Alterations, Freshness

ONE, OTHER = 1, 2


class Count:
    commits = 6
    stands = True

    def in_place(self):
        return self.stands


@pytest.fixture
def count():
    return Count()


@pytest.fixture
def freshness(count):
    followed = Freshness(count)
    followed.moment()
    return followed


def counts_of(*group_keys):
    alterations = Alterations()
    alterations.add(memberships.INSERT_MEMBERSHIP, {"group_key": ONE})
    for key in group_keys:
        alterations.add(groups.UPDATE_GROUP_USERS, {"group_key": key})
    return alterations


def renamed():
    alterations = Alterations()
    alterations.add(groups.UPDATE_GROUP, {"group_key": ONE})
    return alterations


def holding(freshness, moment):
    """What of an answer about one group, one about the other, and any other answer holds now."""
    now = freshness.moment()
    return now is not None and [
        freshness.holds(moment, (ONE,)),
        freshness.holds(moment, (OTHER,)),
        freshness.holds(moment, None),
    ]


def test_what_nobody_altered_holds(freshness):
    moment = freshness.moment()
    assert holding(freshness, moment) == [True, True, True]
    with freshness.committing(Alterations()):
        assert holding(freshness, moment) == [True, True, True]


def test_a_commit_that_alters_one_group(freshness):
    before = freshness.moment()
    with freshness.committing(counts_of(ONE)):
        assert holding(freshness, before) == [False, True, False]
        during = freshness.moment()
        # It may have been read on either side of the commit.
        assert holding(freshness, during) == [False, True, False]
    assert holding(freshness, before) == holding(freshness, during) == [False, True, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]


def test_what_began_before_a_commit_and_ended_within_it_is_not_kept_for_long(freshness):
    """Both moments are the same, so it may be kept; the answer about the altered group never holds."""
    begun = freshness.moment()
    with freshness.committing(counts_of(ONE)):
        assert freshness.moment() == begun
        assert holding(freshness, begun) == [False, True, False]
    assert freshness.moment() != begun
    assert holding(freshness, begun) == [False, True, False]


def test_a_commit_that_alters_anything(freshness):
    before = freshness.moment()
    with freshness.committing(renamed()):
        during = freshness.moment()
        assert holding(freshness, during) == [False, False, False]
    assert holding(freshness, before) == holding(freshness, during) == [False, False, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]


def test_a_commit_that_failed_is_settled_by_the_next(freshness):
    before = freshness.moment()
    with pytest.raises(OSError, match="disk"), freshness.committing(counts_of(ONE)):
        raise OSError("disk")
    assert holding(freshness, before) == [False, True, False]
    moment = freshness.moment()
    with freshness.committing(counts_of(OTHER)):
        assert holding(freshness, before) == holding(freshness, moment) == [False, False, False]
    assert holding(freshness, before) == holding(freshness, moment) == [False, False, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]


def test_a_commit_of_another_process(freshness, count):
    before = freshness.moment()
    count.commits += 1
    assert freshness.moment() is None
    count.commits += 1
    assert holding(freshness, before) == [False, False, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]


def test_another_process_that_died_while_committing(freshness, count):
    before = freshness.moment()
    count.commits += 1
    assert freshness.moment() is None
    with freshness.committing(counts_of(ONE)):
        assert holding(freshness, before) == [False, False, False]
    assert count.commits % 2 == 0
    assert holding(freshness, before) == [False, False, False]


def test_another_process_between_two_commits_of_this_one(freshness, count):
    before = freshness.moment()
    with freshness.committing(counts_of(ONE)):
        pass
    count.commits += 2
    with freshness.committing(counts_of(ONE)):
        pass
    assert holding(freshness, before) == [False, False, False]


def test_nobody_reads_for_long(freshness):
    """What is announced meanwhile is not kept for ever."""
    before = freshness.moment()
    for _ in range(3_000):
        with freshness.committing(counts_of(ONE)):
            pass
    assert len(freshness._announced) <= 1_000
    assert holding(freshness, before) == [False, False, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]


def test_a_count_that_is_not_that_of_the_others(freshness, count, monkeypatch):
    before = freshness.moment()
    assert before is not None
    count.commits = 1
    assert freshness.moment() is None
    count.commits = 6
    assert holding(freshness, before) == [True, True, True]
    monkeypatch.setattr("guildhall.store.freshness._SECONDS_BETWEEN_LOOKS", 0)
    count.stands = False
    freshness._look_at = 0
    assert freshness.moment() is None
    count.stands = True
    assert holding(freshness, before) == [False, False, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]
    freshness.close()
    assert freshness.moment() is None


def test_names(freshness, count):
    before = freshness.moment()
    with freshness.committing(counts_of(ONE)):
        pass
    freshness.moment()
    assert freshness.names_hold(before)
    with freshness.committing(renamed()):
        assert freshness.moment() is not None
        assert not freshness.names_hold(before)
        assert not freshness.names_hold(freshness.moment())
    assert freshness.moment() is not None
    assert not freshness.names_hold(before)
    count.commits += 2
    last = freshness.moment()
    assert freshness.names_hold(last)


def test_whom_a_commit_alters_counts_once(freshness, monkeypatch):
    """As many as are remembered are told apart in one commit, read before, within or behind it."""
    monkeypatch.setattr("guildhall.store.altered_users.MOST_REMEMBERED", 3)
    alterations = Alterations()
    alterations.add_many(memberships.INSERT_MEMBERSHIP, [(1, ONE, user_key, 0) for user_key in (5, 6, 7)])
    before = freshness.moment()
    with freshness.committing(alterations):
        during = freshness.moment()
        assert freshness.altered_users(during, ["memberships"]) == {5, 6, 7}
    after = freshness.moment()
    found = [freshness.altered_users(moment, ["memberships"]) for moment in (before, during, after)]
    assert found == [{5, 6, 7}, {5, 6, 7}, set()]


def test_more_groups_than_are_remembered(freshness):
    before = freshness.moment()
    with freshness.committing(counts_of(*range(10, 10 + MOST_GROUPS_REMEMBERED))):
        pass
    assert holding(freshness, before) == [True, True, False]
    with freshness.committing(counts_of(ONE)):
        pass
    assert holding(freshness, before) == [False, False, False]
    assert holding(freshness, freshness.moment()) == [True, True, True]
