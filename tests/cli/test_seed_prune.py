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

Seed = Callable[..., Ended]

JIRA = "ari:cloud:jira::site/1"
CORE = "ari:cloud:jira-core::site/1"
START = f"""
organization: {{name: Acme}}
directories: [{{name: Staff}}, {{name: Partners}}]
resources: [{{id: "{JIRA}", name: Jira, userLimit: 9}}, {{id: "{CORE}", name: Core}}]
users:
- {{name: Ada, accountId: ada, email: ada@example.com, roles: [{{resource: Jira, roles: [user, viewer]}}]}}
- {{name: Bob, accountId: bob, email: bob@example.com, directories: [Staff, Partners]}}
- {{name: Eve, accountId: eve, email: eve@example.com, roles: [{{resource: Jira, roles: [user]}}]}}
- {{name: Pat, accountId: pat, email: pat@example.com, directories: [Partners],
   roles: [{{resource: Jira, roles: [viewer]}}]}}
- {{name: Syd, accountId: syd, email: syd@example.com, roles: [{{resource: Jira, roles: [viewer]}}],
   directories: [{{directory: Staff, managementSource: synced}}]}}
- {{name: Oda, accountId: oda, email: oda@example.com, roles: [{{resource: Core, roles: [org-admin, user]}}]}}
groups:
- {{name: team, members: [ada, bob], roles: [{{resource: Jira, roles: [user]}}]}}
- {{name: spare, members: [ada, eve], roles: [{{resource: Jira, roles: [user, viewer]}}]}}
- {{name: guards, members: [eve], roles: [{{resource: Jira, roles: [user-access-admin]}}]}}
- {{name: crew, directory: Partners, members: [pat, bob]}}
- {{name: synced, synced: true, members: [ada]}}
- {{name: a-team, type: TEAM, members: [ada]}}
- {{name: default, members: [eve], roles: [{{resource: Jira, roles: [viewer], defaultRole: viewer}}]}}
- {{name: admins, members: [ada], roles: [{{resource: Jira, roles: [admin]}}]}}
"""
PROTECTED = {"synced", "a-team", "default", "admins"}


@pytest.fixture
def start(seed: Seed) -> None:
    seed(START)


@pytest.fixture
def report(seed: Seed) -> Callable[..., dict[str, Any]]:
    """Seed a text and return the report of its one organization."""

    def call(text: str, *options: str) -> dict[str, Any]:
        (found,) = json.loads(seed(text, "--json", *options).out)["organizations"]
        return found

    return call


def groups(url: str) -> set[str]:
    return {name for (name,) in run_sql(url, "SELECT name FROM groups")}


def members(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT g.name, u.account_id FROM memberships m JOIN groups g ON g.group_key = m.group_key
             JOIN users u ON u.user_key = m.user_key ORDER BY 1, 2"""
    return run_sql(url, sql)


def standings(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT m.account_id, d.name FROM directory_users m
             JOIN directories d ON d.directory_key = m.directory_key ORDER BY 1, 2"""
    return run_sql(url, sql)


def direct_roles(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT u.account_id, r.id FROM user_roles h JOIN users u ON u.user_key = h.user_key
             JOIN roles r ON r.role_key = h.role_key ORDER BY 1, 2"""
    return run_sql(url, sql)


def seats(url: str) -> int:
    sql = "SELECT s.seats_used FROM resource_seats s JOIN resources r ON r.resource_key = s.resource_key"
    return run_sql(url, f"{sql} WHERE r.id = '{JIRA}'")[0][0]


@pytest.mark.usefixtures("start")
def test_groups_that_the_file_does_not_name_go_with_all_they_give(report: Any, database_url: str) -> None:
    done = report("groups: [{name: Team}]", "--prune")
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
def test_what_the_rules_protect_is_kept_and_told(seed: Seed, report: Any) -> None:
    kept = report("groups: [{name: team}]", "--prune", "--dry-run")["kept"]
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
def test_direct_roles_of_users_whom_the_file_does_not_name_go(
    seed: Seed, report: Any, database_url: str
) -> None:
    """Ada is named without roles, Pat is in a directory that the file does not speak of."""
    before = standings(database_url), members(database_url)
    done = report("users: [{accountId: ada}]", "--prune")
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
    seed: Seed, report: Any, database_url: str
) -> None:
    done = report("users: [{accountId: ada}]", "--prune", "--prune-users")
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


@pytest.mark.usefixtures("start")
def test_a_prune_done_again_changes_nothing_and_writes_one_event(seed: Seed, database_url: str) -> None:
    text = "users: [{accountId: ada}]\ngroups: [{name: team}]"
    seed(text, "--prune", "--prune-users")
    before = contents(database_url)
    assert seed(text, "--prune", "--prune-users").out.splitlines()[0].endswith("nothing changed")
    assert contents(database_url) == before
    assert run_sql(database_url, "SELECT action FROM events") == [("organization_seeded",)] * 2


def without_ids(report: dict[str, Any]) -> list[Any]:
    return [
        {**change, "id": change["id"] if change["action"] != "created" else ""}
        for change in report["changes"]
    ]


@pytest.mark.usefixtures("start")
def test_a_dry_run_of_a_prune_shows_what_is_then_done(report: Any, database_url: str) -> None:
    text = "users: [{accountId: ada}]\ngroups: [{name: team, members: [eve]}, {name: spare2}]"
    before = contents(database_url)
    shown = report(text, "--prune", "--prune-users", "--dry-run")
    assert contents(database_url) == before
    done = report(text, "--prune", "--prune-users")
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


def test_users_are_pruned_with_the_rest_only(seed: Seed, database_url: str) -> None:
    refused = seed("organization: {name: Acme}", "--prune-users", code=ExitCode.USAGE)
    assert "--prune-users goes with --prune" in refused.err


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
