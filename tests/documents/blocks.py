"""The fenced blocks of the project's documents, and the commands within them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.rules.sources import ROOT

DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """A command of a document, and what it prints according to the document."""

    line: int
    text: str
    output: str


class Block(NamedTuple):
    """A fenced block; `language` is what stands behind its fence."""

    document: Path
    line: int
    language: str
    text: str

    def commands(self) -> Iterator[Command]:
        """The commands of a block of a terminal: lines behind `$`, continued behind a backslash."""
        lines = list(enumerate(self.text.splitlines(), self.line + 1))
        while lines:
            number, line = lines.pop(0)
            text = line.removeprefix("$ ")
            while text.endswith("\\"):
                text += "\n" + lines.pop(0)[1]
            output = []
            while lines and not lines[0][1].startswith("$ "):
                output.append(lines.pop(0)[1])
            yield Command(number, text, "\n".join(output).strip())


def blocks(document: Path) -> list[Block]:
    """All fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(document, text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in _FENCE.finditer(text)
    ]
