"""A database's URL that cannot be meant is refused, and a password is printed nowhere (ADR 23)."""

import os
import subprocess
import sys

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.store.database import StartRefused
from guildhall.store.database_urls import sqlite_path, without_password

WRONG = [
    "mysql://admin:hunter2@db/guildhall",
    "postgresql+asyncpg://admin:hunter2@db/guildhall",
    "POSTGRESQL://admin:hunter2@db/guildhall",
    "postgres:admin:hunter2@db/guildhall",
    "postgresql:/admin:hunter2@db/guildhall",
    "sqlite://hunter2.db",
    "sqlite:hunter2.db",
    "file:///hunter2.db",
    "https://admin:hunter2@db/guildhall",
    "admin:hunter2@db/guildhall",
    "admin:hunter2@db",
    "host=db user=admin password=hunter2 dbname=guildhall",
    "dbname = guildhall password = hunter2",
]

PATHS = [
    "guildhall.db",
    "./a:b@c.db",
    "/var/lib/guildhall/guildhall.db",
    "sqlite:///a:b@c",
    "a@b.db",
    "C:/x.db",
]


@pytest.mark.parametrize("url", WRONG)
def test_url_of_no_known_kind_is_refused_without_its_secret(url):
    with pytest.raises(StartRefused, match="postgresql://user:password@host/name, sqlite:///path") as refused:
        sqlite_path(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("path", PATHS)
def test_path_is_a_path(path):
    assert str(sqlite_path(path)) == path.removeprefix("sqlite:///").removeprefix("./")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:hunter2@h/d", "postgresql://u@h/d"),
        ("postgresql://u:hun/ter2@h/d", "postgresql://u@h/d"),
        ("postgresql://u:h#unter2@h/d", "postgresql://u@h/d"),
        ("postgresql://u:h?unter2@h/d", "postgresql://u@h/d"),
        ("postgresql://u:hun@ter2@h/d", "postgresql://u@h/d"),
        ("postgresql://h/d?user=u&password=hunter2&sslpassword=hunter2", "postgresql://h/d?user=u"),
        ("postgresql://u:hunter2@[h/d", "postgresql://…"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
    ],
)
def test_url_is_shown_without_password(url, shown):
    assert without_password(url) == shown


COMMANDS = [
    ["init"],
    ["serve", "--port", "0"],
    ["check"],
    ["export"],
    ["generate", "--groups", "1"],
    ["migrate"],
    ["backup", "b.db"],
    ["restore", "b.db"],
    ["keys", "list"],
]
UNREADABLE = ["postgresql://admin:hunter2/x@127.0.0.1/d", "postgresql://admin:hunter2#x@127.0.0.1:1/d"]


@pytest.mark.parametrize("url", [WRONG[0], WRONG[9], *UNREADABLE])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_commands_print_no_password(tmp_path, command, url):
    """Refused in one line, and no file is made of that name."""
    environment = {**os.environ, "GUILDHALL_DATABASE": url}
    arguments = [sys.executable, "-m", "guildhall", *command]
    ended = subprocess.run(
        arguments, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert ended.returncode not in (ExitCode.DONE, None)
    assert "hunter2" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--to", "--read-database"])
def test_other_options_print_no_password(tmp_path, guildhall, option, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["copy", "--to"] if option == "--to" else ["serve", "--read-database"]
    ended = guildhall(*command, WRONG[0], "--database", "postgresql://127.0.0.1:1/d")
    assert ended.code != ExitCode.DONE
    assert "hunter2" not in ended.out + ended.err
