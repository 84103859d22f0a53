"""The generated pages of docs/ say what the program does now; `make docs` writes them anew."""

import importlib.util
import sys

import pytest

from tests.rules.sources import ROOT


@pytest.fixture(scope="module")
def generate():
    specification = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def test_docs_are_what_would_be_generated(generate):
    found = list(generate.differences())
    assert not found, "run `make docs`:\n" + "\n".join(found[:40])


def test_contract_is_served_and_tested(generate):
    found = list(generate.problems())
    assert not found, "\n".join(found)


def test_every_route_says_where_the_contract_defines_it(generate):
    silent = [route.operation for route in generate.described_routes() if not route.contract]
    assert not silent
