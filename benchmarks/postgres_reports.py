"""The report's section on PostgreSQL and workers."""

from typing import Any

from benchmarks.postgres import HOW
from benchmarks.tables import judged, table

OF_DRIVER = {"get one group": 0.6, "page of 20 groups": 0.5}
"""Least requests a second, of what the bare driver reaches with the statements alone (issue 4)."""

OF_PGBENCH, OF_RANDOM = 0.6, 0.5
"""Least additions a second, of pgbench's; to one group, of those to many."""

LONGEST_SEARCH = 60
"""Milliseconds of the 99th percentile of each kind of search, at most."""

TRIPS = {"get one group": 1, "page of 20 groups": 1, "add a member to groups that give nothing": 4}
"""Most round trips of a request."""

SERVERS, CONNECTIONS = 10, 100
"""So many servers must hold fewer connections together than PostgreSQL takes as it comes."""


def postgres_and_workers(results: dict[str, Any]) -> str:
    """Return the section: PostgreSQL beside its floors where it was measured, and workers on each engine."""
    found = results.get("postgres")
    parts = ["## PostgreSQL and workers"]
    parts += [f"PostgreSQL was not measured. {HOW}"] if found is None else _measured(found)
    if "workers" in results:
        parts += [_workers(results["workers"])]
    return "\n\n".join(parts)


def _measured(found: dict[str, Any]) -> list[str]:
    settings = found["settings"]
    told = ", ".join(f"`{name}` {value}" for name, value in settings.items() if name != "server_version")
    head = (
        f"PostgreSQL {settings['server_version']} on the same machine ({told}); {found['workers']} workers,"
        f" {found['clients']} connections for reads. Processor time is told apart: Guildhall's processes,"
        " PostgreSQL's processes."
    )
    return [head, _reads(found), _searches(found["searches"]), _additions(found), _costs(found)]


def _reads(found: dict[str, Any]) -> str:
    rows = [
        (
            one["name"],
            f"{one['per_second']:,.0f}",
            f"{one['driver_per_second']:,.0f}",
            judged(one["per_second"] / one["driver_per_second"], OF_DRIVER.get(one["name"], 0.0)),
            f"{OF_DRIVER[one['name']]}" if one["name"] in OF_DRIVER else "",
            f"{one['bare_per_second']:,.0f}",
            f"{one['per_second'] / one['bare_per_second']:.2f}",
            f"{one['cpu']:.0f} + {one['postgres_cpu']:.0f}",
            f"{one['driver_cpu']:.0f} + {one['driver_postgres_cpu']:.0f}",
            f"{one['bare_cpu']:.0f}",
            f"{one['p50']:.1f} / {one['p99']:.1f}",
        )
        for one in found["reads"]
    ]
    head = (
        "operation",
        "/s",
        "driver /s",
        "ratio",
        "must",
        "bare /s",
        "ratio",
        "CPU µs + PostgreSQL's",
        "driver's",
        "bare's",
        "p50 / p99 ms",
    )
    text = (
        "Driver is asyncpg with the same prepared statements and values, as they were seen to run, in as"
        " many processes as workers and on as many connections as clients; bare is the same HTTP server with"
        " as many workers, sending the same bytes. The load generator takes its share of the machine from"
        " Guildhall and from bare, not from the driver.\n\n"
    )
    return text + table(head, rows)


def _searches(searches: list[dict[str, Any]]) -> str:
    rows = [
        (
            one["name"],
            f"{one['load']['requests'] / one['load']['seconds']:,.0f}",
            f"{one['load']['p50']:.1f}",
            judged(one["load"]["p99"], LONGEST_SEARCH, most=True),
            f"{one['beside']['p99']:.1f}",
        )
        for one in searches
    ]
    return table(("8 clients", "/s", "p50 ms", f"p99 ms (must {LONGEST_SEARCH})", "p99 of others"), rows)


def _additions(found: dict[str, Any]) -> str:
    plain, hot = (one["per_second"] for one in found["additions"][:2])
    pgbench = found["pgbench"]
    ratios = (judged(plain / pgbench, OF_PGBENCH), "", "")
    rows = [
        (
            one["name"],
            f"{one['per_second']:,.0f}",
            ratio,
            f"{one['p50']:.1f} / {one['p99']:.1f}",
            f"{one['cpu']:.0f} + {one['postgres_cpu']:.0f}",
        )
        for one, ratio in zip(found["additions"], ratios, strict=True)
    ]
    text = (
        "32 clients add members, durably, each with event and counters; each confirmed addition was found in"
        " the database afterwards. The same transaction, as it was seen to run, in pgbench with 32 clients:"
        f" {pgbench:,.0f}/s (must: {OF_PGBENCH} of it).\n\n"
    )
    return (
        text
        + table(("to", "/s", "of pgbench", "p50 / p99 ms", "CPU µs + PostgreSQL's"), rows)
        + f"\n\nOne group takes members at {judged(hot / plain, OF_RANDOM)} of the rate of many"
        f" (must {OF_RANDOM})."
    )


def _costs(found: dict[str, Any]) -> str:
    rows = [
        (
            one["name"],
            f"{one['statements']:.1f}",
            judged(one["trips"], TRIPS.get(one["name"], one["trips"]), most=True),
            str(TRIPS.get(one["name"], "")),
        )
        for one in found["costs"]
    ]
    text = (
        "What requests say to PostgreSQL, on average, read from the wire; round trips with what begins and"
        " ends transactions and tidies connections up.\n\n"
    )
    held = found["connections"]
    return (
        text
        + table(("request", "statements", "round trips", "at most"), rows)
        + f"\n\nUnder 32 clients that write, a server of {found['workers']} workers held {held} connections;"
        f" {SERVERS} such servers hold {judged(SERVERS * held, CONNECTIONS - 1, most=True, digits=0)}"
        f" (must: fewer than {CONNECTIONS})."
    )


def _workers(measured: list[dict[str, Any]]) -> str:
    names = [rate["name"] for rate in measured[0]["rates"]]
    rows = [
        (
            one["engine"],
            str(one["workers"]),
            *(
                cell
                for rate in one["rates"]
                for cell in (f"{rate['per_second']:,.0f}", f"{rate['p50']:.1f} / {rate['p99']:.1f}")
            ),
        )
        for one in measured
    ]
    head = ("engine", "workers", *(cell for name in names for cell in (f"{name} /s", "p50 / p99 ms")))
    text = (
        "Workers of one server on one database, 32 connections, all servers in turn; any answer but the one"
        " that is due would have ended the run.\n\n"
    )
    return text + table(head, rows)
