"""The command line and the client against a started server: what the prepared answers only claim."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from guildhall.client import AsyncGuildhall, Guildhall, Options
from guildhall.client.errors import NotFound, PermissionDenied
from tests import live

JIRA = "ari:cloud:jira::site/1"


class Started(NamedTuple):
    url: str
    org_id: str
    directory_id: str
    key: str

    @property
    def options(self) -> Options:
        return Options(org_id=self.org_id, directory_id=self.directory_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Started]:
    """A server with an empty organization, made as a user makes it."""
    database = f"sqlite:///{tmp_path_factory.mktemp('live') / 'guildhall.db'}"
    init = [sys.executable, "-m", "guildhall", "init", "--database", database, "--json"]
    made = json.loads(subprocess.run(init, capture_output=True, text=True, check=True).stdout)
    with live.start("--database", database) as process:
        try:
            url = live.first_line(process)["url"]
            yield Started(url, made["orgId"], made["directoryId"], made["key"])
        finally:
            live.stop(process)


@pytest.fixture
def guildhall(server, monkeypatch, capsys):
    monkeypatch.setenv("GUILDHALL_URL", server.url)
    monkeypatch.setenv("GUILDHALL_KEY", server.key)
    monkeypatch.setenv("GUILDHALL_ORG", server.org_id)
    monkeypatch.setenv("GUILDHALL_DIRECTORY", server.directory_id)

    def call(*arguments, expecting=ExitCode.DONE):
        code = run([*arguments, "--json"])
        written = capsys.readouterr()
        assert code == expecting, written.err
        return json.loads(written.out) if code == ExitCode.DONE else written.err

    return call


def test_life_of_a_group_on_the_command_line(guildhall):
    ada = guildhall("users", "put", "ada@example.com", "--name", "Ada Lovelace")
    guildhall("users", "put", "bob@example.com", "--name", "Bob", "--id", "557058:bob")
    guildhall("resources", "put", JIRA, "--name", "Jira", "--user-limit", "1")
    made = guildhall("groups", "create", "Straße")
    guildhall("groups", "assign", "STRASSE", JIRA, "user")
    assert guildhall("groups", "roles", made["id"])[0]["roles"] == ["atlassian/user"]
    guildhall("groups", "add", "strasse", "ada lovelace")
    assert [user["accountId"] for user in guildhall("groups", "members", "Straße")] == [ada["accountId"]]
    assert JIRA in guildhall("groups", "add", "Straße", "bob@example.com", expecting=ExitCode.CONFLICT)
    guildhall("resources", "put", JIRA, "--name", "Jira", "--no-user-limit")
    guildhall("groups", "add", "Straße", "557058:bob")
    guildhall("groups", "rename", "Straße", "Gasse")
    shown = guildhall("groups", "show", "gasse")
    assert (shown["id"], shown["counts"]) == (made["id"], {"users": 2, "resources": 1})
    guildhall("groups", "remove", "Gasse", "bob@example.com", "ada@example.com")
    guildhall("groups", "revoke", "Gasse", JIRA, "atlassian/user")
    listed = guildhall("groups", "list", "--search", "ass", "--counts")
    assert [group["counts"] for group in listed] == [{"users": 0, "resources": 0}]
    guildhall("groups", "delete", "Gasse", "--yes")
    guildhall("groups", "show", made["id"], expecting=ExitCode.NOT_FOUND)


def test_create_a_taken_name(guildhall):
    guildhall("groups", "create", "taken")
    assert "ADMIN-UAM-409-2" in guildhall("groups", "create", "TAKEN", expecting=ExitCode.CONFLICT)


def test_furnished_things_are_shown_as_they_were_put(guildhall):
    given = [
        "--name",
        "Eve",
        "--job-title",
        "Spy",
        "--in",
        guildhall("directories", "list")[0]["directoryId"],
    ]
    put = guildhall("users", "put", "eve@example.com", *given)
    shown = guildhall("users", "show", "EVE@example.com")
    assert (shown["accountId"], shown["jobTitle"]) == (put["accountId"], "Spy")
    assert shown["directories"] == put["directories"]
    assert [one["accountId"] for one in guildhall("users", "list", "--search", "eve@")] == [put["accountId"]]
    names = [one["name"] for one in guildhall("users", "list")]
    assert names == sorted(names, key=str.casefold)
    assert guildhall("users", "put", "eve@example.com", "--location", "Kyiv")["jobTitle"] == "Spy"
    assert guildhall("users", "suspend", "eve@example.com") == {
        "accountId": put["accountId"],
        "changed": True,
    }
    assert not guildhall("users", "suspend", "eve@example.com")["changed"]
    assert guildhall("users", "restore", "Eve")["changed"]
    assert (
        guildhall("users", "put", "eve@example.com", "--name", "Eve", "--job-title", "")["jobTitle"] is None
    )
    resource = guildhall("resources", "put", "ari:cloud:confluence::site/1", "--name", "Docs")
    assert guildhall("resources", "show", resource["resourceId"]) == resource
    assert resource in guildhall("resources", "list")
    guildhall("resources", "delete", resource["resourceId"], "--yes")
    guildhall("resources", "show", resource["resourceId"], expecting=ExitCode.NOT_FOUND)


def test_events_are_followed_from_where_they_were_left(server, guildhall, capsys, tmp_path):
    kept = tmp_path / "cursor"
    follow = ["events", "follow", "--once", "--json", "--cursor-file", str(kept)]
    assert run(follow) == ExitCode.DONE
    seen = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    guildhall("groups", "create", "followed")
    assert run(follow) == ExitCode.DONE
    (new,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert new["attributes"]["action"] == "group_created"
    assert new["id"] not in seen
    assert run(follow) == ExitCode.DONE
    assert capsys.readouterr().out == ""
    assert guildhall("events", "list", "--limit", "1", "--action", "group_created")[0]["id"] == new["id"]


def test_events_are_listed_in_words(guildhall, capsys):
    guildhall("groups", "create", "In words")
    assert run(["events", "list", "--limit", "1"]) == ExitCode.DONE
    titles, event = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert titles == ["TIME", "ACTION", "ACTOR", "MESSAGE"]
    assert (event[1], event[3]) == ("group_created", "Created group In words")


def test_events_are_followed_while_they_happen(server, guildhall):
    command = [sys.executable, "-m", "guildhall", "events", "follow", "--json", "--interval", "0.1"]
    guildhall("groups", "create", "Before following")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        actions = []
        while "Before following" not in "".join(actions):
            actions.append(process.stdout.readline())
        guildhall("groups", "create", "While following")
        assert "While following" in process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_users_leave_a_directory(server, guildhall):
    made = guildhall("users", "put", "leaver@example.com", "--name", "Leaver")
    guildhall("groups", "create", "left")
    guildhall("groups", "add", "left", "Leaver")
    guildhall("users", "suspend", "Leaver")
    assert guildhall("users", "show", "Leaver")["status"] == "suspended"
    guildhall("users", "restore", "leaver@example.com")
    guildhall("users", "remove", "Leaver", "--yes")
    guildhall("users", "show", made["accountId"], expecting=ExitCode.NOT_FOUND)
    assert guildhall("groups", "members", "left") == []


def test_groups_are_updated_and_listed_by_a_member(guildhall):
    ada = guildhall("users", "put", "lister@example.com", "--name", "Lister")
    made = guildhall("groups", "create", "listed")
    guildhall("groups", "add", "listed", "Lister")
    guildhall("groups", "update", "listed", "--description", "d")
    (found,) = guildhall("groups", "list", "--member", "lister@example.com")
    assert (found["id"], found["description"]) == (made["id"], "d")
    assert [one["name"] for one in guildhall("users", "show", ada["accountId"])["groups"]] == ["listed"]


def test_all_names_that_are_wrong_are_told_at_once(guildhall):
    guildhall("users", "put", "grace@example.com", "--name", "Grace Hopper")
    guildhall("resources", "put", "ari:cloud:jira::site/told", "--name", "Told Jira")
    wrong = ("--member", "Grace Hoper", "--member", "Nobody At All", "--resource", "Told Jyra")
    told = json.loads(guildhall("groups", "list", *wrong, expecting=ExitCode.NOT_FOUND))["error"]["message"]
    assert told.splitlines() == [
        "there is no user 'Grace Hoper'; did you mean 'Grace Hopper'?",
        "there is no user 'Nobody At All'",
        "there is no resource 'Told Jyra'; did you mean 'Told Jira'?",
    ]
    both = guildhall("groups", "assign", "No group", "Told Jyra", "user", expecting=ExitCode.NOT_FOUND)
    assert len(json.loads(both)["error"]["message"].splitlines()) == 2


def test_groups_are_listed_by_the_name_of_a_resource(guildhall):
    guildhall("resources", "put", "ari:cloud:jira::site/named", "--name", "Named Jira")
    guildhall("groups", "create", "holds a role")
    guildhall("groups", "assign", "holds a role", "Named Jira", "user")
    (found,) = guildhall("groups", "list", "--resource", "Named Jira")
    assert found["name"] == "holds a role"


def test_wrong_key(guildhall):
    guildhall("groups", "list", "--key", "ghk_nonsense", expecting=ExitCode.FORBIDDEN)


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pagers_give_everything_once(server, limit):
    with Guildhall(server.url, server.key, server.options) as client:
        made = {client.groups.create(f"paged {limit} {number}").group_id for number in range(15)}
        term = f"PAGED {limit} "
        for pages in (client.groups.list_all, client.groups.search_all):
            found = [group.id for group in pages(search_term=term, limit=limit)]
            assert len(found) == len(set(found))
            assert set(found) == made


async def test_pagers_give_everything_once_async(server):
    async with AsyncGuildhall(server.url, server.key, server.options) as client:
        made = await asyncio.gather(*(client.groups.create(f"async {number}") for number in range(15)))
        found = [group.id async for group in client.groups.list_all(search_term="async ", limit=4)]
    assert sorted(found) == sorted(new.group_id for new in made)


def test_stream_of_events_goes_on_where_it_stood(server):
    with Guildhall(server.url, server.key, server.options) as client:
        stream = client.events.poll_all(limit=10)
        before = [event.id for event in stream]
        client.groups.create("streamed")
        after = list(client.events.poll_all(cursor=stream.cursor))
        assert [event.attributes.action for event in after] == ["group_created"]
        assert after[0].id not in before
        assert client.events.get(after[0].id) == after[0]
        assert len(list(client.events.list_all(limit=3))) == len(before) + 1


def test_version_1(server):
    with Guildhall(server.url, server.key, server.options) as client:
        said = client.v1.groups.create("of version 1")
        assert said.message == "Group of version 1 was created"
        (found,) = client.v1.groups.search_all(group_ids=[said.group_id], expand=["META"])
        assert found.meta.directory_id == server.directory_id
        client.v1.groups.delete(said.group_id)
        with pytest.raises(NotFound, match="ADMIN-404-10"):
            client.v1.groups.delete(said.group_id)


def test_keys_of_ones_own(server):
    with Guildhall(server.url, server.key, server.options) as client:
        key = client.furnishing.keys.create("reader", scopes=["read:groups:admin"], expires_in_days=1)
        assert key.id in [one.id for one in client.furnishing.keys.list_all(limit=1)]
        with Guildhall(server.url, key.secret, server.options) as reader:
            reader.groups.count()
            with pytest.raises(PermissionDenied, match="write:groups:admin"):
                reader.groups.create("x")
        client.furnishing.keys.revoke(key.id)
