"""The project's own files, as the rules read them."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


@functools.cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@functools.cache
def python_files(*directories: str) -> tuple[Source, ...]:
    return tuple(read(path) for directory in directories for path in sorted((ROOT / directory).rglob("*.py")))


@functools.cache
def text_files() -> tuple[Source, ...]:
    """Everything that a reader of the repository sees, except what tools have made or pinned."""
    suffixes = {"", ".css", ".html", ".js", ".json", ".md", ".py", ".sql", ".toml", ".yaml", ".yml"}
    directories = (ROOT / name for name in (".ci", "benchmarks", "docs", "src", "tests"))
    below = (path for directory in directories for path in directory.rglob("*"))
    files = [path for path in (*ROOT.iterdir(), *below) if path.is_file() and path.suffix in suffixes]
    return tuple(read(path) for path in sorted(files))


def read(path: Path) -> Source:
    return Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
