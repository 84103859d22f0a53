"""How far the store walks and gathers: what is read must not depend on it."""

import contextlib
from unittest import mock

from guildhall.store.lists import plans as drivers

REACHES = (1, 5, 20, drivers.STRETCH)
"""Rows that are walked or gathered before the store looks for another way."""


@contextlib.contextmanager
def reaching(rows):
    """Let the store change its mind after so many rows, as it would among many more."""
    with (
        mock.patch.object(drivers, "FEW", rows),
        mock.patch.object(drivers, "STRETCH", rows),
        mock.patch.object(drivers, "MOST_GATHERED", 3 * rows),
    ):
        yield
