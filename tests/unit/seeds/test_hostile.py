"""Texts of a megabyte that are made to be read slowly: each is read, or refused, in time that grows with its
length. Reading one of them in steps whose number is the square of that takes hours."""

import tracemalloc
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import msgspec
import pytest

from guildhall.model.errors import InvalidInput
from guildhall.model.seeds import KINDS, OrganizationSeed
from guildhall.seeds.reading import read_seed_json, read_seed_text

LENGTH = 1 << 20
FIELDS = 60_000

YAML = {
    "blanks behind a name": b"a:" + b" " * LENGTH + b"x",
    "a brace that never ends": b"a:{" + b" }" * (LENGTH // 2) + b"x",
    "a long name": b"? " + b"k" * LENGTH + b"\n: [" + b"1," * 1_000 + b"1]",
    "a long name over many items": b"? " + b"k" * (LENGTH // 2) + b"\n: [" + b"1," * (LENGTH // 4) + b"1]",
    "a name of many dots": b"users:\n- {name: A, lastActive: {" + b"a.[" * (LENGTH // 3) + b": 1}}",
    "unknown fields": b"users:\n- {" + b",".join(b"f%d: 1" % n for n in range(FIELDS)) + b"}",
    "fields twice": b"users:\n- {" + b",".join(b"f%d: 1" % n for n in range(FIELDS)) + b",f1: 1}",
    "aliases": b"a: &a [1]\nb: [" + b"*a," * (LENGTH // 3) + b"*a]",
    "open lists": b"[" * LENGTH,
    "open mappings": b"{a: " * (LENGTH // 4),
    "lists within lists": b"- " * (LENGTH // 2),
    "one text": b"users:\n- {name: " + b"x" * LENGTH + b", email: [1]}",
    "one number": b"users:\n- {name: " + b"9" * LENGTH + b", email: [1]}",
    "unclosed quote": b'users:\n- {name: "' + b"x\\n" * (LENGTH // 3),
    "sections again and again": b"".join(b"organizations: []\n" for _ in range(LENGTH // 18)),
    "backslashes": b"users:\n- {name: " + b"\\" * LENGTH + b"\\ud800, email: [1]}",
    "tabs": b"users:\n" + b"\t" * LENGTH + b"x",
}
JSON = {
    "fields twice": "{" + ",".join(f'"{n}":1' for n in range(FIELDS)) + f',"{FIELDS - 1}":1}}',
    "a long name": '{"' + "k" * LENGTH + '": 1}',
    "deep": '{"a":' * (LENGTH // 5),
    "deep lists": "[" * LENGTH,
    "a long number": '{"users": ' + "9" * LENGTH + "}",
    "unknown fields": '{"users": [{' + ",".join(f'"{n}":1' for n in range(FIELDS)) + "}]}",
    "escapes": '{"users": [{"name": "' + "\\u0041" * (LENGTH // 6) + '", "email": 1}]}',
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML.keys())
def test_hostile_yaml_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_seed_text(text)
    assert sum(map(len, caught.value.details)) < 100_000


@pytest.mark.parametrize("text", JSON.values(), ids=JSON.keys())
def test_hostile_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_seed_json(text.encode())
    assert sum(map(len, caught.value.details)) < 100_000


def test_a_long_name_is_not_copied_for_its_items() -> None:
    text = b"users:\n- {name: A, lastActive: {? " + b"k" * 255 + b": [" + b"1," * 20_000 + b"1]}}"
    tracemalloc.start()
    with pytest.raises(InvalidInput):
        read_seed_text(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def texts_of(kind: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Give each text that can stand in a type, with all that is said of it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield from texts_of(field.type, f"{path}.{field.encode_name}")
    elif (get_origin(kind) is Annotated and kind.__origin__ is str) or kind is str:
        yield path, kind
    else:
        for part in get_args(kind):
            yield from texts_of(part, path)


def test_every_text_of_a_seed_is_measured_before_anything_is_made_of_it() -> None:
    """Contract 8: a text that is too long is refused where it is read, and never folded or looked up."""
    texts = [found for kind in (OrganizationSeed, *KINDS.values()) for found in texts_of(kind, kind.__name__)]
    assert len(texts) > 30
    for path, kind in texts:
        try:
            msgspec.convert("e\u0301\u0316" * 5_000, kind)
        except msgspec.ValidationError:
            continue
        raise AssertionError(f"{path} takes a text of any length")


def test_a_text_that_is_too_long_is_told_by_its_field() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_seed_text(("users:\n- name: " + "\u0301\u0316" * 60_000).encode())
    assert "line 2: users[0].name: is too long. Right is: A text of 1 to 255" in refused.value.details[0]
