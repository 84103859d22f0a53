"""What stands between a server and its PostgreSQL, and can fail: a relay on a port of its own.

async with relaying(database_url) as relay:     # relay.url leads to the database
    relay.cut_at(b"COMMIT", passed_on=True)     # the server commits, and nobody hears of it
    relay.cut()                                 # every connection is reset
    relay.hangs = True                          # nothing comes through any more, either way
    relay.starting = 2                          # the next two are told that the database is starting
    relay.round_trips                           # what a request has cost
"""

import asyncio
import contextlib
import struct
import urllib.parse
from collections.abc import AsyncIterator

ENCRYPTION_ASKED = 80_877_103
"""The code of an SSLRequest."""


READY = b"Z\0\0\0\5"
"""How a ReadyForQuery begins."""


class Relay:
    """Passes on what it gets, until it is told not to."""

    def __init__(self, url: str) -> None:
        self._database = urllib.parse.urlsplit(url)
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server
        self._mark: bytes | None = None
        self._passed_on = False
        self._ended = asyncio.Event()
        self.url = ""
        self.hangs = False
        self.starting = 0
        self.round_trips = 0
        """How often the database has said that it is ready for what comes next (ReadyForQuery)."""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        account = self._database.netloc.rpartition("@")[0] or "postgres"
        self.url = self._database._replace(netloc=f"{account}@127.0.0.1:{port}", query="").geturl()

    async def close(self) -> None:
        self._server.close()
        self._ended.set()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._clients:
            writer.transport.abort()

    def cut_at(self, mark: bytes, *, passed_on: bool) -> None:
        """Reset the connection on which these bytes come next, before or after passing them on."""
        self._mark, self._passed_on = mark, passed_on

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            if self.starting:
                self.starting -= 1
                await _refuse(reader, writer)
                return
            their_reader, their_writer = await self._connect()
            answers = asyncio.create_task(self._pass_on(their_reader, writer))
            await self._pass_on(reader, their_writer, watched=True)
            await answers
        except OSError:
            pass
        finally:
            self._clients.discard(writer)
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self._database.port or 5432
        folder = urllib.parse.parse_qs(self._database.query).get("host")
        if folder:
            return await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._database.hostname, port)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, watched: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while (piece := await reader.read(65_536)) and not self.hangs:
                if watched and self._mark is not None and self._mark in piece:
                    self._mark = None
                    if self._passed_on:
                        writer.write(piece)
                    self.cut()
                    break
                if not watched:
                    self.round_trips += piece.count(READY)
                writer.write(piece)
                await writer.drain()
            if self.hangs:
                await self._ended.wait()
            writer.close()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say what PostgreSQL says while it starts: no encryption, and an ErrorResponse (its manual, 55.7)."""
    while True:
        length, code = struct.unpack("!ii", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        if code != ENCRYPTION_ASKED:
            break
        writer.write(b"N")
    fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
    writer.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
    await writer.drain()


@contextlib.asynccontextmanager
async def relaying(url: str) -> AsyncIterator[Relay]:
    """A relay to a database."""
    relay = Relay(url)
    await relay.open()
    try:
        yield relay
    finally:
        await relay.close()
