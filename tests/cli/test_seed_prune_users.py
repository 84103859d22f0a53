"""`guildhall seed --prune-users`, and direct roles of users whom the file does not name, on both engines."""

from collections.abc import Callable
from typing import Any

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.operations.seeding import pruning
from tests.cli.conftest import Ended
from tests.cli.databases import contents
from tests.cli.prunable import PROTECTED, START, direct_roles, groups, members, standings

Seed = Callable[..., Ended]
Report = Callable[..., dict[str, Any]]


@pytest.fixture
def start(seed: Seed) -> None:
    seed(START)


@pytest.mark.usefixtures("start")
def test_direct_roles_of_users_whom_the_file_does_not_name_go(
    seed: Seed, seed_report: Report, database_url: str
) -> None:
    """Ada is named without roles, Pat is in a directory that the file does not speak of."""
    before = standings(database_url), members(database_url)
    done = seed_report("users: [{accountId: ada}]", "--prune")
    assert direct_roles(database_url) == [
        ("ada", "atlassian/user"),
        ("ada", "atlassian/viewer"),
        ("oda", "atlassian/org-admin"),
        ("oda", "atlassian/user"),
        ("pat", "atlassian/viewer"),
    ]
    assert done["totals"] == {"users updated": 2, "roles taken": 2}
    assert [(item["id"], "organization admin" in item["reason"]) for item in done["kept"]] == [("oda", True)]
    assert (standings(database_url), members(database_url)) == before


@pytest.mark.usefixtures("start")
def test_users_whom_the_file_does_not_name_leave_its_directories(
    seed: Seed, seed_report: Report, database_url: str
) -> None:
    done = seed_report("users: [{accountId: ada}]", "--prune", "--prune-users")
    assert standings(database_url) == [
        ("ada", "Staff"),
        ("bob", "Partners"),
        ("oda", "Staff"),
        ("pat", "Partners"),
        ("syd", "Staff"),
    ]
    assert not {"bob", "eve"} & {user for group, user in members(database_url) if group != "crew"}
    assert ("crew", "bob") in members(database_url)
    assert done["totals"] == {
        "users updated": 3,
        "users removed from directories": 2,
        "members removed": 4,
        "roles taken": 2,
    }
    assert {item["id"]: item["reason"].split(":")[0] for item in done["kept"]} == {
        "oda": "The user is an organization admin",
        "syd": done["kept"][0]["reason"],
    }
    assert "identity provider" in done["kept"][0]["reason"]
    (eve,) = [change for change in done["changes"] if change["id"] == "eve"]
    assert [(d["field"], d["after"]) for d in eve["differences"]] == [
        ("directories", None),
        *[("groups", None)] * 3,
        ("roles", None),
    ]


@pytest.mark.usefixtures("start")
def test_who_is_a_member_in_the_file_is_named(seed: Seed, database_url: str) -> None:
    text = "users: [{accountId: ada}]\ngroups: [{name: team, members: [ada, EVE@example.com]}]"
    seed(text, "--prune", "--prune-users")
    assert ("eve", "Staff") in standings(database_url)
    assert ("eve", "atlassian/user") in direct_roles(database_url)
    assert ("bob", "Staff") not in standings(database_url)
    before = contents(database_url)
    seed(text, "--prune", "--prune-users")
    assert contents(database_url) == before


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("users: []", {"oda", "pat", "syd", "bob"}),
        ("directories: [{name: Partners}]\nusers: []", {"ada", "bob", "eve", "oda", "syd"}),
        ("users: [{accountId: bob, directories: [Partners]}]", {"ada", "bob", "eve", "oda", "syd"}),
        ("groups: []", {"ada", "bob", "eve", "oda", "pat", "syd"}),
    ],
)
def test_users_leave_the_directories_that_the_file_speaks_of(
    seed: Seed, database_url: str, text: str, left: set[str]
) -> None:
    seed(text, "--prune", "--prune-users")
    assert {user for user, _ in standings(database_url)} == left


def test_users_are_pruned_with_the_rest_only(seed: Seed, database_url: str) -> None:
    refused = seed("organization: {name: Acme}", "--prune-users", code=ExitCode.USAGE)
    assert "--prune-users goes with --prune" in refused.err


@pytest.mark.usefixtures("start")
def test_a_prune_in_small_pieces_is_the_same(
    seed: Seed, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many groups and users are looked at in one statement."""
    monkeypatch.setattr(pruning, "_AT_ONCE", 1)
    text = "users: [{accountId: ada}]\ngroups: [{name: team}, {name: crew, directory: Partners}]"
    seed(text, "--prune", "--prune-users")
    assert groups(database_url) == {"team", "crew"} | PROTECTED
    assert {user for user, _ in standings(database_url)} == {"ada", "bob", "oda", "pat", "syd"}
