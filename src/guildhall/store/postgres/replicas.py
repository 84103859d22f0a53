"""A streaming replica of the PostgreSQL database that takes reads (ADR 19).

What a caller has seen is a position in the log of the primary. A replica may answer when it had replayed the
log up to there before the read's snapshot was taken. It is asked in the transaction that reads, so behind the
URL may be one server or several: each is known by when it began to replay.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from guildhall.model.errors import GuildhallError, Unavailable
from guildhall.settings import Settings
from guildhall.store.database import StartRefused, Transaction
from guildhall.store.metrics import READS
from guildhall.store.postgres.connections import server_limits
from guildhall.store.postgres.database import PostgresDatabase, open_pool
from guildhall.store.postgres.log_positions import LATEST, NOWHERE_YET, Positions, Together
from guildhall.store.postgres.pool import Pool
from guildhall.store.statement import Statement

Result = TypeVar("Result")
Read = Callable[..., Awaitable[Result]]

_PATIENCE = 3.0
"""Seconds after which a read is given to the primary, and after which a server counts as gone."""

_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_BETWEEN_WOKEN_LOOKS = 0.02

_FROM_PRIMARY = READS.labels("primary").inc
_FROM_REPLICA = READS.labels("replica").inc
_LOG = logging.getLogger("guildhall.store")


class _Replayed(msgspec.Struct, frozen=True):
    """Up to where a server has replayed the log; the server is when it last began to: it may go back then."""

    server: int
    position: int


class _Identity(msgspec.Struct, frozen=True):
    """What a server and all its streaming replicas share, and which of its data a URL leads to."""

    cluster: str
    database: int
    schema: str | None


_SELECT_REPLAYED = Statement(
    """
    SELECT CAST(EXTRACT(EPOCH FROM GREATEST(pg_postmaster_start_time(),
                                            pg_stat_get_bgwriter_stat_reset_time())) * 1000000 AS BIGINT),
           CAST(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') AS BIGINT)
    WHERE pg_is_in_recovery()
    """,
    _Replayed,
)
"""When one of its processes is killed, a server begins again without starting anew: so do its statistics."""

_SELECT_IDENTITY = Statement(
    """
    SELECT CAST(c.system_identifier AS TEXT), CAST(d.oid AS BIGINT), CAST(current_schema() AS TEXT)
    FROM pg_control_system() AS c JOIN pg_database AS d ON d.datname = current_database()
    """,
    _Identity,
)
"""Everybody may ask for these."""


class NotAReplica(Exception):
    """The read database is no replica of the database; the text says what it is and what to do."""


class ReplicaSession:
    """What one request reads and writes; see `guildhall.store.database.Session`.

    An error that it raises is an answer as well, and has seen something.
    """

    def __init__(self, replica: "StreamingReplica", seen: int) -> None:
        self.position: int | None = None
        self._replica = replica
        self._seen = seen

    async def read(self, function: Read[Result], *args: Any, **kwargs: Any) -> Result:
        """Run a read on the replica if it can be, else on the primary."""
        replica = self._replica
        if await replica.may_have(self._seen):
            try:
                async with asyncio.timeout(_PATIENCE):
                    result: Result = await replica.database.read(
                        self._located, replica.known, function, args, kwargs
                    )
            except Exception as error:
                if isinstance(error, GuildhallError) and not isinstance(error, Unavailable):
                    _FROM_REPLICA()
                    raise
                # It may be gone, or have cancelled the read; of any other error the primary tells again.
                replica.look_soon(error)
            else:
                _FROM_REPLICA()
                return result
        return await self.read_latest(function, *args, **kwargs)

    async def _located(
        self, tx: Transaction, known: Mapping[int, int], function: Read[Result], args: Any, kwargs: Any
    ) -> Result:
        """Read where the snapshot is first: it has at least what was known before, and no more than that."""
        replayed = await self._replica.locate(tx)
        if known.get(replayed.server, -1) < self._replica.needed(self._seen):
            # No answer: it leads to the primary. Of this family no connection is thought broken.
            raise Unavailable("The replica is behind.")
        self.position = replayed.position
        return await function(tx, *args, **kwargs)

    async def read_latest(self, function: Read[Result], *args: Any, **kwargs: Any) -> Result:
        """Run a read on the primary."""
        _FROM_PRIMARY()
        return await self._on_primary(self._replica.primary.read(function, *args, **kwargs))

    async def write(self, function: Read[Result], *args: Any, **kwargs: Any) -> Result:
        """Run a write on the primary."""
        return await self._on_primary(self._replica.primary.write(function, *args, **kwargs))

    async def _on_primary(self, work: Awaitable[Result]) -> Result:
        """Note a position behind all that the work has seen and done."""
        self.position = LATEST
        try:
            result = await work
        except Unavailable:
            raise
        except GuildhallError:
            self.position = (await self._replica.positions.place()).inserted
            raise
        self.position = (await self._replica.positions.place()).inserted
        return result


class StreamingReplica:
    """Decides what may be read from the replica; see `guildhall.store.database.Replica`.

    It looks at both servers once a second, and soon when something could not be read.
    """

    def __init__(self, primary: PostgresDatabase, positions: Positions, settings: Settings) -> None:
        self.primary = primary
        self.positions = positions
        self.database: PostgresDatabase
        self.trouble: str | None = "has not been looked at yet"
        self.known: Mapping[int, int] = {}
        """Up to where each server has replayed at least; a new mapping when one has gone on."""
        self._url = settings.read_database or ""
        self._limits = server_limits(settings)
        self._most_lag = settings.read_lag_seconds
        self._identity: _Identity | None = None
        self._pool: Pool | None = None
        self._past: deque[tuple[float, int]] = deque()
        """When the primary was where: the first entry is what a replica must have to be read at all."""
        self._asked = Together(self._ask_replica)
        self._woken = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look for the first time, and go on looking; raises StartRefused for what is no replica.

        One that does not answer is no reason not to start.
        """
        self._identity = await self.primary.read(_select_identity)
        try:
            await self._look()
        except NotAReplica as error:
            raise StartRefused(f"The read database {error}") from error
        self._woken.set()  # It may just not have replayed yet what this start has done.
        self._watch = asyncio.create_task(self._keep_looking())

    def session(self, seen: int) -> ReplicaSession:
        """Begin a request whose caller has seen the log up to `seen`."""
        return ReplicaSession(self, seen)

    def needed(self, seen: int) -> int:
        """Return what a server must have replayed to answer a caller who has seen the log up to `seen`."""
        # The primary is not asked at a stroke, nor just in time.
        oldest = time.monotonic() - self._most_lag - _SECONDS_BETWEEN_LOOKS
        if not self._past or self._past[-1][0] < oldest:
            return LATEST
        return max(seen, self._past[0][1])

    async def may_have(self, seen: int) -> bool:
        """Whether a server is known to have what such a caller needs; asks again where that is not known."""
        if self.trouble is not None:
            return False
        if not self._is_known_to_have(seen) and seen < LATEST:
            try:
                await self._asked.answer()
            except Exception as error:  # noqa: BLE001 -- the next look tells what it is
                self.look_soon(error)
        return self._is_known_to_have(seen)

    def _is_known_to_have(self, seen: int) -> bool:
        return max(self.known.values(), default=-1) >= self.needed(seen)

    async def locate(self, tx: Transaction) -> _Replayed:
        """Return up to where this snapshot may have the log; raises NotAReplica."""
        replayed = await tx.one(_SELECT_REPLAYED)
        if replayed is None:
            raise NotAReplica(
                "is not a standby: name a streaming replica of the database. A logical replica is none, for"
                " nothing tells how far it is; nor is the database itself."
            )
        if replayed.server not in self.known:
            self._require_same(await _select_identity(tx))
        if replayed.position > self.known.get(replayed.server, -1):
            self.known = {**self.known, replayed.server: replayed.position}
        return replayed

    def _require_same(self, found: _Identity | None) -> None:
        wanted = self._identity
        if found is None or wanted is None or found.cluster != wanted.cluster:
            raise NotAReplica(
                "is a replica of another server than the database is on: name a replica of that one."
            )
        if found != wanted:
            raise NotAReplica(
                "leads to another database or schema than --database does: name the same in both URLs."
            )

    def look_soon(self, error: BaseException) -> None:
        """Have the replica looked at, since something could not be read from it."""
        _LOG.debug("a read was given to the primary: %s", type(error).__name__)
        self._woken.set()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_WOKEN_LOOKS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS_BETWEEN_LOOKS):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self._look()
            except NotAReplica as error:
                self._leave(str(error))

    async def _look(self) -> None:
        """Find out whether the replica can be read from; raises NotAReplica."""
        await self._look_at_primary()
        self._forget_those_behind()
        try:
            replayed = await self._look_at_replica()
        except NotAReplica:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the next look may find it mended
            self._leave(f"cannot be reached: {type(error.__cause__ or error).__name__}")
        else:
            needed = self.needed(0)
            if needed == LATEST:
                self._say("cannot be compared with the database, which does not tell its position")
            else:
                self._say("is too far behind" if replayed.position < needed else None)

    async def _look_at_primary(self) -> None:
        begun = time.monotonic()
        place = await self.positions.place()
        if place is NOWHERE_YET:
            _LOG.warning(
                "the database does not tell its position: who has written reads from it until it does"
            )
        else:
            # First of all it must have what was there at the start, the schema above all.
            self._past.append((begun, place.flushed if self._past else place.inserted))
        while len(self._past) > 1 and self._past[1][0] < begun - self._most_lag:
            self._past.popleft()

    def _forget_those_behind(self) -> None:
        """Forget servers that are known to have too little for anybody: they may be gone for ever."""
        least = self.needed(0)
        self.known = {server: position for server, position in self.known.items() if position >= least}

    async def _look_at_replica(self) -> _Replayed:
        if self._pool is None:
            async with asyncio.timeout(_PATIENCE):
                self._pool = await open_pool(self._url, self._limits)
            self.database = PostgresDatabase(self._pool)
            self.known = {}
        return await self._asked.answer()

    async def _ask_replica(self) -> _Replayed:
        async with asyncio.timeout(_PATIENCE):
            return await self.database.read(self.locate)

    def _leave(self, trouble: str) -> None:
        """Let go of all connections; whoever reads on one goes to the primary."""
        self._say(trouble)
        if self._pool is not None:
            self._pool.distrust()
            self._pool = None

    def _say(self, trouble: str | None) -> None:
        if trouble == self.trouble:
            return
        if trouble is None:
            _LOG.info("reads go to the read database")
        else:
            _LOG.warning("reads go to the primary: the read database %s", trouble)
        self.trouble = trouble

    async def close(self) -> None:
        """Stop looking and let go of all connections."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._pool is not None:
            await self._pool.close()
        self.positions.close()


async def _select_identity(tx: Transaction) -> _Identity | None:
    return await tx.one(_SELECT_IDENTITY)


async def open_replica(primary: PostgresDatabase, settings: Settings) -> StreamingReplica:
    """Open the replica that the settings name, of the primary that they name; raises StartRefused."""
    replica = StreamingReplica(primary, Positions(settings.database), settings)
    try:
        await replica.start()
    except BaseException:
        await replica.close()
        raise
    return replica
