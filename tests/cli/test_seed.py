"""`guildhall seed`: what a file makes of a database, on both engines."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.model.keys import hash_key, make_key
from tests.cli.conftest import Ended
from tests.cli.databases import contents, run_sql
from tests.rules.sources import ROOT

Seed = Callable[..., Ended]

ORG = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
JIRA = "ari:cloud:jira::site/1"
START = f"""
organization: {{id: {ORG}, name: Example}}
directories: [{{name: Staff}}, {{name: Partners}}]
resources: [{{id: "{JIRA}", name: Jira, userLimit: 2}}]
users:
- {{name: Ada, email: ada@example.com, accountId: ada}}
- {{name: Bob, email: bob@example.com, accountId: bob, directories: [Staff, Partners]}}
- {{name: Eve, email: eve@example.com, accountId: eve}}
groups:
- name: team
  members: [ada, bob@example.com]
  roles: [{{resource: Jira, roles: [user], defaultRole: user}}]
- name: others
"""


@pytest.fixture
def changes(seed: Seed) -> Callable[[str], list[str]]:
    """Seed a text and return the changes in words."""

    def call(text: str) -> list[str]:
        (report,) = json.loads(seed(text, "--json").out)["organizations"]
        subjects = [
            count for what, count in report["totals"].items() if what.endswith(("created", "updated"))
        ]
        assert sum(subjects) == len(report["changes"])
        return [
            f"{change['action']} {change['type']} {change['name']}: {', '.join(change['changed'])}".rstrip(
                ": "
            )
            for change in report["changes"]
        ]

    return call


def members(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT g.name, u.account_id FROM memberships m JOIN groups g ON g.group_key = m.group_key
             JOIN users u ON u.user_key = m.user_key ORDER BY 1, 2"""
    return run_sql(url, sql)


def seats(url: str) -> int:
    return run_sql(url, "SELECT MAX(seats_used) FROM resource_seats")[0][0]


