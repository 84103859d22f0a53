"""YAML as values and the lines they stand in.

What is read is the plain part of YAML that JSON also knows: mappings, lists, texts, numbers, true,
false and null. Anchors, aliases and tags are refused, so that a small file cannot become a large one.
A plain word is a text unless it is a number of at most 15 digits, true, false, null or ~; `no`, times
and ids of digits therefore need no quotes.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import yaml

from guildhall.seeds.places import LineTree, Malformed, join, line_of_tree, plant, require_short_name

DEEPEST = 8
"""Levels that a seed file can have; no field needs more."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_LONGEST_WORD = 16
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Tree(NamedTuple):
    """A value, and the line of everything in it; lines count from 1."""

    value: Any
    lines: LineTree


def decode(data: bytes) -> str:
    """Return the text of a file; raises Malformed unless it is UTF-8."""
    _require_no_utf16(data)
    try:
        return data.removeprefix(_UTF8_MARK).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{data[error.start]:02X} at column {_column(data, error.start)}"
        raise Malformed(f"is not UTF-8 ({what}); save the file in UTF-8.", line) from None


def _require_no_utf16(data: bytes) -> None:
    """Say what else a file is by its first bytes: a byte order mark, or a NUL beside a letter."""
    if data[:2] in _UTF16_MARKS or b"\0" in data[:2]:
        raise Malformed("is UTF-16; save the file in UTF-8.", 1)


def _column(data: bytes, position: int) -> int:
    return position - data.rfind(b"\n", 0, position)


def read_tree(text: str) -> Tree:
    """Return the one document of a YAML text; raises Malformed."""
    try:
        return _Composer(yaml.parse(text, Loader=yaml.CSafeLoader)).document()
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        character = error.character if isinstance(error.character, int) else ord(error.character)
        raise Malformed(f"the character U+{character:04X} must not stand in a file.", line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.problem, error.context) if part)
        # The parser puts what is missing at the end behind the last line.
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        raise Malformed(f"is not well-formed YAML: {said}.", line) from None


class _Composer:
    """Builds the value from the parser's events, at most `DEEPEST` levels deep."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._steps: list[str] = []
        """The way to where the parser is: joined to a path only for an error, or a long name would be
        copied for each of its items."""

    def document(self) -> Tree:
        """Return the only document there is."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise Malformed("is empty.", 1)
        first = next(self._events)
        tree = self._value(first, _line(first))
        next(self._events)
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            text = "a second document begins; a file has one, with several organizations under organizations:"
            raise Malformed(f"{text}.", _line(more))
        return tree

    def _value(self, event: Any, line: int) -> Tree:
        """Return the value that begins with an event; `line` is that of its name, if it has one."""
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "anchors and aliases (&x, *x) cannot be used; write it out.")
        if event.tag is not None:
            self._refuse(event, f"tags such as {event.tag[:40]} cannot be used.")
        if isinstance(event, yaml.ScalarEvent):
            return Tree(self._scalar(event), line)
        if len(self._steps) == DEEPEST:
            self._refuse(event, "is nested too deeply.")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(line)
        return self._mapping(line)

    def _list(self, line: int) -> Tree:
        items: list[Any] = []
        lines: list[LineTree] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            self._steps.append(f"[{len(items)}]")
            value, below = self._value(event, _line(event))
            self._steps.pop()
            items.append(value)
            lines.append(below)
        return Tree(items, plant(line, lines))

    def _mapping(self, line: int) -> Tree:
        fields: dict[str, Any] = {}
        lines: dict[str, LineTree] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._name(event)
            self._steps.append(name)
            if name in fields:
                first = line_of_tree(lines[name])
                self._refuse(event, f"stands here twice; the first is in line {first}.")
            fields[name], lines[name] = self._value(next(self._events), _line(event))
            self._steps.pop()
        return Tree(fields, plant(line, lines))

    def _name(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "the name of a field must be a word.")
        name: str = event.value
        require_short_name(name, _line(event))
        return name

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if "\0" in text:
            self._refuse(event, "holds a NUL, which cannot be kept.")
        if not event.implicit[0] or len(text) > _LONGEST_WORD:
            return text
        word = text if text in _WORDS else text.lower()
        if word in _WORDS:
            return _WORDS[word]
        return int(text) if _NUMBER.fullmatch(text) else text

    def _refuse(self, event: Any, text: str) -> NoReturn:
        path = ""
        for step in self._steps:
            path = join(path, step)
        raise Malformed(text, _line(event), path)


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
