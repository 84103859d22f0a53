"""`guildhall seed`: what a file takes away is shown, counted, and asked for (ADR 28)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.model.seeds import MOST_REMOVALS
from tests.cli.conftest import Ended
from tests.cli.databases import contents, run_sql

Seed = Callable[..., Ended]

JIRA = "ari:cloud:jira::site/1"
COUNT = MOST_REMOVALS + 2


@pytest.fixture
def many(seed: Seed) -> None:
    """A group of more members than are removed without asking, with a role."""
    people = ", ".join(f"{{accountId: u{n}, name: U, email: u{n}@x.org}}" for n in range(COUNT))
    seed(
        f"organization: {{name: Acme}}\nresources: [{{id: '{JIRA}', name: Jira}}]\nusers: [{people}]\n"
        f"groups: [{{name: all, members: [{', '.join(f'u{n}' for n in range(COUNT))}],"
        " roles: [{resource: Jira, roles: [user]}]}]"
    )


def differences(seed: Seed, text: str, *options: str) -> dict[str, list[dict[str, Any]]]:
    (report,) = json.loads(seed(text, "--json", *options).out)["organizations"]
    return {change["name"]: change["differences"] for change in report["changes"]}


@pytest.mark.usefixtures("many")
def test_more_than_a_few_removals_have_to_be_allowed(seed: Seed, database_url: str) -> None:
    text = "groups: [{name: all, members: [u0]}]"
    before = contents(database_url)
    refused = seed(text, code=ExitCode.CONFLICT).err
    assert f"members removed: {COUNT - 1}" in refused
    assert "--allow-removals" in refused
    assert contents(database_url) == before
    assert f"members removed: {COUNT - 1}" in seed(text, "--allow-removals").out
    assert run_sql(database_url, "SELECT count(*) FROM memberships") == [(1,)]


@pytest.mark.usefixtures("many")
def test_a_few_removals_need_no_permission(seed: Seed) -> None:
    left = ", ".join(f"u{n}" for n in range(MOST_REMOVALS, COUNT))
    assert f"members removed: {MOST_REMOVALS}" in seed(f"groups: [{{name: all, members: [{left}]}}]").out


@pytest.mark.usefixtures("many")
def test_removals_of_every_kind_add_up(seed: Seed) -> None:
    """Who leaves a directory leaves its groups; a role that a group holds no more counts as well."""
    leaving = ", ".join(f"{{accountId: u{n}, directories: []}}" for n in range(10))
    text = f"users: [{leaving}]\ngroups: [{{name: all, roles: []}}]"
    refused = seed(text, code=ExitCode.CONFLICT).err
    for counted in ("members removed: 10", "roles taken: 1", "users removed from directories: 10"):
        assert counted in refused


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("answer", "code"), [("y\n", ExitCode.DONE), ("n\n", ExitCode.INTERRUPTED)])
def test_a_terminal_is_asked(
    seed: Seed, database_url: str, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr("guildhall.cli.seed.is_asked", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer.strip())
    before = contents(database_url)
    seed("groups: [{name: all, members: []}]", code=code)
    assert (contents(database_url) == before) == (code != ExitCode.DONE)


@pytest.mark.usefixtures("many")
def test_a_dry_run_shows_everything_and_changes_nothing(seed: Seed, database_url: str) -> None:
    text = """
users: [{accountId: u0, name: Uma, jobTitle: Chief}, {accountId: new, name: New, email: new@x.org}]
groups:
- {name: all, description: All of us, members: [new], roles: [{resource: Jira, roles: [admin]}]}
- {name: more, members: [u1, u2], roles: [{resource: Jira, roles: [viewer], defaultRole: viewer}]}
"""
    before = contents(database_url)
    shown = differences(seed, text, "--dry-run")
    assert contents(database_url) == before
    assert shown["Uma"] == [
        {"field": "name", "before": "U", "after": "Uma"},
        {"field": "jobTitle", "before": None, "after": "Chief"},
    ]
    assert shown["New"] == []
    gone = [d["before"] for d in shown["all"] if d["field"] == "members" and d["after"] is None]
    assert sorted(gone) == sorted(f"u{n}" for n in range(COUNT))
    others = [d for d in shown["all"] if d["before"] not in gone]
    assert others == [
        {"field": "description", "before": None, "after": "All of us"},
        {"field": "members", "before": None, "after": "new"},
        {"field": "roles", "before": f"atlassian/user on {JIRA}", "after": None},
        {"field": "roles", "before": None, "after": f"atlassian/admin on {JIRA}"},
    ]
    assert [d["after"] for d in shown["more"]] == [
        *("u1", "u2", f"atlassian/viewer on {JIRA}", f"atlassian/viewer on {JIRA}")
    ]
    assert differences(seed, text, "--allow-removals") == shown


@pytest.mark.usefixtures("many")
def test_a_dry_run_reads_well(seed: Seed) -> None:
    out = seed("groups: [{name: all, description: Us, members: [u0]}]", "--dry-run").out
    assert "Nothing was changed: this was a dry run." in out
    assert "  description: - -> Us" in out
    assert "  - members: u1" in out


def test_a_dry_run_makes_no_database(seed: Seed, tmp_path: Path, guildhall: Any) -> None:
    path = tmp_path / "seed.yaml"
    path.write_text("organization: {name: Acme}")
    ended = guildhall("seed", str(path), "--dry-run", "--database", str(tmp_path / "new.db"))
    assert ended.code != ExitCode.DONE
    assert not (tmp_path / "new.db").exists()
