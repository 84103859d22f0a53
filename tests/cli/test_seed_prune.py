"""`guildhall seed --prune`: what the file does not name goes, as far as it may, on both engines."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.utils import strip_ansi

from guildhall.cli.demo import demo_document
from guildhall.cli.exit_codes import ExitCode
from guildhall.model.seeds import MOST_REMOVALS
from tests.cli.conftest import Ended
from tests.cli.databases import contents, run_sql
from tests.cli.prunable import JIRA, PROTECTED, START, groups, members

Seed = Callable[..., Ended]
Report = Callable[..., dict[str, Any]]


@pytest.fixture
def start(seed: Seed) -> None:
    seed(START)


def seats(url: str) -> int:
    sql = "SELECT s.seats_used FROM resource_seats s JOIN resources r ON r.resource_key = s.resource_key"
    return run_sql(url, f"{sql} WHERE r.id = '{JIRA}'")[0][0]


@pytest.mark.usefixtures("start")
def test_groups_that_the_file_does_not_name_go_with_all_they_give(
    seed_report: Report, database_url: str
) -> None:
    done = seed_report("groups: [{name: Team}]", "--prune")
    assert groups(database_url) == {"Team", "crew"} | PROTECTED
    assert ("Team", "bob") in members(database_url)
    assert done["totals"] == {
        "groups updated": 1,
        "groups removed": 2,
        "members removed": 3,
        "roles taken": 3,
    }
    assert done["removals"] == 8
    removed = [change for change in done["changes"] if change["action"] == "removed"]
    assert [change["name"] for change in removed] == ["spare", "guards"]
    assert [(d["field"], d["before"], d["after"]) for d in removed[0]["differences"]] == [
        ("members", "ada", None),
        ("members", "eve", None),
        ("roles", f"atlassian/user on {JIRA}", None),
        ("roles", f"atlassian/viewer on {JIRA}", None),
    ]


@pytest.mark.usefixtures("start")
def test_seats_of_pruned_groups_and_roles_are_freed(seed: Seed, database_url: str) -> None:
    """Ada and Bob have theirs from the team, Ada and Eve from what goes."""
    assert seats(database_url) == 3
    seed("groups: [{name: team}]\nusers: [{accountId: pat}]", "--prune")
    assert seats(database_url) == 2


@pytest.mark.usefixtures("start")
def test_what_the_rules_protect_is_kept_and_told(seed: Seed, seed_report: Report) -> None:
    kept = seed_report("groups: [{name: team}]", "--prune", "--dry-run")["kept"]
    reasons = {item["name"]: item["reason"] for item in kept}
    assert reasons.keys() == PROTECTED
    assert "identity provider" in reasons["synced"]
    assert "TEAM" in reasons["a-team"]
    assert "default access group" in reasons["default"]
    assert "admin access" in reasons["admins"]
    shown = seed("groups: [{name: team}]", "--prune", "--dry-run").out
    assert f"Not pruned, because the rules forbid it: {len(PROTECTED)}" in shown
    assert all(reason in strip_ansi(shown) for reason in reasons.values())


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize(
    "text", ["resources: []", "users: [{accountId: pat}]", "directories: [{name: Staff}]"]
)
def test_a_file_without_groups_prunes_none(seed: Seed, database_url: str, text: str) -> None:
    before = groups(database_url), members(database_url)
    seed(text, "--prune", "--prune-users", "--allow-removals", "--dry-run")
    seed(text, "--prune")
    assert (groups(database_url), members(database_url)) == before


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize("text", ["groups: []", "groups:\n", "directories: [{name: Staff}]\ngroups: []"])
def test_an_empty_list_is_of_the_default_directory(seed: Seed, database_url: str, text: str) -> None:
    seed(text, "--prune")
    assert groups(database_url) == {"crew"} | PROTECTED


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("directories: [{name: Partners}]\ngroups: []", {"team", "spare", "guards"}),
        ("groups: [{name: new, directory: Partners}]", {"team", "spare", "guards", "new"}),
        ("directories: [{name: Partners}]\ngroups: [{name: team}]", {"team"}),
        ("groups: [{name: crew, directory: Partners}, {name: team}]", {"team", "crew"}),
    ],
)
def test_directories_are_those_that_the_file_speaks_of(
    seed: Seed, database_url: str, text: str, left: set[str]
) -> None:
    seed(text, "--prune")
    assert groups(database_url) == left | PROTECTED


@pytest.mark.usefixtures("start")
def test_a_group_named_by_its_id_speaks_of_its_directory(seed: Seed, database_url: str) -> None:
    ((crew,),) = run_sql(database_url, "SELECT id FROM groups WHERE name = 'crew'")
    seed("groups: [{name: more, directory: Partners}]")
    seed(f"groups: [{{id: {str(crew).upper()}, name: ship}}]", "--prune")
    assert groups(database_url) == {"ship", "team", "spare", "guards"} | PROTECTED


@pytest.mark.usefixtures("start")
def test_a_new_group_takes_the_name_of_one_that_goes(seed: Seed, database_url: str) -> None:
    new = "99999999-2222-4333-8444-555555555555"
    text = f"groups: [{{id: {new}, name: spare, members: [bob]}}, {{name: team}}]"
    assert "has a group spare already" in seed(text, code=ExitCode.CONFLICT).err
    seed(text, "--prune")
    assert run_sql(database_url, "SELECT id FROM groups WHERE name = 'spare'") == [(new,)]
    assert ("spare", "bob") in members(database_url)
    assert seed(text, "--prune").out.splitlines()[0].endswith("nothing changed")


@pytest.mark.usefixtures("start")
def test_a_group_that_another_follows_as_the_default_goes(seed: Seed, database_url: str) -> None:
    text = "groups: [{name: next, roles: [{resource: Jira, roles: [viewer], defaultRole: viewer}]}]"
    seed(text, "--prune")
    assert groups(database_url) == {"next", "crew"} | PROTECTED - {"default"}
    before = contents(database_url)
    seed(text, "--prune")
    assert contents(database_url) == before


@pytest.mark.usefixtures("start")
def test_a_prune_done_again_changes_nothing_and_writes_one_event(seed: Seed, database_url: str) -> None:
    text = "users: [{accountId: ada}]\ngroups: [{name: team}]"
    seed(text, "--prune", "--prune-users")
    before = contents(database_url)
    assert seed(text, "--prune", "--prune-users").out.splitlines()[0].endswith("nothing changed")
    assert contents(database_url) == before
    assert run_sql(database_url, "SELECT action FROM events") == [("organization_seeded",)] * 2


def without_ids(report: dict[str, Any]) -> list[Any]:
    """Return the changes; what is created without an id has another one the next time."""
    return [
        {**change, "id": change["id"] if change["action"] != "created" else ""}
        for change in report["changes"]
    ]


@pytest.mark.usefixtures("start")
def test_a_dry_run_of_a_prune_shows_what_is_then_done(seed_report: Report, database_url: str) -> None:
    text = "users: [{accountId: ada}]\ngroups: [{name: team, members: [eve]}, {name: spare2}]"
    before = contents(database_url)
    shown = seed_report(text, "--prune", "--prune-users", "--dry-run")
    assert contents(database_url) == before
    done = seed_report(text, "--prune", "--prune-users")
    assert without_ids(shown) == without_ids(done)
    assert {key: shown[key] for key in ("totals", "removals", "kept")} == {
        key: done[key] for key in ("totals", "removals", "kept")
    }
    assert done["totals"]["groups removed"] == 2


def test_groups_that_go_count_as_removals(seed: Seed, database_url: str) -> None:
    seed(
        "organization: {name: Acme}\ngroups: ["
        + ", ".join(f"{{name: g{n}}}" for n in range(MOST_REMOVALS + 1))
        + "]"
    )
    before = contents(database_url)
    refused = seed("groups: []", "--prune", code=ExitCode.CONFLICT).err
    assert f"groups removed: {MOST_REMOVALS + 1}" in refused
    assert "--allow-removals" in refused
    assert contents(database_url) == before
    seed("groups: [{name: g0}]", "--prune")
    assert groups(database_url) == {"g0"}


def test_all_kinds_of_what_is_pruned_add_up(seed: Seed) -> None:
    """A group, its ten members and its role; ten users and a direct role: one, ten, one, ten, one."""
    people = ", ".join(f"{{accountId: u{n}, name: U, email: u{n}@x.org}}" for n in range(1, 10))
    people += ", {accountId: u0, name: U, email: u0@x.org, roles: [{resource: Jira, roles: [user]}]}"
    everybody = ", ".join(f"u{n}" for n in range(10))
    seed(
        f"organization: {{name: Acme}}\nresources: [{{id: '{JIRA}', name: Jira}}]\nusers: [{people}]\n"
        f"groups: [{{name: all, members: [{everybody}], roles: [{{resource: Jira, roles: [user]}}]}}]"
    )
    refused = seed("users: []\ngroups: []", "--prune", "--prune-users", code=ExitCode.CONFLICT).err
    counts = "groups removed: 1, members removed: 10, roles taken: 2, users removed from directories: 10;"
    assert counts in refused
    assert (
        "users removed from directories: 10"
        in seed("users: []\ngroups: []", "--prune", "--prune-users", "--allow-removals").out
    )


def test_each_organization_of_a_file_is_pruned_by_itself(seed: Seed, database_url: str) -> None:
    both = "organizations: [%s, %s]"
    first = "{organization: {name: One}, groups: [{name: a}, {name: b}]}"
    other = "{organization: {name: Two}, groups: [{name: a}, {name: b}]}"
    seed(both % (first, other))
    ones = """SELECT o.name, g.name FROM groups g JOIN orgs o ON o.org_key = g.org_key ORDER BY 1, 2"""
    seed(both % (first.replace(", {name: b}", ""), "{organization: {name: Two}}"), "--prune")
    assert run_sql(database_url, ones) == [("One", "a"), ("Two", "a"), ("Two", "b")]
    seed("{organization: {name: Two}, groups: []}", "--prune", "--prune-users")
    assert run_sql(database_url, ones) == [("One", "a")]


def exported(guildhall: Callable[..., Ended], url: str) -> str:
    ended = guildhall("export", "--database", url)
    assert ended.code == ExitCode.DONE, ended.err
    return ended.out


@pytest.mark.parametrize("organization", ["demo", "generated", "start"])
def test_a_prune_by_an_export_changes_nothing(
    seed: Seed, guildhall: Callable[..., Ended], database_url: str, organization: str
) -> None:
    if organization == "generated":
        sizes = ("--groups", "60", "--users", "120", "--resources", "8")
        assert guildhall("generate", "--database", database_url, *sizes).code == ExitCode.DONE
    else:
        seed(START if organization == "start" else json.dumps(demo_document()))
    text, before = exported(guildhall, database_url), contents(database_url)
    (report,) = json.loads(seed(text, "--prune", "--prune-users", "--json").out)["organizations"]
    assert (report["changes"], report["kept"]) == ([], [])
    assert contents(database_url) == before


@pytest.mark.usefixtures("start")
def test_a_prune_by_an_export_undoes_what_came_since(
    seed: Seed, guildhall: Callable[..., Ended], database_url: str
) -> None:
    text = exported(guildhall, database_url)
    seed(
        "users: [{accountId: new, name: New, email: new@x.org, roles: [{resource: Jira, roles: [user]}]},"
        " {accountId: bob, roles: [{resource: Jira, roles: [viewer]}]}]\n"
        "groups: [{name: more, members: [new, ada], roles: [{resource: Jira, roles: [viewer]}]},"
        " {name: team, members: [ada, bob, new]}, {name: spare, roles: []}]"
    )
    seed(text, "--prune", "--prune-users")
    again = exported(guildhall, database_url)
    assert [line for line in again.splitlines() if '"new"' not in line] == text.splitlines()


@pytest.mark.usefixtures("start")
def test_a_prune_that_fails_changes_nothing(seed: Seed, database_url: str) -> None:
    before = contents(database_url)
    text = "groups: [{name: team}]\nkeys: [{name: k, hash: x}]"
    seed(text, "--prune", code=ExitCode.REFUSED)
    seed("groups: [{name: team, members: [nobody]}]", "--prune", code=ExitCode.REFUSED)
    assert contents(database_url) == before
