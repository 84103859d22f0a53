import json
import os
import pty
import subprocess
import sys

import pytest

from guildhall.cli.output import printable, progress
from tests.client.remote import DIRECTORY, ORG, Reply, error, group, page


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


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_field_is_torn_to_pieces_at_any_width(remote, width):
    counts = {"users": 12345, "resources": 3}
    remote.play(
        page([group("release managers", id=DIRECTORY, description="Who may press it", counts=counts)])
    )
    given = {"GUILDHALL_URL": remote.url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG, "COLUMNS": str(width)}
    drawn = on_a_terminal(["groups", "list", "--counts"], {**os.environ, **given, "TERM": "xterm"})
    for whole in (DIRECTORY, "12345", "RESOURCES", "release", "managers"):
        assert whole in drawn
    assert ("NAME: release managers" in drawn) == (width < 120)


def test_what_steers_a_terminal_is_shown_escaped_on_one(remote):
    remote.play(page([group("a\u202eb\u009b31m\u200bc\ufeff\u2066é👩‍💻", id=DIRECTORY)]))
    given = {"GUILDHALL_URL": remote.url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG, "COLUMNS": "120"}
    environment = {**os.environ, **given, "TERM": "xterm"}
    drawn = on_a_terminal(["groups", "list"], environment)
    assert "a\\u202eb\\x9b31m\\u200bc\\ufeff\\u2066é👩‍💻" in drawn
    as_json = on_a_terminal(["groups", "list", "--json"], environment)
    assert r"a\u202eb\u009b31m\u200bc\ufeff\u2066é👩‍💻" in as_json
    piped = subprocess.run(
        [sys.executable, "-m", "guildhall", "groups", "list", "--json"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert json.loads(piped.stdout)[0]["name"] == "a\u202eb\u009b31m\u200bc\ufeff\u2066é👩‍💻"


def test_errors_of_a_server_cannot_steer_a_terminal(remote):
    remote.play(error(400, "X", "bad \x1b[2J\u202e\u200b name"))
    given = {"GUILDHALL_URL": remote.url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG}
    drawn = on_a_terminal(["groups", "list"], {**os.environ, **given, "TERM": "xterm"})
    assert r"bad \x1b[2J\u202e\u200b name" in drawn


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["show", "łódź 🚀"]])
def test_an_output_that_cannot_hold_a_character(remote, encoding, arguments):
    there = group("łódź 🚀", id=DIRECTORY)
    remote.play(page([there]), Reply(body={"data": there}))
    given = {"GUILDHALL_URL": remote.url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG}
    done = subprocess.run(
        [sys.executable, "-m", "guildhall", "groups", *arguments],
        capture_output=True,
        env={**os.environ, **given, "PYTHONIOENCODING": encoding},
        check=True,
    )
    # click takes ASCII for a setting that nobody meant, and writes UTF-8 in its place.
    has_all = encoding in ("ascii", "utf-8")
    text = done.stdout.decode("utf-8" if has_all else encoding)
    if "--json" in arguments:
        assert json.loads(text)[0]["name"] == "łódź 🚀"
    else:
        assert ("łódź 🚀" in text) == has_all
        assert (r"\u0142" in text) == (not has_all)


def test_progress_is_silent_in_a_pipe(capsys):
    with progress("Adding", 3) as advance:
        advance(3)
    assert capsys.readouterr() == ("", "")
