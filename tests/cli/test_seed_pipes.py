"""`guildhall seed` of what can be read only once, and of other encodings than UTF-8."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guildhall.cli.exit_codes import ExitCode
from tests.cli.conftest import Ended
from tests.cli.databases import run_sql

BLOCKS = b"organization: {name: Acme}\ngroups:\n- name: g\n"
LINES = b'organization: {"name": "Acme"}\ngroups:\n- {"name": "g"}\n...\n'


@pytest.mark.parametrize("text", [BLOCKS, LINES])
@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0"])
def test_standard_input_by_any_name(tmp_path: Path, name: str, text: bytes) -> None:
    path = tmp_path / "guildhall.db"
    arguments = [sys.executable, "-m", "guildhall", "seed", name, "--database", str(path)]
    ended = subprocess.run(arguments, input=text, capture_output=True, check=False)
    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert run_sql(str(path), "SELECT name FROM groups") == [("g",)]


@pytest.mark.parametrize("text", [BLOCKS, LINES])
def test_named_pipe(guildhall: Callable[..., Ended], database_url: str, tmp_path: Path, text: bytes) -> None:
    """What a shell makes of `<(…)`; a mistake is told with its path, and nothing stays behind."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert _seed_through(guildhall, pipe, text, database_url).code == ExitCode.DONE
    assert run_sql(database_url, "SELECT name FROM groups") == [("g",)]
    ended = _seed_through(guildhall, pipe, b"groups:\n- {nam: g}\n", database_url)
    assert ended.code == ExitCode.REFUSED
    assert ended.err.startswith(f"Error: {pipe}:2: groups[0].nam: unknown field; did you mean name?")


def _seed_through(guildhall: Any, pipe: Path, text: bytes, database_url: str) -> Ended:
    writer = threading.Thread(target=pipe.write_bytes, args=(text,))
    writer.start()
    ended: Ended = guildhall("seed", str(pipe), "--database", database_url)
    writer.join()
    return ended


@pytest.mark.parametrize(
    ("encoding", "wanted"),
    [
        ("utf-16", "seed.yaml:1: is UTF-16; save the file in UTF-8."),
        ("utf-16-le", "seed.yaml:1: is UTF-16; save the file in UTF-8."),
        ("utf-16-be", "seed.yaml:1: is UTF-16; save the file in UTF-8."),
        ("latin-1", "seed.yaml:2: is not UTF-8 (byte 0xE9 at column 13); save the file in UTF-8."),
    ],
)
def test_other_encodings_are_named(
    guildhall: Callable[..., Ended], tmp_path: Path, encoding: str, wanted: str
) -> None:
    path = tmp_path / "seed.yaml"
    path.write_bytes("groups:\n- {name: Cafés}\n".encode(encoding))
    ended = guildhall("seed", str(path), "--database", str(tmp_path / "new.db"))
    assert (ended.code, ended.err) == (ExitCode.REFUSED, f"Error: {wanted}\n")


def test_utf_8_with_a_byte_order_mark(guildhall: Callable[..., Ended], tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    path.write_bytes(BLOCKS.decode().encode("utf-8-sig"))
    ended = guildhall("seed", str(path), "--database", str(tmp_path / "new.db"))
    assert ended.code == ExitCode.DONE, ended.err
