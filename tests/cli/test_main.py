import subprocess
import sys

import pytest

from guildhall import __version__
from guildhall.cli.exit_codes import ExitCode, exit_code_of
from guildhall.cli.main import COMMANDS, program, run
from guildhall.client.errors import ConnectionFailed, ErrorItem, UnexpectedAnswer, error_for
from guildhall.model.errors import GroupNotFound, InvalidInput, NameTaken, ScopeMissing, Unavailable


def test_help_names_every_command_and_exit_code(capsys):
    assert run(["--help"]) == 0
    written = capsys.readouterr().out
    assert all(name in written for name in COMMANDS)
    assert all(f" {code.value}  " in written for code in ExitCode)


def test_help_loads_no_command():
    probe = "import sys; from guildhall.cli.main import run; run(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "guildhall.cli.main" in done.stdout
    assert not any(
        slow in done.stdout
        for slow in ("httpx", "'rich'", "guildhall.server", "apsw", "guildhall.cli.groups")
    )


def test_version(capsys):
    assert run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_unknown_command_names_the_nearest(capsys):
    assert run(["grups", "list"]) == ExitCode.USAGE
    assert "Did you mean 'groups'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["groups", "directories", "users", "resources"])
def test_command_has_help(name, capsys):
    assert run([name, "--help"]) == 0
    assert "Usage: guildhall " + name in capsys.readouterr().out


def test_program_without_arguments_shows_the_help(capsys):
    assert run([]) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert "Commands:" in captured.out + captured.err


@pytest.mark.parametrize("given", [["groups", "list"], ["groups", "list", "--url", "http://x"]])
def test_missing_connection_names_the_option_and_the_variable(given, capsys, monkeypatch):
    monkeypatch.delenv("GUILDHALL_URL", raising=False)
    monkeypatch.delenv("GUILDHALL_KEY", raising=False)
    assert run(given) == ExitCode.USAGE
    assert "GUILDHALL_" in capsys.readouterr().err


def _answered(status: int) -> Exception:
    return error_for(status, [ErrorItem("", "", "", "d")])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (_answered(400), ExitCode.REFUSED),
        (_answered(401), ExitCode.FORBIDDEN),
        (_answered(403), ExitCode.FORBIDDEN),
        (_answered(404), ExitCode.NOT_FOUND),
        (_answered(405), ExitCode.REFUSED),
        (_answered(409), ExitCode.CONFLICT),
        (_answered(429), ExitCode.SERVER_FAILED),
        (_answered(500), ExitCode.SERVER_FAILED),
        (ConnectionFailed("x"), ExitCode.UNREACHABLE),
        (UnexpectedAnswer("x"), ExitCode.UNREACHABLE),
        (GroupNotFound("x"), ExitCode.NOT_FOUND),
        (NameTaken("x"), ExitCode.CONFLICT),
        (InvalidInput("x"), ExitCode.REFUSED),
        (ScopeMissing("x"), ExitCode.FORBIDDEN),
        (Unavailable("x"), ExitCode.SERVER_FAILED),
        (FileNotFoundError("x"), ExitCode.FAILED),
        (KeyError("x"), None),
    ],
)
def test_exit_code_of_an_error(error, code):
    assert exit_code_of(error) is code


def test_mistake_of_ours_is_not_hidden(monkeypatch):
    def broken(*_args, **_options):
        raise KeyError("x")

    monkeypatch.setattr(program, "invoke", broken)
    with pytest.raises(KeyError):
        run(["groups"])


def test_interruption(monkeypatch, capsys):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "invoke", interrupted)
    assert run(["groups"]) == ExitCode.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err
