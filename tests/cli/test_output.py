import os
import pty
import subprocess
import sys

import pytest

from guildhall.cli.output import printable, progress
from tests.client.remote import DIRECTORY, ORG, group, page


def on_a_terminal(arguments, environment):
    """Run the command line with a terminal as its output and return what is drawn on it."""
    near, far = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "guildhall", *arguments], stdout=far, stderr=far, stdin=far, env=environment
    ) as process:
        os.close(far)
        drawn = b"".join(iter(lambda: _read(near), b""))
        process.wait()
    os.close(near)
    return drawn.decode()


def _read(near):
    try:
        return os.read(near, 65536)
    except OSError:  # What Linux says when the far end is closed.
        return b""


def test_list_on_a_terminal_is_a_table(remote):
    long_name = "engineers of the " + "very " * 30 + "long name [bold]"
    remote.play(page([group("a", id=DIRECTORY), group(long_name, id=ORG)]))
    given = {"GUILDHALL_URL": remote.url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG, "COLUMNS": "80"}
    drawn = on_a_terminal(["groups", "list"], {**os.environ, **given, "TERM": "xterm"})
    assert "MANAGED BY" in drawn
    assert "─" in drawn
    assert drawn.count("very") == 30
    assert DIRECTORY in drawn
    assert "[bold]" in drawn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ((), "-"),
        (("a", "b"), "a, b"),
        ("plain é 日本 👩‍💻", "plain é 日本 👩‍💻"),
        ("\x1b[2J\r\n\x00", "\\x1b[2J\\r\\n\\x00"),
        ("\u2028", "\\u2028"),
        ("\udc80", "\\udc80"),
    ],
)
def test_printable(value, text):
    assert printable(value) == text


def test_progress_is_silent_in_a_pipe(capsys):
    with progress("Adding", 3) as advance:
        advance(3)
    assert capsys.readouterr() == ("", "")