def test_examples_of_the_documentation(seed: Seed) -> None:
    text = (ROOT / "docs" / "seed-files.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        assert "organizations created: 1" in seed(example, "--create-organization").out
        assert seed(example).out.rstrip().endswith("nothing changed")


def test_seed_creates_then_changes_nothing(seed: Seed, changes: Any, database_url: str) -> None:
    assert changes(START) == [
        "created organizations Example",
        "created directories Staff",
        "created directories Partners",
        "created resources Jira",
        *(f"created users {name}" for name in ("Ada", "Bob", "Eve")),
        *(f"created groups {name}" for name in ("team", "others")),
    ]
    before = contents(database_url)
    assert changes(START) == []
    assert contents(database_url) == before
    assert seats(database_url) == 2
    assert run_sql(database_url, "SELECT action, actor_name FROM events") == [
        ("organization_seeded", "system")
    ]


def test_seed_changes_only_what_differs(changes: Any, database_url: str) -> None:
    changes(START)
    text = START.replace("members: [ada, bob@example.com]", "members: [ada, eve]\n  description: New")
    text = text.replace("name: Ada,", "name: Ada L., jobTitle: Countess, status: suspended,")
    text = text.replace("name: Jira, userLimit: 2", "name: Jira 2, status: offline")
    text = text.replace("name: Staff}", "name: staff, icon: x}")
    text = text.replace("resource: Jira,", "resource: Jira 2,")
    assert changes(text) == [
        "updated directories staff: name, icon",
        "updated resources Jira 2: name, status",
        "updated users Ada L.: name, profile, directories",
        "updated groups team: description, 1 members added, 1 members removed",
    ]
    assert members(database_url) == [("team", "ada"), ("team", "eve")]
    assert seats(database_url) == 1
    assert len(run_sql(database_url, "SELECT * FROM events")) == 2


def test_what_a_file_does_not_say_stays(changes: Any, database_url: str) -> None:
    changes(START)
    assert changes(f"organization: {{id: {ORG}}}\ngroups: [{{name: team, description: x}}]\nusers: []") == [
        "updated groups team: description"
    ]
    assert members(database_url) == [("team", "ada"), ("team", "bob")]
    assert changes("groups: [{name: TEAM, members: [], roles: []}]") == [
        "updated groups TEAM: name, 2 members removed, revoked atlassian/user on ari:cloud:jira::site/1"
    ]
    assert (members(database_url), seats(database_url)) == ([], 0)


def test_leaving_a_directory_leaves_its_groups(changes: Any, database_url: str) -> None:
    changes(START)
    assert changes("users: [{accountId: bob, directories: [Partners]}]") == ["updated users Bob: directories"]
    assert members(database_url) == [("team", "ada")]
    assert seats(database_url) == 1


def test_direct_roles_are_a_whole_list(changes: Any, database_url: str) -> None:
    changes(START)
    text = "users: [{accountId: eve, roles: [{resource: Jira, roles: [%s]}]}]"
    limited = f"resources: [{{id: '{JIRA}', userLimit: 9}}]\n"
    assert changes(limited + text % "admin, viewer")[1:] == [
        f"updated users Eve: assigned atlassian/admin on {JIRA}, assigned atlassian/viewer on {JIRA}"
    ]
    assert seats(database_url) == 3
    assert changes(text % "viewer") == [f"updated users Eve: revoked atlassian/admin on {JIRA}"]
    assert seats(database_url) == 2


def test_one_group_is_the_default_for_a_role(changes: Any, seed: Seed) -> None:
    changes(START)
    others = "{name: others, roles: [{resource: Jira, roles: [user], defaultRole: user}]}"
    assert changes(f"groups: [{others}]") == [
        f"updated groups others: assigned atlassian/user on {JIRA}, default for atlassian/user on {JIRA}"
    ]
    team = "{name: team, roles: [{resource: Jira, roles: [user]}]}"
    assert changes(f"groups: [{team}]") == []
    both = others.replace("others", "team")
    assert "the default already" in seed(f"groups: [{others}, {both}]", code=ExitCode.REFUSED).err


def test_roles_extend_the_catalogue(changes: Any, seed: Seed) -> None:
    role = "roles: [{id: acme/reviewer, displayName: %s, usesSeat: %s, owners: [jira]}]\n"
    held = "groups: [{name: team, roles: [{resource: Jira, roles: [reviewer]}]}]"
    changes(START)
    assert changes(role % ("Reviewer", "true") + held) == [
        "created roles Reviewer",
        f"updated groups team: revoked atlassian/user on {JIRA}, assigned acme/reviewer on {JIRA}",
    ]
    assert changes(role % ("Judge", "true")) == ["updated roles Judge: displayName"]
    assert "roles[0].usesSeat: cannot change" in seed(role % ("Judge", "false"), code=ExitCode.CONFLICT).err
    narrow = "roles: [{id: acme/reviewer, owners: [confluence]}]"
    assert "must include jira" in seed(narrow, code=ExitCode.CONFLICT).err


def test_admin_granting_roles_may_stand_on_a_seeded_group(changes: Any, database_url: str) -> None:
    admins = "{name: admins, members: [ada], roles: [{resource: 'ari:cloud:platform::org/%s', roles: [%s]}]}"
    changes(START + "- " + admins % (ORG, "org-admin"))
    assert run_sql(database_url, "SELECT grants_admin FROM groups WHERE name = 'admins'") == [(2,)]
    assert changes(f"groups: [{admins % (ORG, 'site-admin')}]")
    assert run_sql(database_url, "SELECT grants_admin FROM groups WHERE name = 'admins'") == [(1,)]


@pytest.mark.parametrize("limit", ["", "members: [ada, bob, eve]"])
def test_user_limits_hold_at_the_end(seed: Seed, database_url: str, limit: str) -> None:
    """Bob's seat is free before Eve takes it, though the file names her group first."""
    seed(START)
    others = "{name: others, members: [eve], roles: [{resource: Jira, roles: [admin]}]}"
    text = f"groups:\n- {others}\n- {{name: team, %s}}"
    if not limit:
        seed(text % "members: [ada]")
        assert seats(database_url) == 2
        return
    before = contents(database_url)
    ended = seed(text % limit, code=ExitCode.CONFLICT)
    assert f"the user limit of {JIRA} would be exceeded: 3 seats would be in use, 2 there are" in ended.err
    assert contents(database_url) == before
    named = f"resources: [{{id: '{JIRA}', userLimit: 1}}]\n{text % limit}"
    assert "seed.yaml:1: resources[0].userLimit: the user limit" in seed(named, code=ExitCode.CONFLICT).err


def test_a_limit_below_what_is_in_use_only_stops_further_seats(seed: Seed, database_url: str) -> None:
    lower = f"resources: [{{id: '{JIRA}', userLimit: 1}}]\n"
    seed(START)
    seed(lower + "users: [{accountId: ada, jobTitle: x}]")
    more = "groups: [{name: others, members: [eve], roles: [{resource: Jira, roles: [user]}]}]"
    assert "3 seats would be in use, 1 there are" in seed(more, code=ExitCode.CONFLICT).err
    seed(lower.replace("userLimit", "overLimit: true, userLimit") + more)
    assert seats(database_url) == 3


def test_keys_by_secret_and_by_hash(seed: Seed, changes: Any, guildhall: Any, database_url: str) -> None:
    secret, hashed = make_key(ORG), hash_key(make_key(ORG)).hex()
    text = (
        f"keys: [{{name: one, secret: {secret}}}, {{name: two, hash: {hashed}, scopes: [read:groups:admin]}}]"
    )
    assert changes(START + text) == [*changes_of_start(), "created api-keys one", "created api-keys two"]
    assert changes(text) == []
    assert changes(text.replace("name: two", "name: TWO, rateLimit: 5")) == [
        "updated api-keys TWO: name, rateLimit"
    ]
    keys = json.loads(guildhall("keys", "list", "--database", database_url, "--json").out)
    assert {(key["name"], key["expiresAt"], key["rateLimit"]) for key in keys} == {
        ("one", None, None),
        ("TWO", None, 5),
    }
    wrong = seed(f"keys: [{{name: x, secret: {make_key(OTHER)}}}]", code=ExitCode.REFUSED).err
    example = re.search(r"is (ghk_\w+)", wrong)
    assert example
    seed(f"keys: [{{name: x, secret: {example[1]}}}]")


def changes_of_start() -> list[str]:
    return [
        "created organizations Example",
        *(f"created directories {name}" for name in ("Staff", "Partners")),
        "created resources Jira",
        *(f"created users {name}" for name in ("Ada", "Bob", "Eve")),
        *(f"created groups {name}" for name in ("team", "others")),
    ]


def test_organizations_are_found_by_id_by_name_or_alone(seed: Seed, changes: Any, database_url: str) -> None:
    missing = seed("users: []", code=ExitCode.REFUSED).err
    assert missing == "Error: seed.yaml:1: organization: is required for a new organization.\n"
    changes("organization: {name: One}\nusers: [{name: A, email: a@b.c}]")
    assert changes("groups: [{name: g}]") == ["created groups g"]
    assert changes("organization: {name: ONE}") == ["updated organizations ONE: name"]
    another = seed("organization: {name: Two}", code=ExitCode.REFUSED).err
    assert "seed.yaml:1: organization.name: there is no organization Two" in another
    assert "--create-organization" in another
    assert "did you mean ONE?" in seed("organization: {name: ONEE}", code=ExitCode.REFUSED).err
    missing_id = f"organization: {{id: {OTHER}, name: Two}}"
    assert "organization.id: there is no organization" in seed(missing_id, code=ExitCode.REFUSED).err
    made = seed("organization: {name: Two}", "--create-organization")
    assert "organizations created: 1" in made.out
    several = seed("groups: []", code=ExitCode.CONFLICT).err
    assert "several organizations; set organization.name or organization.id in the file" in several
    assert "or choose one by --org" in several
    assert "ONE (" in several
    two_id = made.out.split()[0]
    assert f"Two ({two_id})" in several
    assert "Two" in seed("groups: [{name: chosen}]", "--org", two_id).out
    assert "Two" in seed("groups: [{name: chosen too}]", "--org", "two").out
    assert "there is no organization" in seed("groups: []", "--org", OTHER, code=ExitCode.REFUSED).err
    one, two = [f"{{organization: {{name: {name}}}, groups: [{{name: x}}]}}" for name in ("One", "Two")]
    both = f"organizations:\n- {one}\n- {two}"
    reports = json.loads(seed(both, "--json").out)["organizations"]
    assert [report["totals"] for report in reports] == [
        {"organizations updated": 1, "groups created": 1},
        {"groups created": 1},
    ]
    before = contents(database_url)
    seed(
        f"organizations:\n- {one.replace('x', 'new')}\n- {two.replace('{name: x}', '{}')}",
        code=ExitCode.REFUSED,
    )
    assert contents(database_url) == before


def test_standard_input_and_list_of_changes(guildhall: Any, database_url: str, monkeypatch: Any) -> None:
    class Stdin:
        buffer = io.BytesIO(START.encode())

    monkeypatch.setattr(sys, "stdin", Stdin)
    ended = guildhall("seed", "-", "--changes", "--database", database_url)
    first, *table = ended.out.splitlines()
    assert first.startswith(f"{ORG}  Example  organizations created: 1, ")
    assert table[0].split("\t") == ["CHANGE", "OF", "ID", "NAME", "WHAT"]
    assert f"created\torganizations\t{ORG}\tExample\t-" in table


def test_a_file_that_cannot_be_read_makes_no_database(guildhall: Any, tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text("users: [")
    ended = guildhall("seed", str(tmp_path / "seed.yaml"), "--database", str(tmp_path / "new.db"))
    assert ended.code == ExitCode.REFUSED
    assert ended.err.startswith("Error: seed.yaml:1: is not well-formed YAML")
    assert not (tmp_path / "new.db").exists()
    missing = guildhall("seed", str(tmp_path / "nowhere.yaml"), "--database", str(tmp_path / "new.db"))
    assert missing.code == ExitCode.USAGE
