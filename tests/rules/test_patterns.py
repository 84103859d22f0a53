"""Regular expressions take time that grows with the length of the text, no more.

Two repeats that can match the same characters, one behind or within the other, are tried in all ways in
which they can share a text between them: the square of its length, or worse. So can one repeat at the
beginning of what is searched for, which is tried from each place. Where bounds are small it does not matter.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from re import _constants as ops
from re import _parser as parser
from typing import Any, NamedTuple

import pytest

from tests.rules.sources import Source, python_files

SMALL = 300
"""A repeat of at most so many cannot take long."""

SEARCHES = {"search", "sub", "subn", "findall", "finditer", "split"}
METHODS = SEARCHES | {"compile", "match", "fullmatch"}
OF_OUR_OWN_TEXTS = {
    "src/guildhall/http/operation_errors.py": "matched against the paths of our own routes, at the start",
    "src/guildhall/http/docs/schemas.py": "names of our own types, at the start",
    "src/guildhall/http/docs/pages.py": "our own documentation, at the start",
    "src/guildhall/store/statement.py": "our own statements, when they are imported",
    "src/guildhall/store/migrate.py": "our own migrations",
    "src/guildhall/store/postgres/citus.py": "our own schema",
    "src/guildhall/store/database_urls.py": "the operator's URLs of databases",
}
_SAMPLES = frozenset([*map(chr, range(256)), "\u0130", "\u2028", "\ud800", "\U0001f600"])


class Part(NamedTuple):
    """An item of a sequence: what characters it takes, whether it can be left out, and whether it repeats."""

    characters: frozenset[str]
    empty: bool
    repeats: bool


class Expression(NamedTuple):
    where: str
    pattern: str | bytes
    flags: int
    searched: bool


def problems(pattern: str | bytes, flags: int = 0, *, searched: bool = False) -> list[str]:
    return list(_of_sequence(parser.parse(pattern, flags), [_ANYWHERE] if searched else [], tail=True))


_ANYWHERE = Part(_SAMPLES, empty=True, repeats=True)
"""What a search passes over before it finds something."""


def _of_sequence(sequence: Any, before: list[Part], *, tail: bool) -> Iterator[str]:
    """Give the problems of a sequence behind others; at a pattern's tail a search cannot fail any more."""
    parts = list(before)
    for number, item in enumerate(sequence):
        rest = sequence[number + 1 :]
        last = tail and all(_part([later]).empty and later[0] is not ops.AT for later in rest)
        for inner in _inner(item):
            yield from _of_sequence(inner, parts, tail=last)
        part = _part([item])
        if item[0] in _REPEATS and item[1][1] > 1 and part.repeats:
            if _meets([p for p in parts if p is not _ANYWHERE] if last else parts, part):
                yield "a repeat behind another one that takes the same characters"
            if _repeats_within(item[1][2]):
                yield "a repeat within a repeat"
        parts.append(part)


_REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)


def _meets(parts: list[Part], part: Part) -> bool:
    """Return whether an earlier repeat can give characters to this one.

    It cannot when something between them takes other characters than one of them does.
    """
    return any(
        earlier.repeats
        and earlier.characters & part.characters
        and all(
            between.empty
            or (between.characters & earlier.characters and between.characters & part.characters)
            for between in parts[number + 1 :]
        )
        for number, earlier in enumerate(parts)
    )


def _repeats_within(sequence: Any) -> bool:
    """Return whether a repeat's content repeats, and nothing beside it tells where one round ends."""
    while len(sequence) == 1 and sequence[0][0] is ops.SUBPATTERN:
        sequence = sequence[0][1][3]
    parts = [_part([item]) for item in sequence]
    repeats = [part for part in parts if part.repeats]
    return any(
        all(other.empty or other.characters & repeat.characters for other in parts) for repeat in repeats
    )


def _inner(item: Any) -> list[Any]:
    operation, argument = item
    if operation in _REPEATS:
        return [argument[2]]
    if operation is ops.SUBPATTERN:
        return [argument[3]]
    if operation is ops.BRANCH:
        return list(argument[1])
    return []


def _part(sequence: Any) -> Part:
    found = [_single(*item) for item in sequence]
    return Part(
        frozenset().union(*(part.characters for part in found)),
        all(part.empty for part in found),
        any(part.repeats for part in found),
    )


