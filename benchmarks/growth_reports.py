"""The report's section on how cost grows with the number of groups."""

from typing import Any

from benchmarks.tables import judged, table

_FULL_FROM = {"v1 search of 1000 groups": 10_000}
"""Groups from which on there is enough for a whole page: nothing smaller is compared with."""


def growth(sizes: dict[str, Any]) -> str:
    """Return the section: what each size reaches, the largest beside the smallest."""
    smallest = next(iter(sizes.values()))
    names = [read["name"] for read in smallest["reads"]]
    rows = []
    for name in [*names, "add a member"]:
        rates = [_rate(size, name) for size in sizes.values()]
        must = 0.45 if name == "add a member" else 0.8
        compared = {groups: size for groups, size in sizes.items() if int(groups) >= _FULL_FROM.get(name, 0)}
        ratio = judged(rates[-1] / rates[-len(compared)], must)
        rows.append(
            (name, *(f"{rate:,.0f}" for rate in rates), ratio, _growth_of_first(compared, name), f"{must}")
        )
    for number, search in enumerate(smallest["searches"]):
        found = [size["searches"][number]["load"] for size in sizes.values()]
        rates = [one["requests"] / one["seconds"] for one in found]
        rows.append(
            (_kind(search), *(f"{rate:,.0f}" for rate in rates), f"{rates[-1] / rates[0]:.2f}", "", "")
        )
    groups = [f"{int(groups):,} groups" for groups in sizes]
    head = ("requests/s", *groups, "largest of smallest", "first: largest of smallest", "must")
    plots = "![How cost grows](plots/growth.svg)\n\n![Latency under load](plots/latency.svg)"
    changes = [
        (one["name"], *(f"{size['mass'][number]['seconds']:.3f}" for size in sizes.values()))
        for number, one in enumerate(smallest["mass"])
    ]
    masses = table(("the largest group, seconds", *groups), changes)
    text = (
        "Rates are of as many different requests at each size, sent over and over: where there are fewer"
        " pages, the same ones are asked for in other words. The column of the first time sets the largest"
        " size against the smallest. Pages of 1,000 groups are full, and compared, from 10,000 groups on."
    )
    return "\n\n".join(["## How cost grows", text, table(head, rows), masses, plots])


def _growth_of_first(sizes: dict[str, Any], name: str) -> str:
    """Return the rate of first requests at the largest size, of that at the smallest size that has one."""
    rates = [
        read["first_per_second"] for size in sizes.values() for read in size["reads"] if read["name"] == name
    ]
    known = [rate for rate in rates if rate is not None]
    return judged(known[-1] / known[0], 0.8) if len(known) > 1 and rates[-1] is not None else ""


def _kind(search: dict[str, Any]) -> str:
    return str(search["name"]).partition(" (")[0]


def _rate(size: dict[str, Any], name: str) -> float:
    if name == "add a member":
        return float(size["added"]["per_second"])
    return float(next(read["per_second"] for read in size["reads"] if read["name"] == name))
