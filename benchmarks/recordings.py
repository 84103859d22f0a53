"""What requests say to PostgreSQL, recorded one after the other."""

from collections.abc import Sequence

import msgspec

from benchmarks import postgres, servers, wire
from benchmarks.dataset import Dataset
from benchmarks.load import LoadFailed, Request
from benchmarks.wire import Ran


class Recorded(msgspec.Struct, frozen=True):
    """A request, what it ran, and in how many round trips."""

    request: Request
    ran: list[Ran]
    trips: int


def record(made: Dataset, requests: Sequence[Request]) -> list[Recorded]:
    """Return what a server runs for each request; writes are made.

    Requests for which the key was looked up are left out: that is once a second. Raises LoadFailed.
    """
    found = []
    with wire.recording(postgres.address(made.url)) as (port, recorder):
        through = msgspec.structs.replace(made, url=postgres.through(made.url, port))
        with servers.guildhall(through.database) as server:
            # The first look-up of the key, and what else a server does once.
            servers.ask(server, "GET", "/admin/v1/orgs", made.key)
            for request in requests:
                recorder.take()
                status, body, _ = servers.ask(server, request.method, request.path, made.key, request.body)
                if status != request.status:
                    raise LoadFailed(f"{request.method} {request.path}: {status} {body[:300]!r}")
                ran, trips = recorder.take()
                if not any(" api_keys" in one.sql for one in ran):
                    found.append(Recorded(request, ran, trips))
    # The first time that a statement runs it is prepared as well.
    if len(found) < 2:
        raise LoadFailed("Too few requests were recorded.")
    return found[1 + len(found) // 10 :]
