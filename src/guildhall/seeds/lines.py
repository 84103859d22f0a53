"""Seed files of lines, as an export writes them: read item by item, whatever their size.

A file of lines is YAML of a narrow form: at the left edge stand the names of sections and, below
them, `- {` with an object that may go on in indented lines. With `organizations:` on top all that is
two blanks further in. What is not of this form is read as a whole, by `guildhall.seeds.trees`.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple

from guildhall.model.seeds import KINDS, Located, OrganizationSeed, Section, SeedDocument
from guildhall.seeds.conversion import convert
from guildhall.seeds.jsons import as_yaml, read_json
from guildhall.seeds.places import (
    LineTree,
    Malformed,
    Problems,
    SourcePlace,
    line_of_tree,
    moved,
    nearest_tree,
)
from guildhall.seeds.trees import decode, read_tree

Opener = Callable[[], BinaryIO]
Advance = Callable[[int], object]

_BLANK = b" \t\r\n"
_MARKS = (b"---", b"...")
_ALL = b"organizations"


class NotLines(Exception):
    """The text is not of this form, from `line` on."""

    def __init__(self, line: int, text: str = "is not one of sections, items and continued items") -> None:
        super().__init__(text)
        self.line = line
        self.text = text


class _Head(NamedTuple):
    """The name of a section; `offset` and `line` are those of what follows."""

    name: bytes
    inline: bytes | None
    first: bool
    """Whether it is the first of another organization of a list."""
    offset: int
    line: int


class _Item(NamedTuple):
    text: bytes
    line: int


class _Position(NamedTuple):
    offset: int
    line: int
    nested: bool


class ItemSource:
    """One item's text, whose inner lines are looked for only when something is wrong with it."""

    def __init__(self, name: str | None, path: str, item: _Item) -> None:
        self.name = name
        self._path = path
        self._item = item

    def line_of(self, path: str) -> int | None:
        """Return the line in the whole file."""
        return line_of_tree(self.tree_of(path))

    def tree_of(self, path: str) -> LineTree:
        """Return the lines in the whole file."""
        return nearest_tree(self._lines, path.removeprefix(self._path))

    @cached_property
    def _lines(self) -> LineTree:
        first = self._item.line
        if b"\n" not in self._item.text.rstrip():
            return first
        try:
            inner = read_tree(as_yaml(decode(self._item.text))).lines
        except Malformed:
            return first
        return moved(nearest_tree(inner, "[0]"), first - 1)


def read_lines(name: str | None, opener: Opener, advance: Advance, problems: Problems) -> list[SeedDocument]:
    """Return the documents of a file of lines, every item of which was read and checked once.

    Raises NotLines when the file has another form, and Malformed for a section that stands twice.
    """
    reader = _Reader(name, opener, advance, problems)
    with opener() as stream:
        return reader.documents(stream)