def _single(operation: Any, argument: Any) -> Part:
    if operation in _REPEATS:
        least, most, inner = argument
        part = _part(inner)
        return Part(part.characters, least == 0 or part.empty, repeats=most > SMALL or part.repeats)
    if operation is ops.SUBPATTERN:
        return _part(argument[3])
    if operation is ops.BRANCH:
        parts = [_part(branch) for branch in argument[1]]
        characters = frozenset().union(*(part.characters for part in parts))
        return Part(characters, any(p.empty for p in parts), any(p.repeats for p in parts))
    if operation in (ops.AT, ops.ASSERT, ops.ASSERT_NOT, ops.GROUPREF):
        return Part(frozenset(), empty=True, repeats=False)
    return Part(_characters(operation, argument), empty=False, repeats=False)


def _characters(operation: Any, argument: Any) -> frozenset[str]:
    if operation is ops.ANY:
        return _SAMPLES
    if operation is ops.LITERAL:
        return frozenset(chr(argument))
    if operation is ops.NOT_LITERAL:
        return _SAMPLES - {chr(argument)}
    assert operation is ops.IN, operation
    found: set[str] = set()
    for kind, value in argument:
        if kind is ops.LITERAL:
            found.add(chr(value))
        elif kind is ops.RANGE:
            found |= {character for character in _SAMPLES if value[0] <= ord(character) <= value[1]}
        elif kind is ops.CATEGORY:
            found |= {character for character in _SAMPLES if _CATEGORIES[value].match(character)}
    return frozenset(_SAMPLES - found if argument[0][0] is ops.NEGATE else found)


_CATEGORIES = {
    ops.CATEGORY_DIGIT: re.compile(r"\d"), ops.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    ops.CATEGORY_SPACE: re.compile(r"\s"), ops.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    ops.CATEGORY_WORD: re.compile(r"\w"), ops.CATEGORY_NOT_WORD: re.compile(r"\W"),
}  # fmt: skip


def expressions(source: Source) -> Iterator[Expression]:
    """Give every pattern of a module: what `re` is called with, and what msgspec tests texts by."""
    module = vars(importlib.import_module(source.path[len("src/") : -len(".py")].replace("/", ".")))
    for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        where = f"{source.path}:{call.lineno}"
        function = ast.unparse(call.func)
        if function.startswith("re.") and function[3:] in METHODS:
            flags = [*call.args[1:], *(k.value for k in call.keywords)] if function == "re.compile" else []
            value = sum(_value(flag, module) for flag in flags)
            yield Expression(where, _value(call.args[0], module), value, _is_searched(source, call, function))
        if function.endswith("Meta"):
            for keyword in call.keywords:
                if keyword.arg == "pattern":
                    yield Expression(where, _value(keyword.value, module), 0, searched=True)


def _value(node: ast.expr, module: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "pattern", "eval"), module)  # noqa: S307 -- our own source


def _is_searched(source: Source, call: ast.Call, function: str) -> bool:
    if function != "re.compile":
        return function[3:] in SEARCHES
    targets = [n for n in ast.walk(source.tree) if isinstance(n, ast.Assign) and n.value is call]
    names = [target.id for n in targets for target in n.targets if isinstance(target, ast.Name)]
    return not names or any(f"{name}.{search}(" in source.text for name in names for search in SEARCHES)


def test_patterns_take_linear_time():
    found = [
        f"{expression.where}: {problem}: {expression.pattern!r}"
        for source in python_files("src")
        if source.path not in OF_OUR_OWN_TEXTS
        for expression in expressions(source)
        for problem in problems(expression.pattern, expression.flags, searched=expression.searched)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w+):[ \t]*(\{.*\})?[ \t]*\r?\n?", r"[ \t]*(a)?[ \t]*b", r"(a+)+b", r"(a|aa)*.*b", r"\s*\n?\s*x",
        r"(?:a*b?)*c", r".*x.*y", r"(x?\d+)*", r"a*(b|a*)c",
    ],
)  # fmt: skip
def test_slow_patterns_are_found(pattern):
    assert problems(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\w+: .{0,100}", r"a*ba*", r"\d+-\d+", r"(\\\\)*u", r"(ab*)+", r"a?b?c*"]
)
def test_fast_patterns_are_not(pattern):
    assert not problems(pattern)


def test_a_repeat_at_the_beginning_is_slow_to_search_for():
    assert problems(r"\s+x", searched=True)
    assert not problems(r"x\s+", searched=True)
    assert problems(r"x\w+:", searched=True)
    assert not problems(r"x\w+", searched=True)
