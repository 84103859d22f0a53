"""Errors that say where in the seed file their cause stands."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from guildhall.model.errors import Conflict, GuildhallError, InvalidInput, Misplaced, NotFound
from guildhall.model.seeds import Place
from guildhall.model.times import parse_time

_parse_time = lru_cache(1_000)(parse_time)
"""Members of one group often came at one time."""

_FIELD = re.compile(r"([A-Za-z]\w*): (.*)", re.DOTALL)
_NAMED_OTHERWISE = {"resourceId": "id", "orgId": "id", "directoryId": "id"}


def misplaced(place: Place, field: str, text: str) -> Misplaced:
    """Return the error for a field of an object of the file."""
    return Misplaced(f"{place.where(field)}: {text}")


@contextmanager
def located(place: Place) -> Iterator[None]:
    """Let the errors that the rules raise say where their cause stands.

    What does not exist makes the file wrong, so it is InvalidInput here.
    """
    try:
        yield
    except Misplaced:
        raise
    except InvalidInput as error:
        raise InvalidInput(*(_relocated(place, detail) for detail in error.details)) from None
    except NotFound as error:
        raise InvalidInput(_relocated(place, error.detail)) from None
    except Conflict as error:
        raise _same(error, _relocated(place, error.detail)) from None


def _relocated(place: Place, detail: str) -> str:
    found = _FIELD.fullmatch(detail)
    if found is None:
        return f"{place.where()}: {detail}"
    return f"{place.where(_NAMED_OTHERWISE.get(found[1], found[1]))}: {found[2]}"


def _same(error: GuildhallError, detail: str) -> GuildhallError:
    return type(error)(detail)


def read_time(place: Place, field: str, text: Any) -> int:
    """Return the epoch milliseconds of a time in the file; raises InvalidInput."""
    milliseconds = _parse_time(text)
    if milliseconds is None:
        raise misplaced(place, field, "must be a time such as 2026-01-31T12:00:00.000Z, or a date.")
    return milliseconds
