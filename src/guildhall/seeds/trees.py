"""YAML as values and the lines they stand in.

What is read is the plain part of YAML that JSON also knows: mappings, lists, texts, numbers, true,
false and null. Anchors, aliases and tags are refused, so that a small file cannot become a large one.
A plain word is a text unless it is a number of at most 15 digits, true, false, null or ~; `no`, times
and ids of digits therefore need no quotes.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from guildhall.seeds.places import Malformed, join

DEEPEST = 8
"""Levels that a seed file can have; no field needs more."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_UTF8_MARK = b"\xef\xbb\xbf"


class Tree(NamedTuple):
    """A value and the line of everything in it, by path; lines count from 1."""

    value: Any
    lines: dict[str, int]


def decode(data: bytes) -> str:
    """Return the text of a file; raises Malformed unless it is UTF-8."""
    try:
        return data.removeprefix(_UTF8_MARK).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Malformed("is not UTF-8; save the file in that encoding.", line) from None


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
        self._lines: dict[str, int] = {}

    def document(self) -> Tree:
        """Return the only document there is."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise Malformed("is empty.", 1)
        value = self._value(next(self._events), "", 0)
        next(self._events)
        more = next(self._events)
        if not isinstance(more, yaml.StreamEndEvent):
            text = "a second document begins; a file has one, with several organizations under organizations:"
            raise Malformed(f"{text}.", _line(more))
        return Tree(value, self._lines)

    def _value(self, event: Any, path: str, depth: int) -> Any:
        self._lines.setdefault(path, _line(event))
        if isinstance(event, yaml.AliasEvent):
            raise Malformed("anchors and aliases (&x, *x) cannot be used; write it out.", _line(event), path)
        if event.tag is not None:
            raise Malformed(f"tags such as {event.tag[:40]} cannot be used.", _line(event), path)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, path)
        if depth == DEEPEST:
            raise Malformed("is nested too deeply.", _line(event), path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth)
        return self._mapping(path, depth)

    def _list(self, path: str, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, f"{path}[{len(items)}]", depth + 1))
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise Malformed("the name of a field must be a word.", _line(event), path)
            below = join(path, event.value)
            if event.value in fields:
                text = f"stands here twice; the first is in line {self._lines[below]}."
                raise Malformed(text, _line(event), below)
            self._lines[below] = _line(event)
            fields[event.value] = self._value(next(self._events), below, depth + 1)
        return fields


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _scalar(event: Any, path: str) -> Any:
    text: str = event.value
    if "\0" in text:
        raise Malformed("holds a NUL, which cannot be kept.", _line(event), path)
    if not event.implicit[0]:
        return text
    word = text if text in _WORDS else text.lower()
    if word in _WORDS:
        return _WORDS[word]
    return int(text) if _NUMBER.fullmatch(text) else text
