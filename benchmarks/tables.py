"""Tables of the report, in Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def judged(value: float, must: float, *, most: bool = False, digits: int = 2) -> str:
    """Return a figure, in bold where it is less than it must be, or more where that is the most."""
    good = value <= must if most else value >= must
    return f"{value:,.{digits}f}" if good else f"**{value:,.{digits}f}**"
