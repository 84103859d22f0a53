"""The report's section on other products."""

from typing import Any

from benchmarks.tables import judged, table

MEGABYTE = 1e6

OURS = {
    "get group by name": ("reads", "get one group"),
    "page of 20": ("reads", "page of 20 groups"),
    "page of 100": ("reads", "page of 100 groups"),
    "groups of a user": ("reads", "groups of a user"),
    "substring search": ("reads", "search by six letters"),
    "add to a small group": ("writes", "random groups"),
    "add to the largest group": ("writes", "the largest group"),
}
"""What stands beside the operations of the peers."""


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
            ours, first = _ours(results, operation)
            rows.append(
                (
                    name,
                    f"{held['groups']:,}",
                    operation,
                    f"{one['per_second']:,.0f}",
                    f"{ours:,.0f}",
                    judged(ours / one["per_second"], 1),
                    *((f"{first:,.0f}", judged(first / one["per_second"], 1)) if first else ("", "")),
                    f"{one['p50_ms']:.2f} / {one['p99_ms']:.2f}",
                    f"{one['server_cpu_us']:.0f}",
                )
            )
    text = (
        f"Guildhall holds {results['groups']:,} groups in each row, whatever the peer holds, and is asked for"
        " a group by its id, as its clients do. As with peers, the same reads come again and again; beside"
        " them stands what it reaches when each comes for the first time. Its additions come from 32 clients."
        " Ahead is more than 1."
    )
    notes = [f"- {peer['peer']}: {note}" for peer in results["peers"] for note in peer["notes"]]
    head = (
        *("peer", "groups", "operation", "/s", "Guildhall /s", "ratio", "first /s", "ratio"),
        *("p50 / p99 ms", "CPU µs"),
    )
    held_head = ("peer", "groups", "users", "memberships", "seconds to load", "MB on disk")
    return "\n\n".join(["## Peers", text, table(head, rows), table(held_head, loads), "\n".join(notes)])


def _ours(results: dict[str, Any], operation: str) -> tuple[float, float | None]:
    """Return what Guildhall reaches, and what it does with requests that come for the first time."""
    kind, name = OURS[operation]
    one = next(one for one in results[kind] if one["name"] == name)
    return float(one["per_second"]), one.get("first_per_second")
