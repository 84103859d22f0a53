"""Reads one seed in a process of its own, within limits of time and memory (ADR 25).

`processes` starts it. It takes a text from its standard input and writes to its standard output what that
says, or what is wrong with it. Values travel as JSON that the other side decodes item by item, so that no
long step keeps it from answering others.
"""

import resource
import signal
import sys
from typing import Any

import msgspec

from guildhall.model.errors import InvalidInput
from guildhall.model.seeds import Located, Section, SeedDocument
from guildhall.seeds.places import Branch, LineTree, SourcePlace, line_of_tree
from guildhall.seeds.reading import read_seed_json, read_seed_text

READERS = {"yaml": read_seed_text, "json": read_seed_json}


class Item(msgspec.Struct, frozen=True, array_like=True):
    """An object of a seed, as JSON, and its lines where they mean something."""

    path: str
    lines: LineTree | None
    value: msgspec.Raw


class Document(msgspec.Struct, frozen=True, array_like=True):
    """What a seed says of one organization."""

    path: str
    lines: LineTree | None
    organization: Item | None
    sections: dict[Section, list[Item]]


class Read(msgspec.Struct, frozen=True):
    """What came of reading: documents, or what is wrong, or that memory did not suffice."""

    documents: list[Document] = []
    problems: list[str] = []
    out_of_memory: bool = False


def main(form: str, cpu_seconds: int, memory: int) -> None:
    """Read the standard input as `yaml` or `json`, within seconds and bytes of address space."""
    # An interrupt from a terminal is for the server, which drains first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        answer = msgspec.json.encode(_read(form, sys.stdin.buffer.read()))
    except MemoryError:
        answer = b'{"out_of_memory":true}'
    sys.stdout.buffer.write(answer)


def _read(form: str, data: bytes) -> Read:
    try:
        return Read(documents=[_document(found) for found in READERS[form](data)])
    except InvalidInput as error:
        return Read(problems=list(error.details))


def _document(document: SeedDocument) -> Document:
    place: Any = document.place
    organization = None if document.organization is None else _item(document.organization)
    sections = {section: _items(document, section) for section in document.sections}
    return Document(place.path, _outline(place.source.tree_of(place.path)), organization, sections)


def _outline(tree: LineTree | None) -> LineTree | None:
    """Return the lines of a document's sections without those of what is in them, which the items have."""
    if not isinstance(tree, Branch) or not isinstance(tree.below, dict):
        return tree
    return Branch(tree.line, {name: line_of_tree(below) for name, below in tree.below.items()})


def _items(document: SeedDocument, section: Section) -> list[Item]:
    return [_item(item) for item in document.items(section)]


def _item(item: Located[Any]) -> Item:
    place = item.place
    if not isinstance(place, SourcePlace):
        raise TypeError(f"a reader gave {place!r} for a place in its text")
    return Item(place.path, place.source.tree_of(place.path), msgspec.Raw(msgspec.json.encode(item.value)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
