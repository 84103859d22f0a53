import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from guildhall.cli.exit_codes import ExitCode
from guildhall.cli.main import run
from tests.client.remote import ORG, Remote


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Undo what `serve` sets up in this process: its handler writes to a stream that ends with the test."""
    loggers = [logging.getLogger(), logging.getLogger("guildhall")]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


@pytest.fixture
def remote() -> Iterator[Remote]:
    server = Remote()
    yield server
    server.close()


@pytest.fixture
def guildhall(remote: Remote, monkeypatch: Any, capsys: Any) -> Callable[..., Ended]:
    """Run the command line against the remote, as in a pipe."""
    monkeypatch.setenv("GUILDHALL_URL", remote.url)
    monkeypatch.setenv("GUILDHALL_KEY", "a-key")
    monkeypatch.setenv("GUILDHALL_ORG", ORG)
    monkeypatch.delenv("GUILDHALL_DIRECTORY", raising=False)

    def call(*arguments: str) -> Ended:
        code = run(arguments)
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def seed(guildhall: Callable[..., Ended], database_url: str, tmp_path: Path) -> Callable[..., Ended]:
    """Seed a text and return what the command said; what it did must be clean in the eyes of the check."""

    def call(text: str, *options: str, code: int = ExitCode.DONE) -> Ended:
        path = tmp_path / "seed.yaml"
        path.write_text(text)
        ended = guildhall("seed", str(path), "--database", database_url, *options)
        assert ended.code == code, ended.err
        if code == ExitCode.DONE:
            assert guildhall("check", "--database", database_url).code == 0
        return ended

    return call


@pytest.fixture
def seed_report(seed: Callable[..., Ended]) -> Callable[..., dict[str, Any]]:
    """Seed a text and return the report of its one organization."""

    def call(text: str, *options: str) -> dict[str, Any]:
        found: dict[str, Any]
        (found,) = json.loads(seed(text, "--json", *options).out)["organizations"]
        return found

    return call
