"""A streaming replica takes reads, and nobody sees less than they have seen (issue 4, ADR 19).

With replay paused the replica shows the past, so that what an answer shows tells where it was read.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time

import asyncpg
import pytest

from guildhall.app import Server
from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from guildhall.model.errors import Unavailable
from guildhall.settings import Settings
from guildhall.store.database import StartRefused
from guildhall.store.metrics import READS
from guildhall.store.postgres.connections import COMMAND_LIMITS
from guildhall.store.postgres.database import PostgresDatabase, open_pool
from guildhall.store.postgres.replicas import _SELECT_REPLAYED
from tests import make, postgres, replicas
from tests.replicas import until

POSITION = "guildhall-position"
FUTURE = "f" * 16


@pytest.fixture(scope="module")
def servers():
    with replicas.running_pair() as pair:
        yield pair


@pytest.fixture
def pair(servers):
    """An empty database on both servers."""
    with postgres.empty_database(servers.primary) as url:
        pair = servers.of(url)
        asyncio.run(until(pair.has_followed))
        yield pair


@pytest.fixture
def elsewhere(postgres_url):
    """A database on another server."""
    with postgres.empty_database(postgres_url) as url:
        yield url


@contextlib.asynccontextmanager
async def open_world(pair, **settings):
    async with make.open_world(pair.primary, read_database=pair.replica, **settings) as world:
        await settled(world)
        yield world


@pytest.fixture
async def world(pair):
    async with open_world(pair) as opened:
        yield opened


def reads(database):
    """How many reads that database has answered."""
    return READS.labels(database)._value.get()


@contextlib.contextmanager
def reading_from(database):
    """All that is read meanwhile is read from there."""
    other = {"primary": "replica", "replica": "primary"}[database]
    before = reads(database), reads(other)
    yield
    assert reads(database) > before[0]
    assert reads(other) == before[1]


async def get(world, position=None, path="groups"):
    headers = {} if position is None else {POSITION: position}
    return await world.http.get(f"{world.v2()}/{path}", headers=headers)


async def seen(world, position=None):
    """The names of all groups, for a caller who has seen what that position says."""
    answer = await get(world, position)
    assert answer.status_code == 200, answer.text
    return [group["name"] for group in answer.json()["data"]]


async def create(world, name):
    """Create a group; return the position of its commit."""
    answer = await world.http.post(f"{world.v2()}/groups", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.headers[POSITION]


async def until_replica_answers(world, position=None):
    """Read again and again until the replica has answered."""
    before = reads("replica")

    async def answered():
        await get(world, position)
        return reads("replica") > before

    await until(answered)


async def settled(world):
    """Read from the replica what there is by now."""
    await until_replica_answers(world, (await get(world, FUTURE)).headers[POSITION])


async def test_caller_with_a_position_sees_own_writes_and_others_the_past(world, pair):
    async with pair.paused():
        position = await create(world, "New")
        with reading_from("replica"):
            assert await seen(world) == []
        with reading_from("primary"):
            assert await seen(world, position) == ["New"]
    await until_replica_answers(world, position)
    with reading_from("replica"):
        assert await seen(world, position) == ["New"]


async def test_every_answer_says_what_it_has_seen_and_a_view_never_goes_back(world, pair):
    async with pair.paused():
        written = await create(world, "New")
        taken = await world.http.post(f"{world.v2()}/groups", json={"name": "new"})
        assert taken.status_code == 409
        assert taken.headers[POSITION] >= written
        missing = await get(world, written, "groups/00000000-0000-4000-8000-000000000000")
        assert missing.status_code == 404
        assert missing.headers[POSITION] >= written
        past = await get(world)
        assert past.headers[POSITION] < written
    await until_replica_answers(world, written)
    with reading_from("replica"):
        assert (await get(world, past.headers[POSITION])).headers[POSITION] >= written
    assert POSITION not in (await world.client(None).get("/readyz")).headers


async def test_greatest_position_counts_and_one_far_ahead_leads_to_the_primary(world, pair):
    with reading_from("primary"):
        assert (await get(world, FUTURE)).headers[POSITION] < FUTURE
        assert (await get(world, FUTURE.upper())).status_code == 200
    async with pair.paused():
        position = await create(world, "New")
        headers = [("authorization", world.http.headers["authorization"]), (POSITION, "0" * 16)]
        answer = await world.http.get(f"{world.v2()}/groups", headers=[*headers, (POSITION, position)])
        assert len(answer.json()["data"]) == 1


async def test_position_that_cannot_be_read_is_refused(world):
    for text in ("", "0", "-000000000000001", "0x00000000000001", "g" * 16, "0" * 17, "0/16B3748"):
        answer = await get(world, text)
        assert answer.status_code == 400
        assert "Guildhall-Position" in answer.json()["errors"][0]["detail"]
    written = await world.http.post(f"{world.v2()}/groups", json={"name": "New"}, headers={POSITION: "x"})
    assert written.status_code == 400
    assert await seen(world, FUTURE) == []


async def test_position_means_nothing_without_a_replica(pair):
    async with make.open_world(pair.primary) as world:
        answer = await get(world, "nonsense")
        assert (answer.status_code, POSITION in answer.headers) == (200, False)


async def test_pages_of_other_origins_may_read_and_send_positions(tmp_path):
    origin = {"origin": "https://x.example"}
    url = f"sqlite:///{tmp_path}/guildhall.db"
    async with make.open_world(url, cors_origins=("https://x.example",)) as world:
        path = f"{world.v2()}/groups"
        got, asked = (
            await world.http.get(path, headers=origin),
            await world.http.options(path, headers=origin),
        )
    assert "Guildhall-Position" in got.headers["access-control-expose-headers"].split(", ")
    assert "Guildhall-Position" in asked.headers["access-control-allow-headers"].split(", ")


async def test_own_writes_are_seen_while_others_write_and_the_replica_replays(world):
    """Each writes and reads on at once: whichever server answers, it has what was just written."""

    async def write_and_read(number):
        position = "0" * 16
        for step in range(15):
            name = f"{number}-{step}"
            position = max(position, await create(world, name))
            for _ in range(4):
                answer = await get(world, position, f"groups?limit=100&searchTerm={name}")
                assert name in [group["name"] for group in answer.json()["data"]]
                assert answer.headers[POSITION] >= position
                position = answer.headers[POSITION]

    before = reads("replica")
    await asyncio.gather(*(write_and_read(number) for number in range(6)))
    assert reads("replica") > before


async def test_revoked_key_stops_within_a_second_whatever_the_replica_shows(world, pair):
    secret = await world.key(name="short")
    await settled(world)
    async with (
        contextlib.AsyncExitStack() as stack,
        world.client(secret) as caller,
    ):
        other = make.World(await started(stack, pair), world.clock, world.caller)
        elsewhere = await stack.enter_async_context(other.client(secret))
        async with pair.paused():
            for http in (caller, elsewhere):
                assert (await http.get("/admin/v1/orgs")).status_code == 200
            keys = (await world.http.get(f"{world.ours()}/keys")).json()["data"]
            [key_id] = [key["id"] for key in keys if key["name"] == "short"]
            assert (await world.http.delete(f"{world.ours()}/keys/{key_id}")).status_code == 204
            revoked = time.monotonic()
            assert (await caller.get("/admin/v1/orgs")).status_code == 401
            while (await elsewhere.get("/admin/v1/orgs")).status_code == 200:
                pass
            assert time.monotonic() - revoked < 2


async def started(stack, pair, **settings):
    """A server of its own on both databases."""
    server = Server(Settings(database=pair.primary, read_database=pair.replica, **settings))
    await server.start()
    stack.push_async_callback(server.stop)
    return server


async def test_event_stream_and_export_are_read_from_the_primary(world, pair):
    async with pair.paused():
        await create(world, "New")
        with reading_from("primary"):
            stream = await world.http.get(f"{world.v1()}/events-stream")
        with reading_from("replica"):
            listed = await world.http.get(f"{world.v1()}/events")
        assert "New" in stream.text
        assert "New" not in listed.text
        assert "New" in (await world.http.get(f"{world.ours()}/export")).text


async def test_replica_that_lags_too_far_is_not_read_until_it_has_caught_up(pair, caplog):
    async with open_world(pair, read_lag_seconds=1) as world:
        async with pair.paused():
            await create(world, "New")
            await until(lambda: is_said(world, "The read database is too far behind"))
            with reading_from("primary"):
                await seen(world)
        await until_replica_answers(world)
        assert await readiness(world) == '{"status":"ready","detail":null}'


async def test_replica_is_not_read_when_the_primary_does_not_tell_its_place(pair):
    """What it shows is of a time that nobody knows; until then it may be as old as is allowed."""
    place = "EXECUTE ON FUNCTION pg_current_wal_insert_lsn()"
    async with pair.plain_user() as (operator, plain), open_world(plain, read_lag_seconds=1) as world:
        async with pair.paused():
            await operator.execute(f"REVOKE {place} FROM PUBLIC")
            await create(world, "New")

            async def is_seen():
                return await seen(world) == ["New"]

            await until(is_seen)
            with reading_from("primary"):
                assert await seen(world) == ["New"]
            await until(lambda: is_said(world, "cannot be compared"))
            await operator.execute(f"GRANT {place} TO PUBLIC")
        await until_replica_answers(world)


async def test_servers_that_are_gone_are_forgotten(pair):
    """Behind the URL was another server, which had what there is now; the primary goes on."""
    gone = 1
    async with open_world(pair, read_lag_seconds=1) as world:
        replica = world.database.replica
        replica.known = {**replica.known, gone: max(replica.known.values())}

        async def is_forgotten():
            await create(world, f"Group {time.monotonic_ns()}")
            return gone not in replica.known

        await until(is_forgotten)
        await until_replica_answers(world)
        assert len(replica.known) == 1


async def is_said(world, text):
    return text in await readiness(world)


async def readiness(world):
    answer = await world.client(None).get("/readyz")
    assert answer.status_code == 200
    return answer.text


async def test_replica_that_stops_and_starts(world, pair, caplog):
    caplog.set_level(logging.INFO, "guildhall.store")
    pair.tell("stop")
    try:
        with reading_from("primary"):
            assert await seen(world) == []
        await until(lambda: is_said(world, "The read database cannot be reached"))
        await create(world, "New")
        with reading_from("primary"):
            assert await seen(world) == ["New"]
        async with contextlib.AsyncExitStack() as stack:
            await started(stack, pair)
    finally:
        pair.tell("start")
    await until_replica_answers(world)
    messages = [record.message for record in caplog.records if record.name == "guildhall.store"]
    assert any(message.startswith("reads go to the primary") for message in messages)
    assert messages[-1] == "reads go to the read database"


async def test_replica_that_answers_nothing_any_more(world, pair):
    pair.tell("freeze")
    try:
        begun = time.monotonic()
        answers = await asyncio.gather(*(seen(world) for _ in range(30)))
        assert answers == [[]] * 30
        assert time.monotonic() - begun < 10
        with reading_from("primary"):
            assert await seen(world) == []
    finally:
        pair.tell("thaw")
    await until_replica_answers(world)


async def test_read_on_a_connection_that_breaks_is_done_by_the_primary(world, pair):
    others = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    )
    await pair.ask_replica(f"{others} AND pid <> pg_backend_pid()")
    for _ in range(20):
        assert await seen(world) == []
    await until_replica_answers(world)


async def refusal(primary, replica):
    server = Server(Settings(database=primary, read_database=replica))
    with pytest.raises(StartRefused) as refused:
        await server.start()
    return str(refused.value)


async def test_start_with_what_is_no_replica_is_refused(pair, servers, elsewhere, tmp_path):
    assert "has no replica" in await refusal(f"sqlite:///{tmp_path}/guildhall.db", pair.replica)
    assert "postgresql://" in await refusal(pair.primary, f"sqlite:///{tmp_path}/guildhall.db")
    assert "is not a standby" in await refusal(pair.primary, pair.primary)
    assert "another database" in await refusal(pair.primary, servers.replica)
    assert "another server" in await refusal(elsewhere, servers.replica)


async def test_user_without_privileges_is_enough(pair):
    async with pair.plain_user() as (_, plain), open_world(plain) as world:
        with reading_from("replica"):
            assert await seen(world) == []


def test_command_refuses_what_has_no_replica(tmp_path, capsys):
    options = ["--port", "0", "--read-database", "postgresql://replica/guildhall"]
    assert run(["serve", "--database", f"{tmp_path}/guildhall.db", *options]) == ExitCode.FAILED
    assert "A SQLite database has no replica" in capsys.readouterr().err
    assert run(["serve", "--demo", *options]) == ExitCode.USAGE


async def test_replica_that_crashes_is_another_server(servers):
    """A process that is killed makes it begin again, at a place that it had been at before. It comes last."""
    before = await replayed(servers)
    victim = await asyncpg.connect(servers.replica)
    os.kill(victim.get_server_pid(), signal.SIGKILL)
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await victim.execute("SELECT 1")

    async def is_back():
        with contextlib.suppress(StartRefused, Unavailable, OSError, asyncpg.PostgresError):
            return (await replayed(servers)).server != before.server

    await until(is_back)


async def replayed(servers):
    """What the replica says of itself."""
    pool = await open_pool(servers.replica, COMMAND_LIMITS)
    try:
        return await PostgresDatabase(pool).read(lambda tx: tx.one(_SELECT_REPLAYED))
    finally:
        await pool.close()
