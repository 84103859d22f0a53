"""`guildhall export`: what it writes is what `guildhall seed` makes the same of, on both engines."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.operations.maintenance import export as rules
from guildhall.seeds import writing
from tests.cli.conftest import Ended
from tests.rules.sources import ROOT

Guildhall = Callable[..., Ended]


@pytest.fixture
def on(guildhall: Guildhall) -> Guildhall:
    """Run a command that must succeed on a database; return what it wrote."""

    def call(url: str, *arguments: str) -> str:
        ended = guildhall(*arguments, "--database", url)
        assert ended.code == ExitCode.DONE, ended.err
        return ended.out

    return call


def example() -> str:
    text = (ROOT / "docs" / "seed-files.md").read_text()
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def furnished(on: Guildhall, database_url: str, tmp_path: Path) -> str:
    """The URL of a database with the organization of the documentation."""
    (tmp_path / "example.yaml").write_text(example())
    on(database_url, "seed", str(tmp_path / "example.yaml"))
    return database_url


def test_export_seeds_an_empty_database_to_the_byte(on: Guildhall, furnished: str, tmp_path: Path) -> None:
    """The issue: export, seed into an empty database, export again: byte-identical; whatever the engine."""
    exported, other = on(furnished, "export"), str(tmp_path / "other.db")
    (tmp_path / "export.yaml").write_text(exported)
    on(other, "seed", str(tmp_path / "export.yaml"))
    assert on(other, "export") == exported
    assert on(other, "check") == "Nothing is off.\n"
    assert on(furnished, "seed", str(tmp_path / "export.yaml")).endswith("nothing changed\n")


def test_export_is_yaml_and_json(on: Guildhall, furnished: str, tmp_path: Path) -> None:
    exported = on(furnished, "export")
    as_json = json.loads(on(furnished, "export", "--json"))
    by_others = yaml.safe_load(exported)
    assert {section: rows or [] for section, rows in by_others.items()} == as_json
    assert [group["name"] for group in as_json["groups"]] == ["jira-users", "wiki-guests", "analysts"]
    assert as_json["groups"][0]["members"][0].keys() == {"user", "addedAt"}
    (tmp_path / "export.json").write_text(json.dumps(as_json))
    assert on(furnished, "seed", str(tmp_path / "export.json")).endswith("nothing changed\n")


def test_export_holds_no_secret(on: Guildhall, furnished: str) -> None:
    made = json.loads(on(furnished, "keys", "create", "another", "--json"))
    exported = on(furnished, "export")
    assert made["id"] in exported
    assert made["key"] not in exported
    assert "secret" not in exported


def test_export_in_small_pieces_is_the_same(
    on: Guildhall, furnished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is read and written at once: members of several groups, a group in several pieces."""
    exported = on(furnished, "export")
    monkeypatch.setattr(writing, "PIECE", 1)
    for at_once in (1, 2, 3):
        monkeypatch.setattr(rules, "_AT_ONCE", at_once)
        for members_at_once in (1, 2):
            monkeypatch.setattr(rules, "_MEMBERS_AT_ONCE", members_at_once)
            assert on(furnished, "export") == exported


def test_export_of_several_organizations(on: Guildhall, furnished: str, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "organization: {name: Another}\nusers: [{name: Zoë, email: zoe@example.com}]\n"
        "groups: [{name: a, members: [zoe@example.com]}, {name: b}]\n"
    )
    on(furnished, "seed", "--create-organization", str(tmp_path / "more.yaml"))
    exported, other = on(furnished, "export"), str(tmp_path / "other.db")
    (tmp_path / "export.yaml").write_text(exported)
    assert on(other, "seed", str(tmp_path / "export.yaml")).count("organizations created: 1") == 2
    assert on(other, "export") == exported
    organizations = yaml.safe_load(exported)["organizations"]
    as_json = json.loads(on(furnished, "export", "--json"))["organizations"]
    assert [{name: rows or [] for name, rows in org.items()} for org in organizations] == as_json
    org_id = next(org["organization"]["id"] for org in as_json if org["organization"]["name"] == "Another")
    one = yaml.safe_load(on(furnished, "export", "--org", org_id))
    assert one["users"][0]["name"] == "Zoë"


def test_export_escapes_what_yaml_takes_for_ends_of_lines(
    on: Guildhall, database_url: str, tmp_path: Path
) -> None:
    text = "a\u2028b\u2029c\ufeffd\U0001f600 \t\n- {e"
    seed = {"organization": {"name": "X"}, "groups": [{"name": "g", "description": text}]}
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    on(database_url, "seed", str(tmp_path / "seed.json"))
    exported, other = on(database_url, "export"), str(tmp_path / "other.db")
    assert yaml.safe_load(exported)["groups"][0]["description"] == text
    (tmp_path / "export.yaml").write_text(exported)
    on(other, "seed", str(tmp_path / "export.yaml"))
    assert on(other, "export") == exported


def test_output_is_there_when_it_is_whole(
    guildhall: Guildhall, on: Guildhall, furnished: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.yaml"
    on(furnished, "export", "--output", str(path))
    assert path.read_text() == on(furnished, "export")
    path.write_text("before")
    refused = guildhall("export", "--database", furnished, "--output", str(path))
    assert (refused.code, path.read_text()) == (ExitCode.CONFLICT, "before")
    assert "--force" in refused.err

    def broken(*_: Any) -> Any:
        raise Failure("no more", ExitCode.FAILED)

    monkeypatch.setattr(writing, "_json", broken)
    ended = guildhall("export", "--database", furnished, "--output", str(path), "--force")
    assert (ended.code, path.read_text()) == (ExitCode.FAILED, "before")
    assert not list(tmp_path.glob("*.unfinished"))


def test_export_says_what_there_is_not(guildhall: Guildhall, furnished: str, tmp_path: Path) -> None:
    missing = guildhall("export", "--database", str(tmp_path / "missing.db"))
    assert (missing.code, missing.out) == (ExitCode.FAILED, "")
    unknown = guildhall("export", "--database", furnished, "--org", "x")
    assert (unknown.code, unknown.out) == (ExitCode.NOT_FOUND, "")
    assert "Example Ltd" in unknown.err
