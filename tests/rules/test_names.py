"""A file's name says what is in it (design 3); these names say only that nobody knew."""

import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.rules.sources import python_files

FORBIDDEN = re.compile(r"(^|_)(utils?|helpers?|commons?|base|misc|managers?|services?)(_|$)")


def vague_names(*paths: str) -> Iterator[str]:
    for path in paths:
        if any(FORBIDDEN.search(part) for part in PurePath(path).with_suffix("").parts):
            yield f"{path}: name it after its subject"


def test_files_have_telling_names():
    assert not list(
        vague_names(*(source.path for source in python_files("src", "tests", "docs", "benchmarks")))
    )


@pytest.mark.parametrize("path", ["src/a/utils.py", "src/common/groups.py", "tests/http_helpers.py"])
def test_vague_names_are_found(path):
    assert list(vague_names(path))


def test_telling_names_are_left_alone():
    assert not list(vague_names("src/guildhall/store/database.py", "tests/unit/test_database.py"))
