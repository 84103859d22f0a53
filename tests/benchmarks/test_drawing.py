"""What the benchmark makes of a dataset: requests, and the statements that they run."""

import msgspec
import pytest

from benchmarks import floors, samples, scenarios
from benchmarks.additions import Stored, require_added
from benchmarks.dataset import ROOT, Dataset, fill, select
from benchmarks.load import LoadFailed, Request


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("dataset") / "guildhall.db")
    made = msgspec.json.decode(fill(1_000, path, ROOT)) | {"path": path, "groups": 1_000}
    return samples.draw(msgspec.convert(made, Dataset))


def test_the_same_question_costs_the_same_again_and_in_other_words(sample):
    for asked in (
        Request("GET", f"{sample.v2('/groups')}?limit=5"),
        Request("POST", sample.v1("/groups/search"), '{"limit": 5}'),
    ):
        first, again, reworded = floors.record(sample.made, [asked, asked, asked.reworded(3)])
        assert first == again == reworded


def test_additions_are_of_people_drawn_at_random_who_are_not_in_the_group(sample):
    groups = scenarios.groups_to_join(sample, 20)

    pairs = [_pair(request) for request in scenarios.additions(sample, groups, 400)]
    others = [_pair(request) for request in scenarios.additions(sample, groups, 400, skip=21)]

    members = """
        SELECT g.id, u.account_id FROM memberships AS m
        JOIN groups AS g ON g.group_key = m.group_key JOIN users AS u ON u.user_key = m.user_key
    """
    assert len(set(pairs) | set(others)) == 800
    assert not (set(pairs) | set(others)) & set(select(sample.made, members))
    keys = dict(select(sample.made, "SELECT account_id, user_key FROM users"))
    of_one = [keys[user] for group, user in pairs if group == groups[0]]
    assert of_one != sorted(of_one)
    assert len({user for _, user in pairs[: len(groups)]}) > len(groups) / 2


def test_an_addition_that_is_not_stored_as_event_and_membership_is_found_out():
    require_added(10, 2, Stored(5, 50), Stored(16, 61))
    for after in (Stored(14, 59), Stored(18, 63), Stored(16, 60)):
        with pytest.raises(LoadFailed):
            require_added(10, 2, Stored(5, 50), after)


def _pair(request):
    return request.path.split("/")[-2], msgspec.json.decode(request.body)["accountId"]
