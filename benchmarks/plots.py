"""The report's plots: how cost grows with the number of groups, and how long requests take under load."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

FOLDER = Path(__file__).parent / "plots"
GROWTH, LATENCY = "growth.svg", "latency.svg"

_COLUMNS = 3
_SEARCHES, _MASS = "substring search", "changes of the largest group"
_PERCENTILES = ("p50", "p90", "p99", "p999")

# The same figures give the same file.
mpl.rcParams["svg.hashsalt"] = "guildhall"
mpl.rcParams["svg.fonttype"] = "none"
mpl.use("svg")


def draw(results: dict[str, Any]) -> None:
    """Write both plots of a full run."""
    FOLDER.mkdir(exist_ok=True)
    _draw_growth(results["sizes"])
    _draw_latency(results)


def _draw_growth(sizes: dict[str, Any]) -> None:
    groups = [int(size) for size in sizes]
    names = [read["name"] for read in next(iter(sizes.values()))["reads"]]
    figure, panels = _panels([*names, "add a member", _SEARCHES, _MASS])
    for name, panel in panels.items():
        for label, measured in _lines(sizes, name).items():
            panel.plot(groups, measured, marker="o", label=label)
        unit = "seconds" if name == _MASS else "requests/s"
        panel.set(title=name, xscale="log", xlabel="groups", ylabel=unit)
        panel.set_ylim(bottom=0)
        panel.legend()
    _save(figure, GROWTH)


def _lines(sizes: dict[str, Any], name: str) -> dict[str, list[float | None]]:
    if name == "add a member":
        return {"durable": [size["added"]["per_second"] for size in sizes.values()]}
    if name == _SEARCHES:
        return _each(sizes, "searches", lambda one: one["load"]["requests"] / one["load"]["seconds"])
    if name == _MASS:
        return _each(sizes, "mass", lambda one: one["seconds"])
    reads = [next(read for read in size["reads"] if read["name"] == name) for size in sizes.values()]
    return {
        "asked again": [read["per_second"] for read in reads],
        "asked for the first time": [read["first_per_second"] for read in reads],
    }


def _each(
    sizes: dict[str, Any], part: str, figure: Callable[[dict[str, Any]], float]
) -> dict[str, list[float | None]]:
    """Return a line for each kind of a part; what a name says of one size only is left out."""
    found: dict[str, list[float | None]] = {}
    for size in sizes.values():
        for one in size[part]:
            found.setdefault(one["name"].partition(" (")[0], []).append(figure(one))
    return found


def _draw_latency(results: dict[str, Any]) -> None:
    loads = {one["name"]: one["load"] for one in results["searches"]}
    loads |= {f"{one['name']}, beside {one['writes']}": one["load"] for one in results["beside"]}
    loads |= {f"add to {one['name']}": one for one in results["writes"]}
    figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
    for name, load in loads.items():
        known = [percentile for percentile in _PERCENTILES if percentile in load]
        axes.plot(known, [load[percentile] for percentile in known], marker="o", label=name)
    axes.set(title="Latency under load", yscale="log", ylabel="milliseconds")
    axes.legend(fontsize="small")
    _save(figure, LATENCY)


def _panels(names: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    rows = -(-len(names) // _COLUMNS)
    figure, axes = plt.subplots(rows, _COLUMNS, figsize=(12, 3 * rows), layout="constrained")
    panels = dict(zip(names, axes.flat, strict=False))
    for empty in list(axes.flat)[len(names) :]:
        empty.set_axis_off()
    return figure, panels


def _save(figure: Any, name: str) -> None:
    figure.savefig(FOLDER / name, metadata={"Date": None})
    plt.close(figure)
