"""The databases that the tests run on: empty, apart from each other, and gone afterwards."""

import asyncio
import subprocess
import sys
import urllib.parse
from pathlib import Path

import asyncpg
import pytest

from tests import postgres

OWNER = """
from tests import postgres
with postgres.running_server() as url:
    print(url, flush=True)
    input()
"""


def test_database_is_empty(database_url):
    url = urllib.parse.urlsplit(database_url)
    assert url.scheme in ("sqlite", "postgresql")
    if url.scheme == "sqlite":
        assert not Path(url.path.removeprefix("/")).exists()


def test_postgres_database_is_dropped_while_in_use(postgres_url):
    with asyncio.Runner() as loop:
        with postgres.empty_database(postgres_url) as url:
            user = loop.run(asyncpg.connect(url))
            assert loop.run(user.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            loop.run(asyncpg.connect(url))
        user.terminate()


def test_postgres_server_ends_with_its_owner():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", OWNER], text=True, **pipes) as owner:
        directory = Path(urllib.parse.urlsplit(owner.stdout.readline().strip()).query.removeprefix("host="))
        assert directory.is_dir()
        owner.kill()
        assert owner.stderr.read() == ""  # Ends when the last process that holds the pipe does.
        assert not directory.exists()
