"""Every test and file that a document names is there."""

import ast
import re

import pytest

from tests.documents.blocks import DOCUMENTS
from tests.rules.sources import ROOT

_TEST = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tests_are_there(document):
    named = _TEST.findall(document.read_text(encoding="utf-8"))
    assert [found for found in named if not is_there(*found)] == []


def is_there(path: str, function: str) -> bool:
    """Whether the file or folder exists, and has a test of that name."""
    if not function:
        return (ROOT / path).exists()
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
        for node in tree.body
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    links = _LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []
