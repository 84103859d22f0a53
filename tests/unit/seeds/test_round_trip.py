"""Export, seed into an empty database, export again: the same bytes, and every counter right."""

import asyncio
import json
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from guildhall.app import open_database
from guildhall.model.roles import ORG_ADMIN
from guildhall.model.seeds import SeedOptions, SeedReport
from guildhall.operations.maintenance.checks import check_database
from guildhall.operations.orgs import system_caller
from guildhall.operations.seeding.organizations import seed_organizations
from guildhall.seeds.forms import JSONForm
from guildhall.seeds.reading import read_seed_json, read_seed_text
from guildhall.seeds.writing import write_export
from guildhall.store.database import Database
from guildhall.store.orgs import SELECT_ORG
from tests.unit.seeds.organizations import Values, organizations

Run = Callable[[Awaitable[Any]], Any]


class Pair:
    """A database of the engine under test, and a SQLite one beside it; organizations share them."""

    def __init__(self, run: Run, first: Database, second: Database, urls: tuple[str, str]) -> None:
        self.run = run
        self.first = first
        self.second = second
        self._urls = urls

    def seed(self, database: Database, documents: Any) -> SeedReport:
        options = SeedOptions(create_organization=True, most_removals=None)
        (report,) = self.run(database.write(seed_organizations, documents, options))
        return report

    def export(self, database: Database, org_id: str, *form: Any) -> bytes:
        return self.run(_export(database, org_id, *form))

    def findings(self) -> list[Any]:
        """What is off in either of them."""
        return [finding for url in self._urls for finding in self.run(_findings(url))]


async def _findings(url: str) -> list[Any]:
    # On connections of its own, as the command does: SQLite's check of a search index sees no change that
    # another connection made after a first check.
    database = await open_database(url)
    try:
        return await check_database(database, lambda *_: None)
    finally:
        await database.close()


async def _export(database: Database, org_id: str, *form: Any) -> bytes:
    org = await database.read(lambda tx: tx.one(SELECT_ORG, org_id=org_id))
    pieces = database.stream(write_export, [system_caller(org)], *form)
    return b"".join([piece async for piece in pieces])


@pytest.fixture(scope="module")
def pair(module_database_url: str) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as loop:
        urls = module_database_url, f"sqlite:///{Path(folder) / 'second.db'}"
        first, second = [loop.run(open_database(url)) for url in urls]
        yield Pair(loop.run, first, second, urls)
        loop.run(first.close())
        loop.run(second.close())


@given(organizations())
@settings(max_examples=40)
def test_round_trip_is_exact(pair: Pair, file: Values):
    org_id, given_file = _fresh(file)
    assert pair.seed(pair.first, given_file).totals
    exported = pair.export(pair.first, org_id)
    assert not pair.seed(pair.first, given_file).totals, "the same file again"
    assert not pair.seed(pair.first, read_seed_text(exported)).totals, "its own export"
    pair.seed(pair.second, read_seed_text(exported))
    assert pair.export(pair.second, org_id) == exported
    assert not pair.findings()
    as_json = pair.export(pair.second, org_id, JSONForm())
    by_others = yaml.load(exported, yaml.CBaseLoader)  # noqa: S506 -- it makes nothing but texts
    assert json.loads(as_json) == _without_empty(by_others, json.loads(as_json))


def _fresh(file: Values, org_id: str | None = None) -> tuple[str, Any]:
    """Read a file as that of an organization, of one that no database knows unless it is said which."""
    known, wanted = file["organization"]["id"], org_id or str(uuid.uuid4())
    return wanted, read_seed_json(json.dumps(file).replace(known, wanted).encode())


def _without_empty(read: Any, wanted: Any) -> Any:
    """What another reader of YAML makes of an export, its plain words read as JSON reads them."""
    if isinstance(wanted, dict):
        return {name: _without_empty(read[name], wanted[name]) for name in read}
    if isinstance(wanted, list):
        return [_without_empty(a, b) for a, b in zip(read or (), wanted, strict=True)]
    return read if isinstance(wanted, str) else json.loads(read)


@given(organizations(), organizations())
@settings(max_examples=25)
def test_one_organization_becomes_another(pair: Pair, before: Values, after: Values):
    """Whatever there was: what the second file names is as it says, and every counter is right."""
    _take_org_admin(before)
    _keep_apart(before, after)
    org_id, first = _fresh(before)
    pair.seed(pair.first, first)
    _, documents = _fresh(after, org_id)
    pair.seed(pair.first, documents)
    assert not pair.seed(pair.first, documents).totals
    assert not pair.findings()


def _take_org_admin(file: Values) -> None:
    """An org admin can be neither suspended nor removed, by a seed as little as otherwise."""
    for holder in [*file["users"], *file["groups"]]:
        for entry in holder["roles"]:
            if ORG_ADMIN in entry["roles"]:
                entry["roles"] = ["atlassian/site-admin"]
                entry.pop("defaultRole", None)


def _keep_apart(before: Values, after: Values) -> None:
    """Half of what the second file names is of the first one; names of others must not clash."""
    keys = {key[name] for key in before["keys"] for name in ("id", "hash")}
    after["keys"] = [key for key in after["keys"] if not keys & {key["id"], key["hash"]}]
    for number, user in enumerate(after["users"]):
        user["email"] = f"after.{user['email']}"
        if number < len(before["users"]) and number % 2:
            _rename(after, user["accountId"], before["users"][number]["accountId"])
    known = {group["id"]: group for group in before["groups"]}
    for number, group in enumerate(after["groups"]):
        group["name"] = f"after {group['name']}"
        if number < len(before["groups"]) and number % 2:
            group["id"] = before["groups"][number]["id"]
        if group["id"] in known:
            group |= {"directory": known[group["id"]]["directory"], "members": []}
            group |= {"type": "GROUP", "managedBy": "admins", "synced": False}
    after["groups"] = list({group["id"]: group for group in after["groups"]}.values())
    after["directories"] += [
        {"id": directory["id"]}
        for directory in before["directories"]
        if directory["id"] not in {place["id"] for place in after["directories"]}
    ]


def _rename(file: Values, old: str, new: str) -> None:
    if new in {user["accountId"] for user in file["users"]}:
        return
    for user in file["users"]:
        user["accountId"] = new if user["accountId"] == old else user["accountId"]
    for group in file["groups"]:
        for member in group["members"]:
            member["user"] = new if member["user"] == old else member["user"]
