"""Where things stand in a seed file, and what is wrong there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn, Protocol

import msgspec

from guildhall.model.errors import InvalidInput
from guildhall.model.seeds import Place

MOST_PROBLEMS = 50
"""So many are told; of more, only how many there are."""


MOST_NAME_CHARACTERS = 255
"""Of a field; the longest that means something is the id of a resource."""

_STEP = re.compile(r"\[(\d{1,9})\]|([^.\[\]]+)", re.ASCII)


class Branch(msgspec.Struct, frozen=True, array_like=True):
    """The line of a mapping or a list, and the lines of what is in it."""

    line: int
    below: "dict[str, LineTree] | list[LineTree]"


LineTree = int | Branch
"""The lines of a value and of all that is in it; a number alone when all of that stands in one line."""


def plant(line: int, below: dict[str, LineTree] | list[LineTree]) -> LineTree:
    """Return the lines of a mapping or list that begins in `line`."""
    parts = below.values() if isinstance(below, dict) else below
    return line if all(part == line for part in parts) else Branch(line, below)


def line_of_tree(tree: LineTree) -> int:
    """Return the line in which a value begins."""
    return tree if isinstance(tree, int) else tree.line


def nearest_line(tree: LineTree, path: str) -> int:
    """Return the line of what `path` leads to, or of the nearest thing that holds it."""
    return line_of_tree(nearest_tree(tree, path))


def nearest_tree(tree: LineTree, path: str) -> LineTree:
    """Return the lines of what `path` leads to, or of the nearest thing that holds it."""
    for index, name in _STEP.findall(path):
        below = None if isinstance(tree, int) else _below(tree, index, name)
        if below is None:
            break
        tree = below
    return tree


def moved(tree: LineTree, lines: int) -> LineTree:
    """Return the lines of a value that stands so many lines further down."""
    if isinstance(tree, int):
        return tree + lines
    if isinstance(tree.below, dict):
        return Branch(tree.line + lines, {name: moved(below, lines) for name, below in tree.below.items()})
    return Branch(tree.line + lines, [moved(below, lines) for below in tree.below])


def _below(branch: Branch, index: str, name: str) -> LineTree | None:
    if isinstance(branch.below, dict):
        return branch.below.get(name)
    return branch.below[int(index)] if index and int(index) < len(branch.below) else None


def require_short_name(name: str, line: int | None = None) -> None:
    """Raise Malformed for the name of a field that is longer than any that means something."""
    if len(name) > MOST_NAME_CHARACTERS:
        text = f"the name of a field has {len(name)} characters, {name[:20]}…; {MOST_NAME_CHARACTERS} can be."
        raise Malformed(text, line)


class Source(Protocol):
    """A text that paths lead into."""

    @property
    def name(self) -> str | None:
        """The file's name for messages; None for a request's body."""
        ...

    def line_of(self, path: str) -> int | None:
        """Return the line at which what `path` leads to stands, or None when that is not known."""
        ...

    def tree_of(self, path: str) -> LineTree | None:
        """Return the lines of what `path` leads to, or None when they are not known."""
        ...


class Lines(msgspec.Struct, frozen=True):
    """A text whose lines are known, or the part of one that `root` leads to."""

    name: str | None
    lines: LineTree
    root: str = ""

    def line_of(self, path: str) -> int | None:
        """Return the line of the nearest thing around `path` that has one."""
        return line_of_tree(self.tree_of(path))

    def tree_of(self, path: str) -> LineTree:
        """Return the lines of the nearest thing around `path` that has some."""
        return nearest_tree(self.lines, path.removeprefix(self.root))


class NoLines(msgspec.Struct, frozen=True):
    """A text whose lines mean nothing to its reader, such as a body of JSON."""

    name: str | None = None

    def line_of(self, path: str) -> int | None:
        """Return None."""
        del path
        return None

    def tree_of(self, path: str) -> LineTree | None:
        """Return None."""
        del path
        return None


class SourcePlace(msgspec.Struct, frozen=True):
    """An object in a source."""

    source: Source
    path: str

    def where(self, field: str = "") -> str:
        """Return e.g. `demo.yaml:12: users[3].email`."""
        path = join(self.path, field)
        return prefix(self.source.name, self.source.line_of(path), path)


def join(path: str, field: str) -> str:
    """Return the path of a field, or of an element, of what `path` leads to."""
    return f"{path}.{field}" if path and field and not field.startswith("[") else path + field


def prefix(name: str | None, line: int | None, path: str) -> str:
    """Return what the text of a problem begins with."""
    if line is None:
        parts = [name, path]
    elif name is None:
        parts = [f"line {line}", path]
    else:
        parts = [f"{name}:{line}", path]
    return ": ".join(part for part in parts if part)


class Problems:
    """What is wrong with a text, gathered so that one reading finds more than one mistake."""

    def __init__(self) -> None:
        self._details: list[str] = []
        self._more = 0

    def add(self, place: Place, field: str, text: str) -> None:
        """Note a problem of a field of what stands at a place; its line is looked up for the first ones."""
        if len(self._details) >= MOST_PROBLEMS:
            self._more += 1
            return
        where = place.where(field)
        self._details.append(f"{where}: {text}" if where else text)

    def require_none(self) -> None:
        """Raise InvalidInput when something is wrong."""
        if self._more:
            raise InvalidInput(*self._details, f"There are {self._more} more mistakes; these are the first.")
        if self._details:
            raise InvalidInput(*self._details)


class Malformed(Exception):
    """A text that is not well formed, so that nothing behind the place can be read."""

    def __init__(self, text: str, line: int | None = None, path: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.line = line
        self.path = path

    def refuse(self, name: str | None) -> NoReturn:
        """Raise InvalidInput in the words of the file's reader."""
        where = prefix(name, self.line, self.path)
        raise InvalidInput(f"{where}: {self.text}" if where else self.text) from None


@contextmanager
def refusing(name: str | None) -> Iterator[None]:
    """Turn a Malformed into InvalidInput that names the file."""
    try:
        yield
    except Malformed as error:
        error.refuse(name)