class _Reader:
    def __init__(self, name: str | None, opener: Opener, advance: Advance, problems: Problems) -> None:
        self._name = name
        self._opener = opener
        self._advance = advance
        self._problems = problems
        self._documents: list[SeedDocument] = []
        self._nested = False
        self._last_line = 1

    def documents(self, stream: BinaryIO) -> list[SeedDocument]:
        """Read everything once."""
        section: Section | None = None
        number = 0
        for token in _tokens(stream, _Position(0, 1, nested=False), self._advance):
            if isinstance(token, _Head):
                section, number = self._begin(token), 0
            elif section is None:
                raise NotLines(token.line)
            else:
                path = f"{self._path()}{section}[{number}]"
                _convert(self._name, path, token, section, self._problems)
                number += 1
        if not self._documents:
            raise NotLines(1)
        return self._documents

    def _path(self) -> str:
        return f"organizations[{len(self._documents) - 1}]." if self._nested else ""

    def _begin(self, head: _Head) -> Section | None:
        name = head.name.decode("ascii", "replace")
        line = head.line - 1
        if head.name == _ALL and not self._documents and not self._nested and head.inline is None:
            self._nested = True
            return None
        if head.first or (not self._documents and not self._nested):
            place = SourcePlace(ItemSource(self._name, "", _Item(b"", line)), self._path().rstrip("."))
            self._documents.append(SeedDocument(place, None, {}))
        if name == "organization":
            self._organization(head, line)
            return None
        if name not in set(Section) or not self._documents or (head.inline or b"[]") != b"[]":
            raise NotLines(line)
        return self._section(Section(name), head, line)

    def _organization(self, head: _Head, line: int) -> None:
        document = self._documents[-1]
        path = self._path() + "organization"
        if document.organization is not None:
            raise Malformed("stands here twice.", line, path)
        if head.inline is None:
            raise NotLines(line)
        item = _Item(b"- " + head.inline, line)
        place = SourcePlace(ItemSource(self._name, path, item), path)
        value = convert(_value(item), OrganizationSeed, place, self._problems)
        found = Located(place, value)
        self._documents[-1] = SeedDocument(document.place, found, document.sections)

    def _section(self, section: Section, head: _Head, line: int) -> Section:
        document, path = self._documents[-1], self._path() + section
        if section in document.sections:
            raise Malformed("stands here twice.", line, path)
        start = _Position(head.offset, head.line, self._nested)
        sections = {**document.sections, section: self._rereader(section, path, start)}
        self._documents[-1] = SeedDocument(document.place, document.organization, sections)
        return section

    def _rereader(
        self, section: Section, path: str, start: _Position
    ) -> Callable[[], Iterator[Located[Any]]]:
        def read() -> Iterator[Located[Any]]:
            problems = Problems()
            with self._opener() as stream:
                stream.seek(start.offset)
                for number, token in enumerate(_tokens(stream, start, self._advance)):
                    if isinstance(token, _Head):
                        break
                    yield _convert(self._name, f"{path}[{number}]", token, section, problems)
                    problems.require_none()

        return read


def _convert(name: str | None, path: str, item: _Item, section: Section, problems: Problems) -> Located[Any]:
    place = SourcePlace(ItemSource(name, path, item), path)
    return Located(place, convert(_value(item), KINDS[section], place, problems))


def _value(item: _Item) -> Any:
    """Return what an item's text says, as JSON when it is some, else as YAML."""
    try:
        text = decode(item.text)
        try:
            return read_json(text[2:])
        except Malformed:
            return read_tree(as_yaml(text)).value[0]
    except Malformed as error:
        raise NotLines(item.line + (error.line or 1) - 1, error.text) from None


def _tokens(stream: BinaryIO, start: _Position, advance: Advance) -> Iterator[_Head | _Item]:
    """Cut the text into heads and items; raises NotLines for a line that is neither."""
    offset, number, nested = start
    parts: list[bytes] = []
    first_line = number
    ended = False
    for raw in stream:
        advance(len(raw))
        offset += len(raw)
        number += 1
        first = nested and raw.startswith(b"- ")
        line = raw[2:] if first or (nested and raw.startswith(b"  ")) else raw
        if line.startswith(b"- {") and not ended:
            if parts:
                yield _Item(b"".join(parts), first_line)
            parts, first_line = [line], number - 1
        elif parts and (line.startswith((b" ", b"\n", b"\r", b"#"))):
            parts.append(line)
        else:
            if parts:
                yield _Item(b"".join(parts), first_line)
            parts = []
            head = _head(line)
            if head is not None and not ended:
                yield _Head(*head, first, offset, number)
                nested = nested or head[0] == _ALL
            elif not _stands_beside(line) or (line.startswith(b"---") and number - 1 > start.line):
                raise NotLines(number - 1)
            ended = ended or line.startswith(b"...")
    if parts:
        yield _Item(b"".join(parts), first_line)


def _head(line: bytes) -> tuple[bytes, bytes | None] | None:
    """Return the name of a section and what stands behind it in its line, or None when it is no such line."""
    name, colon, behind = line.partition(b":")
    inline = behind.strip(_BLANK)
    if not colon or not name.isalpha():
        return None
    if not inline:
        return name, None
    return (name, inline) if inline == b"[]" or (inline[:1], inline[-1:]) == (b"{", b"}") else None


def _stands_beside(line: bytes) -> bool:
    """Return whether a line says nothing: it is empty, a comment, or a mark of where a document is cut."""
    return line.strip(_BLANK)[:1] in (b"", b"#") or line.rstrip(_BLANK) in _MARKS
