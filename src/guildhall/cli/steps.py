"""Long work as a terminal shows it: one step after the other."""

import contextlib
from collections.abc import Callable, Iterator

from guildhall.cli.output import progress
from guildhall.store.maintenance.bulk import Step


@contextlib.contextmanager
def steps() -> Iterator[Step]:
    """Show the steps of the work, one after the other, each with what is done of it."""
    with contextlib.ExitStack() as shown:
        bars: dict[str, Callable[[int], None]] = {}

        def step(label: str, rows: int = 0, total: int | None = None) -> None:
            if label not in bars:
                shown.close()
                bars[label] = shown.enter_context(progress(label, total))
            bars[label](rows)

        yield step
