"""A shell that a document's commands are pasted into, one after the other."""

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import NamedTuple


class Done(NamedTuple):
    """What a command printed, to either stream, and its exit code."""

    output: str
    code: int


class Shell:
    """One bash in a folder of its own; variables and background processes last until it is closed."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "120", **variables},
        )

    def run(self, command: str) -> Done:
        """Paste a command and wait for its end."""
        mark = uuid.uuid4().hex
        self._bash.stdin.write(f"{command}\necho {mark} $?\n")
        self._bash.stdin.flush()
        lines = []
        for line in self._bash.stdout:
            text, found, code = line.partition(mark)
            lines.append(text)
            if found:
                return Done("".join(lines), int(code))
        raise AssertionError(f"the shell ended: {''.join(lines)}")

    def close(self) -> None:
        """End what was started in the background, then the shell."""
        self._bash.stdin.write("kill $(jobs -p) 2>/dev/null; wait\n")
        self._bash.stdin.close()
        self._bash.stdout.read()
        self._bash.stdout.close()
        self._bash.wait(30)
