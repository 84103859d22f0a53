"""Every public function and type of the program says what it promises (design 4)."""

import ast
from collections.abc import Iterator

import pytest

from tests.rules.sources import Source, python_files

Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

# Said once for all of them: on the first variant, or on the property.
ELSEWHERE = ("overload", "setter", "deleter")


def silent_definitions(*sources: Source) -> Iterator[str]:
    for source in sources:
        for node in public_definitions(source.tree):
            if not (ast.get_docstring(node) or "").strip():
                yield f"{source.path}:{node.lineno} {node.name} has no docstring"


def public_definitions(parent: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, Documented) or node.name.startswith("_") or documented_elsewhere(node):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node)


def documented_elsewhere(node: Documented) -> bool:
    return any(ast.unparse(decorator).rpartition(".")[2] in ELSEWHERE for decorator in node.decorator_list)


def test_public_definitions_have_docstrings():
    found = list(silent_definitions(*python_files("src")))
    assert not found


@pytest.mark.parametrize(
    "text",
    [
        "def f(): ...",
        "async def f():\n    '''  '''",
        "class A:\n    '''An A.'''\n    def f(self): ...",
        "class A:\n    '''An A.'''\n    class B: ...",
    ],
)
def test_silent_definitions_are_found(text):
    assert list(silent_definitions(Source("a.py", text)))


@pytest.mark.parametrize(
    "text", ["def _f(): ...", "class _A:\n    def f(self): ...", "@typing.overload\ndef f(): ..."]
)
def test_private_definitions_are_left_alone(text):
    assert not list(silent_definitions(Source("a.py", text)))
