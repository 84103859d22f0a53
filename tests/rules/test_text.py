"""What must not stand in a file, whatever the file is about."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.rules.sources import Source, python_files, text_files

# A SCIM path such as `/Users/<id>` goes no further, so it is no home directory.
HOME = re.compile(r"(?<![\w.}>])/(?:home/[\w.-]+|Users/[\w.-]+/|root/\w)")
# A TODO may stay if it says what is missing and why it can wait; the others say neither.
LEFTOVER = re.compile(r"(?:#|--|//) *(?:FIXME|XXX|HACK|TODO)\b(?!(?<=TODO): \w.{20})")


def matches(pattern: re.Pattern[str], *sources: Source) -> Iterator[str]:
    for source in sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if pattern.search(line):
                yield f"{source.path}:{number} {line.strip()}"


def sleeps(*sources: Source) -> Iterator[str]:
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and is_sleep(node):
                yield f"{source.path}:{node.lineno} waits for time to pass: wait for the event itself"


def is_sleep(call: ast.Call) -> bool:
    """`sleep(0)` does not wait: it lets other tasks run."""
    name = ast.unparse(call.func).rpartition(".")[2]
    return name == "sleep" and [ast.unparse(argument) for argument in call.args] != ["0"]


def inner_imports(*sources: Source) -> Iterator[str]:
    for source in sources:
        for function in source.functions():
            if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function)):
                yield f"{source.path}:{function.lineno} {function.name} imports: do so at the top"


def test_files_name_no_home_directory():
    found = list(matches(HOME, *text_files()))
    assert not found


def test_todos_give_their_reason():
    found = list(matches(LEFTOVER, *text_files()))
    assert not found


def test_tests_do_not_sleep():
    found = list(sleeps(*python_files("tests")))
    assert not found


def test_functions_do_not_import():
    found = list(inner_imports(*python_files("src", "tests", "docs", "benchmarks")))
    assert not found


@pytest.mark.parametrize("path", ["/home/{}", "'/Users/{}/src'", "file:///home/{}/a", "cd /{}/src"])
def test_home_directories_are_found(path):
    # The administrator's account, whose home is not below /home, fits every one of these places.
    assert list(matches(HOME, Source("a.md", path.format("root"))))


@pytest.mark.parametrize(
    "path", ["/scim/directory/7/Users/{}/", "'/Users/{}'", "https://example.com/home/{}"]
)
def test_other_paths_are_left_alone(path):
    assert not list(matches(HOME, Source("a.md", path.format("ada"))))


@pytest.mark.parametrize(
    "comment", ["TODO", "TODO later", "TODO: mend", "FIXME: the index is missing on PostgreSQL"]
)
def test_leftovers_are_found(comment):
    assert list(matches(LEFTOVER, Source("a.py", f"x = 1  # {comment}")))


def test_reasoned_todos_are_left_alone():
    comment = "TODO: no trigram index yet; the walk has a budget until the speed issue"
    assert not list(matches(LEFTOVER, Source("a.sql", f"-- {comment}")))


@pytest.mark.parametrize("call", ["time.sleep(1)", "await asyncio.sleep(0.1)", "sleep(delay)"])
def test_sleeps_are_found(call):
    assert list(sleeps(Source("test_a.py", f"async def test():\n    {call}")))


def test_giving_way_is_left_alone():
    assert not list(sleeps(Source("test_a.py", "async def test():\n    await asyncio.sleep(0)")))


def test_inner_imports_are_found():
    assert list(inner_imports(Source("a.py", "def f():\n    if True:\n        from a import b")))
