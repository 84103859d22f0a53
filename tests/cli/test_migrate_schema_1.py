"""`guildhall migrate` of a database of schema 1, where an e-mail address was compared as a name is.

Both files in schema_1 were made by the last release of that schema (revision ad88cb9) from the seed beside
them; PostgreSQL's is what pg_dump wrote of it.
"""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from guildhall.app import open_database, sqlite_path
from guildhall.cli.exit_codes import ExitCode
from guildhall.operations.maintenance import folds
from guildhall.store.database import SCHEMA_VERSION, StartRefused
from tests import postgres
from tests.cli.databases import contents, run_sql

OLD = Path(__file__).parent / "schema_1"

KEYS = {
    "ascii": ("ada@example.com", "example.com", "ada@example.com"),
    "sharp-s": ("info@xn--fuball-cta.example", "xn--fuball-cta.example", "info@fussball.example"),
    "long-s": ("\u017farah@example.com", "example.com", "sarah@example.com"),
    "decomposed": ("jose\u0301@xn--bcher-kva.example", "xn--bcher-kva.example", "josé@bücher.example"),
    "upper": ("Özil@xn--bcher-kva.example", "xn--bcher-kva.example", "özil@bücher.example"),
    "emoji": ("x@xn--i-7iq.example", "xn--i-7iq.example", "x@i❤.example"),
    "a-label": ("y@xn--bcher-kva.example", "xn--bcher-kva.example", "y@xn--bcher-kva.example"),
    "last": ("no\ufffe@example.com", "example.com", "no\ufffe@example.com"),
}
"""Identity, domain and fold of each address, by account id."""


@pytest.fixture
def old(database_url: str) -> str:
    path = sqlite_path(database_url)
    if path is None:
        asyncio.run(postgres.execute(database_url, (OLD / "postgres.sql").read_text()))
    else:
        path.write_bytes(gzip.decompress((OLD / "guildhall.db.gz").read_bytes()))
    return database_url


@pytest.fixture
def migrated(guildhall: Any, old: str) -> Any:
    return lambda: guildhall("migrate", "--database", old, "--json")


def keys(url: str) -> dict[str, tuple[str, ...]]:
    rows = run_sql(url, "SELECT account_id, email_key, email_domain, email_fold FROM users")
    return {account_id: tuple(rest) for account_id, *rest in rows}


def backups(url: str) -> list[Path]:
    path = sqlite_path(url)
    return [] if path is None else sorted(path.parent.glob(f"{path.name}.before-*"))


def start(url: str) -> None:
    async def open_and_close() -> None:
        await (await open_database(url)).close()

    asyncio.run(open_and_close())


@pytest.mark.parametrize("at_once", [2, 5_000])
def test_addresses_get_their_keys(migrated, old, guildhall, monkeypatch, at_once):
    """Contract 8 "E-mail addresses": a slice of rows at a time, so that memory does not grow with them."""
    monkeypatch.setattr(folds, "_ROWS_AT_ONCE", at_once)
    before = contents(old)
    result = json.loads(migrated().out)
    assert (result["schema"], result["refolded"]) == ([1, SCHEMA_VERSION], 5)
    assert keys(old) == KEYS
    after = contents(old)
    assert {name for name in before if before[name] != after[name]} == {"users"}
    assert [str(path) for path in backups(old)] == [path for path in [result["backup"]] if path]
    assert all(contents(str(path)) == before for path in backups(old))
    assert guildhall("check", "--database", old).out == "Nothing is off.\n"


def test_the_same_seed_finds_the_same_users(migrated, old, guildhall):
    migrated()
    ended = guildhall("seed", str(OLD / "seed.yaml"), "--database", old, "--json")
    assert (ended.code, json.loads(ended.out)["organizations"][0]["changes"]) == (ExitCode.DONE, [])


def test_start_says_to_migrate(old):
    before = contents(old)
    with pytest.raises(StartRefused, match=r"schema 1.*guildhall migrate"):
        start(old)
    assert contents(old) == before
    assert not backups(old)


def test_two_addresses_that_become_one_are_named_and_nothing_changes(migrated, old):
    """One domain spelled as it is read and as an A-label: schema 1 took these for two."""
    run_sql(
        old,
        "UPDATE users SET email = 'Y@Bücher.example', email_key = 'y@bücher.example',"
        " email_domain = 'bücher.example' WHERE account_id = 'emoji'",
    )
    before = contents(old)
    ended = migrated()
    assert ended.code == ExitCode.CONFLICT
    assert sorted(json.loads(ended.out), key=lambda line: line["id"]) == [
        {"id": "a-label", "name": "y@xn--bcher-kva.example", **collision(old)},
        {"id": "emoji", "name": "Y@Bücher.example", **collision(old)},
    ]
    assert "nothing was changed" in ended.err
    assert contents(old) == before
    assert run_sql(old, "SELECT version, compatibility FROM schema_info") == [(1, 1)]
    assert not backups(old)


def collision(url: str) -> dict[str, str]:
    [(org_id,)] = run_sql(url, "SELECT id FROM orgs")
    return {"orgId": org_id, "kind": "users", "equals": "y@xn--bcher-kva.example"}
