"""From a seed file, or a request's body, to documents that `operations.seed` applies."""

import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from guildhall.model.errors import InvalidInput
from guildhall.model.seeds import KINDS, Located, OrganizationSeed, Section, SeedDocument
from guildhall.seeds.conversion import convert, nearest
from guildhall.seeds.jsons import as_yaml, read_json
from guildhall.seeds.lines import Advance, NotLines, Opener, read_lines
from guildhall.seeds.places import Lines, Malformed, NoLines, Problems, Source, SourcePlace, join, refusing
from guildhall.seeds.trees import decode, read_tree

MOST_BYTES_AT_ONCE = 64 << 20
"""A larger file must be of the form that an export writes, which is read line by line."""

_ALL = "organizations"
_FIELDS = ("organization", *Section)


def read_seed_file(path: Path, advance: Advance = lambda _: None) -> Sequence[SeedDocument]:
    """Return the documents of a file, read and checked; raises InvalidInput that names lines and fields.

    `advance` is told of bytes read; whoever goes through the documents reads a large file again.
    """
    if not path.is_file():
        with path.open("rb") as stream:
            return read_seed_stream(stream, str(path), advance)
    return _read(path.name, partial(_open, path), advance)


def read_seed_stream(
    stream: BinaryIO, name: str, advance: Advance = lambda _: None
) -> Sequence[SeedDocument]:
    """Return the documents of what can be read only once, such as a pipe; they read a copy again."""
    return _read(name, _copied(stream), advance)


def _copied(stream: BinaryIO) -> Opener:
    """Copy a stream to a file that is removed when nothing can open it any more, at the latest at exit."""
    descriptor, path = tempfile.mkstemp(prefix="guildhall-seed-")
    opener = partial(_open, Path(path))
    weakref.finalize(opener, os.unlink, path)
    with open(descriptor, "wb") as copy:  # noqa: PTH123 -- opens what mkstemp has made
        shutil.copyfileobj(stream, copy)
    return opener


def read_seed_text(data: bytes) -> Sequence[SeedDocument]:
    """Return the documents of a text in YAML; problems name lines and fields."""
    return _read(None, lambda: io.BytesIO(data), lambda _: None)


def read_seed_json(data: bytes) -> Sequence[SeedDocument]:
    """Return the documents of a text that must be JSON; problems name fields only."""
    with refusing(None):
        return _checked_documents(read_json(decode(data)), NoLines())


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _read(name: str | None, opener: Opener, advance: Advance) -> Sequence[SeedDocument]:
    problems = Problems()
    try:
        with refusing(name):
            documents = read_lines(name, opener, advance, problems)
    except NotLines as error:
        return _read_at_once(name, opener, error)
    problems.require_none()
    return documents


def _read_at_once(name: str | None, opener: Opener, reason: NotLines) -> Sequence[SeedDocument]:
    with opener() as stream:
        data = stream.read(MOST_BYTES_AT_ONCE + 1)
    with refusing(name):
        if len(data) > MOST_BYTES_AT_ONCE:
            hint = "a file of this size must have the form of an export, one object at the start of a line"
            raise Malformed(f"{reason.text.rstrip('.')}; {hint}.", reason.line)
        text = decode(data)
        if text.lstrip().startswith("{"):
            try:
                return _checked_documents(read_json(text), NoLines())
            except (Malformed, InvalidInput):
                # Read again, slowly: as YAML, which also knows the lines.
                text = as_yaml(text)
        tree = read_tree(text)
        return _checked_documents(tree.value, Lines(name, tree.lines))


def _checked_documents(value: Any, source: Source) -> Sequence[SeedDocument]:
    problems = Problems()
    documents = list(_documents(value, source, problems))
    problems.require_none()
    return documents


def _documents(value: Any, source: Source, problems: Problems) -> Iterator[SeedDocument]:
    if not isinstance(value, dict) or _ALL not in value:
        yield _document(value, SourcePlace(source, ""), problems)
        return
    for field in value:
        if field != _ALL:
            problems.add(SourcePlace(source, field), "", "must stand within one of the organizations.")
    entries = _as_list(value[_ALL], SourcePlace(source, _ALL), problems)
    for number, entry in enumerate(entries):
        yield _document(entry, SourcePlace(source, f"{_ALL}[{number}]"), problems)


def _document(value: Any, place: SourcePlace, problems: Problems) -> SeedDocument:
    if not isinstance(value, dict):
        problems.add(place, "", f"must be a mapping of {', '.join(_FIELDS)}.")
        return SeedDocument(place, None, {})
    for field in value:
        if field not in _FIELDS:
            problems.add(place, field, nearest(field, _FIELDS))
    organization = None
    if value.get("organization") is not None:
        inner = SourcePlace(place.source, join(place.path, "organization"))
        organization = Located(inner, convert(value["organization"], OrganizationSeed, inner, problems))
    sections = {
        section: _section(value[section], section, place, problems) for section in Section if section in value
    }
    return SeedDocument(place, organization, sections)


def _section(value: Any, section: Section, place: SourcePlace, problems: Problems) -> Any:
    path = join(place.path, section)
    items = []
    for number, item in enumerate(_as_list(value, SourcePlace(place.source, path), problems)):
        inner = SourcePlace(place.source, f"{path}[{number}]")
        items.append(Located(inner, convert(item, KINDS[section], inner, problems)))
    return lambda: iter(items)


def _as_list(value: Any, place: SourcePlace, problems: Problems) -> list[Any]:
    """Return a list; one that nothing was written into is empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        problems.add(place, "", "must be a list: lines that begin with a dash.")
        return []
    return value
