"""`guildhall init` and `guildhall keys`, on both engines."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.model.keys import organization_of
from tests.cli.conftest import Ended
from tests.cli.databases import run_sql

Guildhall = Callable[..., Ended]


@pytest.fixture
def on_database(guildhall: Guildhall, database_url: str) -> Guildhall:
    """Run a command on an empty database of its own."""

    def call(*arguments: str) -> Ended:
        return guildhall(*arguments, "--database", database_url)

    return call


def decoded(ended: Ended) -> Any:
    """What a command that succeeded wrote as JSON."""
    assert ended.code == ExitCode.DONE, ended.err
    return json.loads(ended.out)


def test_init_makes_an_organization_and_a_key_without_expiry(on_database: Guildhall) -> None:
    """Contract 1.2: the keys of `init` do not expire; one is shown once and never again."""
    made = decoded(on_database("init", "--name", "Acme", "--json"))
    assert organization_of(made["key"]) == made["orgId"]
    listed = on_database("keys", "list", "--json")
    (key,) = decoded(listed)
    assert (key["scopes"], key["expiresAt"]) == (None, None)
    assert made["key"] not in listed.out


def test_init_refuses_a_database_with_an_organization(on_database: Guildhall) -> None:
    assert on_database("init").code == ExitCode.DONE
    again = on_database("init")
    assert (again.code, again.out) == (ExitCode.CONFLICT, "")
    assert "organization already" in again.err


def test_keys_expire_after_seven_days_unless_told_otherwise(on_database: Guildhall) -> None:
    """Contract 1.2: 7 days, at most 365, or --no-expiry."""
    on_database("init")
    on_database("keys", "create", "short", "--scope", "read:groups:admin", "--rate-limit", "60")
    on_database("keys", "create", "endless", "--no-expiry")
    assert on_database("keys", "create", "long", "--expires-days", "366").code == ExitCode.USAGE
    keys = {key["name"]: key for key in decoded(on_database("keys", "list", "--json"))}
    assert keys["endless"]["expiresAt"] is None
    assert keys["short"]["scopes"] == ["read:groups:admin"]
    assert keys["short"]["rateLimit"] == 60
    assert keys["short"]["expiresAt"] > keys["short"]["createdAt"]
    assert set(keys) == {"first key", "short", "endless"}


def test_keys_say_when_they_expire(on_database: Guildhall, database_url: str) -> None:
    on_database("init")
    short = on_database("keys", "create", "short").out
    assert "It expires at 2" in short
    assert "--expires-days (at most 365) or --no-expiry" in short
    assert "It does not expire." in on_database("keys", "create", "endless", "--no-expiry").out
    on_database("keys", "create", "long", "--expires-days", "30")
    on_database("keys", "create", "past")
    run_sql(database_url, "UPDATE api_keys SET expires_at = 1 WHERE name = 'past'")
    lines = {line.split("\t")[1]: line for line in on_database("keys", "list").out.splitlines()}
    assert "(soon)" in lines["short"]
    assert "(expired)" in lines["past"]
    assert "never" in lines["endless"]
    assert "(" not in lines["long"]
    days = {key["name"]: key["expiresInDays"] for key in decoded(on_database("keys", "list", "--json"))}
    assert (days["short"], days["long"], days["endless"]) == (6, 29, None)
    assert days["past"] < 0


def test_revoked_key_is_gone(on_database: Guildhall) -> None:
    on_database("init")
    made = decoded(on_database("keys", "create", "ci", "--json"))
    assert on_database("keys", "revoke", made["id"]).code == ExitCode.DONE
    assert made["id"] not in on_database("keys", "list").out
    assert on_database("keys", "revoke", made["id"]).code == ExitCode.NOT_FOUND


@pytest.mark.parametrize("arguments", [("list",), ("create", "ci"), ("revoke", "x")])
def test_keys_of_one_of_several_organizations(
    on_database: Guildhall, arguments: tuple[str, ...], tmp_path: Any
) -> None:
    made = decoded(on_database("init", "--name", "Acme", "--json"))
    several = tmp_path / "several.yaml"
    others = "".join(f"- organization: {{name: Other {number}}}\n" for number in range(11))
    several.write_text(f"organizations:\n{others}")
    assert on_database("seed", str(several), "--create-organization").code == ExitCode.DONE
    ended = on_database("keys", *arguments)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert "several organizations; choose one by --org: " in ended.err
    assert ended.err.count("(") == 10
    assert ended.err.endswith(" and 2 more.\n")
    for said in (made["orgId"], "ACME"):
        listed = decoded(on_database("keys", "list", "--org", said, "--json"))
        assert [key["name"] for key in listed] == ["first key"]
    unknown = on_database("keys", "list", "--org", "Acne")
    assert unknown.code == ExitCode.NOT_FOUND
    assert "did you mean 'Acme'?" in unknown.err
    assert made["orgId"] in on_database("export", "--org", "acme").out


def test_mistyped_database_is_not_made(guildhall: Guildhall, tmp_path: Any) -> None:
    path = tmp_path / "mistyped.db"
    ended = guildhall("keys", "list", "--database", str(path))
    assert ended.code == ExitCode.FAILED
    assert "guildhall init" in ended.err
    assert not path.exists()
