"""What the database refuses, for whatever reason, is 503 with Retry-After and never a bare 500 (ADR 17)."""

import asyncio
import urllib.parse

import asyncpg
import pytest

from guildhall.http.access.authentication import Authenticator
from guildhall.http.request_counts import RequestCounts
from guildhall.model.errors import Unavailable
from guildhall.model.times import to_text
from tests import postgres
from tests.make import USER, open_world

REFUSALS = {
    "08006": "cannot do its work",
    "25006": "takes no writes",
    "40001": "at once",
    "40P01": "at once",
    "42501": "cannot do its work",
    "53100": "memory or space",
    "53200": "memory or space",
    "53300": "memory or space",
    "55006": "cannot do its work",
    "55P03": "Others hold",
    "57014": "took too long",
    "57P01": "cannot do its work",
    "57P02": "cannot do its work",
    "57P04": "cannot do its work",
    "58030": "cannot do its work",
    "XX000": "cannot do its work",
    "XX001": "cannot do its work",
}
"""By SQLSTATE (PostgreSQL's appendix A), what is told."""

TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a secret' USING ERRCODE = TG_ARGV[0]; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse('{code}');
"""


CONFLICTS_THEN_LOSS = """
CREATE SEQUENCE tries;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') < 8 THEN
        RAISE EXCEPTION 'a secret' USING ERRCODE = '40001';
    END IF;
    RETURN pg_terminate_backend(pg_backend_pid());
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON groups FOR EACH ROW EXECUTE FUNCTION refuse();
"""
"""The eighth try is the last one."""


async def execute(url, *statements):
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("code", REFUSALS)
async def test_refused_write_is_unavailable(world, database_url, code):
    await execute(database_url, TRIGGER.format(table="groups", code=code))
    answer = await world.http.post(f"{world.v2()}/groups", json={"name": "Refused"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
    assert REFUSALS[code] in answer.json()["errors"][0]["detail"]
    assert "secret" not in answer.text
    await execute(database_url, "DROP TRIGGER refuse ON groups")
    assert (await world.http.post(f"{world.v2()}/groups", json={"name": "Refused"})).status_code == 201


async def test_write_whose_last_try_loses_the_connection_is_unavailable(world, database_url):
    await execute(database_url, CONFLICTS_THEN_LOSS)
    answer = await world.http.post(f"{world.v2()}/groups", json={"name": "Refused"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
    assert "cannot do its work" in answer.json()["errors"][0]["detail"]


async def test_slow_statement_is_cut_off(world, database_url):
    slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); END $$"
    on_insert = "CREATE TRIGGER slow BEFORE INSERT ON groups FOR EACH ROW EXECUTE FUNCTION slow()"
    await execute(database_url, slow, on_insert)
    answer = await world.http.post(f"{world.v2()}/groups", json={"name": "Slow"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "took too long" in answer.json()["errors"][0]["detail"]


async def test_database_that_takes_no_writes(world, database_url):
    """As after a failover to a server that is still a replica: reads go on, and it recovers by itself."""
    await world.group("Before")
    name = urllib.parse.urlsplit(database_url).path[1:]
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    ended = f"{ended} AND pid <> pg_backend_pid()"
    await execute(database_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on", ended)
    answer = await world.http.post(f"{world.v2()}/groups", json={"name": "After"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await world.http.get(f"{world.v2()}/groups")).status_code == 200
    ready = await world.client(None).get("/readyz")
    assert (ready.status_code, "no writes" in ready.text) == (503, True)
    writing = "SET default_transaction_read_only = off"
    await execute(database_url, writing, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert (await world.client(None).get("/readyz")).status_code == 200
    assert (await world.http.post(f"{world.v2()}/groups", json={"name": "After"})).status_code == 201


async def test_database_that_takes_no_connections(world, relay, database_url, postgres_url):
    name = urllib.parse.urlsplit(database_url).path[1:]
    await execute(postgres_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    relay.cut()
    answer = await world.http.get(f"{world.v2()}/groups")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await world.client(None).get("/readyz")).status_code == 503
    await execute(postgres_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert (await world.http.get(f"{world.v2()}/groups")).status_code == 200


@pytest.mark.parametrize("used_meanwhile", [False, True])
async def test_last_use_of_a_key_outlives_a_write_that_fails(world, relay, used_meanwhile):
    header = f"Bearer {world.secret}"
    authenticator = Authenticator(world.database, world.clock, RequestCounts(64))
    await authenticator.authenticate(header)
    relay.hangs = True
    saving = asyncio.create_task(authenticator.save_last_used())
    await asyncio.sleep(0)
    if used_meanwhile:
        world.clock.now += 1
        await authenticator.authenticate(header)
    with pytest.raises(Unavailable):
        await saving
    relay.hangs = False
    await authenticator.save_last_used()
    listed = (await world.http.get(f"{world.ours()}/keys")).json()["data"]
    assert listed[0]["lastUsedAt"] == to_text(world.clock.now)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_server_stopped_and_started_again(mode):
    """The server needs no restart of its own."""
    with postgres.controlled_server("synchronous_commit=on") as server:
        async with open_world(server.url) as world:
            await world.group("Before")
            server.tell(mode)
            for method, path in (("GET", "/groups"), ("POST", "/groups")):
                answer = await world.http.request(method, f"{world.v2()}{path}", json={"name": "During"})
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert (await world.client(None).get("/readyz")).status_code == 503
            server.tell("start")
            assert (await world.client(None).get("/readyz")).status_code == 200
            assert (await world.http.post(f"{world.v2()}/groups", json={"name": "After"})).status_code == 201
            listed = (await world.http.get(f"{world.v2()}/groups")).json()["data"]
            assert [group["name"] for group in listed] == ["After", "Before"]


async def test_metrics_are_shown_while_the_database_is_away(world, relay):
    """That is when they are wanted most; the numbers of seats stay as they were."""
    group = await world.group(members=3)
    await world.role(group, await world.resource(user_limit=5), USER)
    before = _seats((await world.client(None).get("/metrics")).text)
    assert "guildhall_seats_used 3.0" in before
    relay.cut()
    relay.starting = 100
    for hangs in (False, True):
        relay.hangs = hangs
        answer = await world.client(None).get("/metrics")
        assert answer.status_code == 200
        assert _seats(answer.text) == before


def _seats(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("guildhall_seats")]
