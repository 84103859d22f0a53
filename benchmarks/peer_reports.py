"""The report's section on other products."""

from typing import Any

from benchmarks.tables import judged, table

MEGABYTE = 1e6

_READS = {
    "get group by name": "get one group",
    "page of 20": "page of 20 groups",
    "page of 100": "page of 100 groups",
    "groups of a user": "groups of a user",
    "substring search": "search by six letters",
}
_WRITES = {"add to a small group": "random groups", "add to the largest group": "the largest group"}
"""What stands beside the operations of the peers."""

READS = tuple(_READS.values())


def beside_peers(results: dict[str, Any]) -> str:
    """Return the section: what each peer reaches, and Guildhall beside it."""
    rows, loads = [], []
    for peer in results["peers"]:
        held, name = peer["held"], f"{peer['peer']} {peer['version']}"
        loads.append(
            (
                name,
                *(f"{held[what]:,}" for what in ("groups", "users", "memberships")),
                f"{peer['load_seconds']:,.0f}",
                f"{peer['disk_bytes'] / MEGABYTE:,.0f}",
            )
        )
        for operation, one in peer["operations"].items():
            ours = _ours(results, operation)
            rate, first = ours["per_second"], ours.get("first_per_second")
            rows.append(
                (
                    name,
                    f"{held['groups']:,}",
                    operation,
                    f"{one['per_second']:,.0f}",
                    f"{rate:,.0f}",
                    judged(rate / one["per_second"], 1),
                    *((f"{first:,.0f}", judged(first / one["per_second"], 1)) if first else ("", "")),
                    f"{one['p50_ms']:.2f} / {one['p99_ms']:.2f}",
                    f"{one['server_cpu_us']:.0f}",
                    f"{ours['cpu']:.0f}",
                )
            )
    text = (
        f"Guildhall holds {results['groups']:,} groups in each row, whatever the peer holds, and is asked for"
        " a group by its id, as its clients do. Each is asked by 32 clients at once. As with peers, the same"
        " reads come again and again; beside them stands what it reaches when each comes for the first time."
        " Ahead is more than 1."
    )
    notes = [f"- {peer['peer']}: {note}" for peer in results["peers"] for note in peer["notes"]]
    head = (
        *("peer", "groups", "operation", "/s", "Guildhall /s", "ratio", "first /s", "ratio"),
        *("p50 / p99 ms", "CPU µs", "Guildhall's"),
    )
    held_head = ("peer", "groups", "users", "memberships", "seconds to load", "MB on disk")
    return "\n\n".join(["## Peers", text, table(head, rows), table(held_head, loads), "\n".join(notes)])


def _ours(results: dict[str, Any], operation: str) -> dict[str, Any]:
    """Return what was measured of Guildhall beside an operation of a peer."""
    name = _READS.get(operation) or _WRITES[operation]
    measured: list[dict[str, Any]] = results["reads beside peers" if operation in _READS else "writes"]
    return next(one for one in measured if one["name"] == name)
