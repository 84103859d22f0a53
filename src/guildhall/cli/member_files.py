"""Files that name users: an id or e-mail address a line, or CSV with a header."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from guildhall.cli.exit_codes import ExitCode, Failure
from guildhall.model.names import fold

# What programs that write such files call these columns, without spaces, lines and case.
_IDS = frozenset({"accountid", "userid", "id"})
_ADDRESSES = frozenset({"email", "emailaddress", "mail"})


def read_users(file: BinaryIO) -> tuple[list[str], str]:
    """Return the users that a file names, each once and in order, and a sentence that says what was read."""
    rows = _rows(file)
    columns = _columns(rows[0]) if rows else []
    if columns:
        read = " or ".join(repr(rows[0][column]) for column in columns)
        found = [_first(row, columns) for row in rows[1:]]
        where = f"the column {read}"
    elif any(len(row) > 1 for row in rows):
        detail = "several columns need a header with accountId or email"
        raise Failure(f"{_name(file)}: {detail}", ExitCode.USAGE)
    else:
        found, where = [row[0] for row in rows], "one a line"
    users = list(dict.fromkeys(user for user in found if user))
    if not users:
        raise Failure(f"{_name(file)} names no user", ExitCode.USAGE)
    return users, f"Read {len(users)} users from {_name(file)}, {where}"


def _name(file: BinaryIO) -> str:
    name = getattr(file, "name", "-")
    return Path(name).name if isinstance(name, str) and name not in ("-", "<stdin>") else "the standard input"


def _rows(file: BinaryIO) -> list[list[str]]:
    try:
        text = file.read().decode("utf-8-sig")
        heading = text.partition("\n")[0]
        # Spreadsheets of many countries write semicolons; a bare line has none of the three.
        delimiter = max(",;\t", key=heading.count)
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Failure(f"{_name(file)} is no text in UTF-8 or no CSV: {error}", ExitCode.USAGE) from error
    return [cells for row in rows if any(cells := [cell.strip() for cell in row])]


def _columns(heading: Sequence[str]) -> list[int]:
    """Return the columns of ids, then those of e-mail addresses, that a header names."""
    named = ["".join(character for character in fold(cell) if character.isalnum()) for cell in heading]
    ids = [index for index, name in enumerate(named) if name in _IDS]
    return ids + [index for index, name in enumerate(named) if name in _ADDRESSES]


def _first(row: Sequence[str], columns: Sequence[int]) -> str:
    return next((row[column] for column in columns if column < len(row) and row[column]), "")
