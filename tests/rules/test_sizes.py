"""Small files and small functions (design 5): what nobody guards grows to thousands of lines."""

import statistics
from collections.abc import Iterator

from tests.rules.sources import Function, Source, python_files

FILE_LINES = 400
FUNCTION_LINES = 50
FUNCTION_LINES_MEDIAN = 8
PARAMETERS = 6


def long_files(*sources: Source) -> Iterator[str]:
    for source in sources:
        if (lines := source.text.count("\n")) > FILE_LINES:
            yield f"{source.path} has {lines} lines, not {FILE_LINES}: give one of its subjects a file"


def long_functions(*sources: Source) -> Iterator[str]:
    for source in sources:
        for function in source.functions():
            if (lines := length(function)) > FUNCTION_LINES:
                where = f"{source.path}:{function.lineno} {function.name}"
                yield f"{where} has {lines} lines, not {FUNCTION_LINES}: name its steps"


def crowded_functions(*sources: Source) -> Iterator[str]:
    for source in sources:
        for function in source.functions():
            if (count := parameters(function)) > PARAMETERS:
                where = f"{source.path}:{function.lineno} {function.name}"
                yield f"{where} has {count} parameters, not {PARAMETERS}: make them a struct"


def length(function: Function) -> int:
    return function.end_lineno - function.lineno + 1


def parameters(function: Function) -> int:
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_files_are_short():
    found = list(long_files(*python_files("src", "tests", "docs", "benchmarks")))
    assert not found


def test_functions_are_short():
    found = list(long_functions(*python_files("src", "tests", "docs", "benchmarks")))
    assert not found


def test_most_functions_are_tiny():
    lengths = [length(function) for source in python_files("src") for function in source.functions()]
    assert statistics.median(lengths) <= FUNCTION_LINES_MEDIAN


def test_functions_take_few_parameters():
    found = list(crowded_functions(*python_files("src")))
    assert not found


def test_long_files_are_found():
    assert not list(long_files(Source("a.py", "\n" * FILE_LINES)))
    assert list(long_files(Source("a.py", "\n" * (FILE_LINES + 1))))


def test_long_functions_are_found():
    body = "    pass\n"
    assert not list(long_functions(Source("a.py", "def f():\n" + body * (FUNCTION_LINES - 1))))
    assert list(long_functions(Source("a.py", "async def f():\n" + body * FUNCTION_LINES)))


def test_crowded_functions_are_found():
    assert not list(crowded_functions(Source("a.py", "def f(self, a, b, /, c, *, d, e, f): ...")))
    assert list(crowded_functions(Source("a.py", "def f(a, b, /, c, *, d, e, f, g): ...")))
