"""Everything works as a role that owns its database and nothing else: no superuser is needed."""

import asyncio
import json
import urllib.parse
import uuid
from collections.abc import Iterator

import httpx
import pytest

from guildhall.app import Server
from guildhall.cli.exit_codes import ExitCode
from guildhall.settings import Settings
from tests import postgres
from tests.cli.databases import run_sql


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """An empty database, as the role that owns it sees it."""
    role = f"plain_{uuid.uuid4().hex}"
    with postgres.empty_database(postgres_url) as url:
        database = urllib.parse.urlsplit(url).path[1:]
        run_sql(url, f"CREATE ROLE {role} LOGIN", f"ALTER DATABASE {database} OWNER TO {role}")
        yield _as_role(url, role)
    run_sql(postgres_url, f"DROP ROLE {role}")


def _as_role(url: str, role: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}").geturl()


def test_commands_as_a_plain_role(guildhall, url, tmp_path):
    seed = str(tmp_path / "seed.yaml")
    commands = (
        *(("migrate",), ("init",), ("keys", "create", "another"), ("keys", "list"), ("check",)),
        *(("export", "--output", seed), ("seed", seed)),
        *(("generate", "--groups", "40", "--users", "200"), ("check",), ("migrate",)),
        *(("orgs", "rename", "Synthetic organization", "Gone"), ("orgs", "delete", "Gone", "--yes")),
        *(("orgs", "list"), ("check",)),
    )
    for command in commands:
        ended = guildhall(*command, "--database", url)
        assert ended.code == ExitCode.DONE, (command, ended.err)


def test_requests_as_a_plain_role(guildhall, url):
    made = json.loads(
        guildhall("generate", "--groups", "40", "--users", "200", "--json", "--database", url).out
    )

    async def create_a_group() -> httpx.Response:
        server = Server(Settings(database=url))
        await server.start()
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(server),
            base_url="http://x",
            headers={"authorization": f"Bearer {made['key']}"},
        )
        async with client:
            assert (await client.get("/readyz")).status_code == httpx.codes.OK
            path = f"/admin/v2/orgs/{made['orgId']}/directories/{made['directoryId']}/groups"
            answer = await client.post(path, json={"name": "made by a plain role"})
        await server.stop()
        return answer

    assert asyncio.run(create_a_group()).is_success
    assert guildhall("check", "--database", url).out == "Nothing is off.\n"
