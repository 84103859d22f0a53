"""Every command of every document works when it is pasted: blocks of a terminal run against a demonstration.

What a reader replaces is replaced here too. What cannot be run stands in NOT_RUN, with the reason.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import live
from tests.documents.blocks import DOCUMENTS, Block, blocks
from tests.documents.shell import Shell
from tests.rules.sources import ROOT

NOT_RUN = {
    "make ": "it runs these tests, or needs the network",
    "podman ": "it needs a container engine",
    "useradd ": "it changes the accounts and folders of the system",
    "echo '127.0.0.1": "it changes the hosts file of the system",
    "curl --cacert": "its server needs a certificate; docs/clients.md says how it was tried",
    "createdb ": "it needs a PostgreSQL of the reader's",
    "pg_dump ": "it needs two PostgreSQL servers of the reader's",
    "guildhall serve --port 8443": "its certificate is for another machine's name",
    "guildhall serve --database postgresql://guildhall@db.example/guildhall \\\n": (
        "tests/replicas starts a server with a replica"
    ),
    "guildhall migrate --distribute": "it needs Citus; tests/cli/test_distribute.py runs it without",
    "python3 -m venv": "it installs a published release",
}
"""How a block begins that is not run, and why."""

COMMANDS = ("guildhall", "curl", "make", "pip", "python", "podman", "createdb", "pg_dump", "export", "$ ")

IDS = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\bghk_\w+|(?<=error id )[0-9a-f]{8}")
"""What differs from run to run."""


class Paste:
    """Pastes the blocks of a document into one shell, with what a reader replaces."""

    def __init__(self, folder: Path, server: live.Live, postgres_url: str) -> None:
        self._replaced = {
            "/var/lib/guildhall": str(folder),
            "postgresql://guildhall@db.example/guildhall": f"'{postgres_url}'",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - it is what must not stay
            "http://127.0.0.1:8080": server.url,
        }
        shutil.copy(ROOT / "docs" / "client_example.py", folder)
        self._shell = Shell(
            folder,
            {
                "GUILDHALL_URL": server.url,
                "GUILDHALL_KEY": server.key,
                "GUILDHALL_ORG": server.org_id,
                "GUILDHALL_DIRECTORY": server.directory_id,
            },
        )

    def block(self, block: Block) -> None:
        """Run a block; each command must end and print as the document says."""
        if block.language == "python":
            script = self._as_here(block.text)
            done = self._shell.run(f"python - <<'END'\n{script}\nEND")
            assert done.code == 0, f"{block.document.name}:{block.line}\n{done.output}"
            return
        for command in block.commands():
            done = self._shell.run(self._runnable(self._as_here(command.text)))
            where = f"{block.document.name}:{command.line}: {command.text}\n{done.output}"
            assert (done.code == 0) is not command.output.startswith("Error: "), where
            if command.output:
                printed = " ".join(IDS.sub("<id>", done.output).split())
                assert pattern_of(command.output).fullmatch(printed), where

    def close(self) -> None:
        """Close the shell and what runs in it."""
        self._shell.close()

    def _as_here(self, text: str) -> str:
        for theirs, ours in self._replaced.items():
            text = text.replace(theirs, ours)
        return text

    def _runnable(self, command: str) -> str:
        """Start servers in the background, on a free port; one has started when it prints its first line."""
        if not command.startswith("guildhall serve"):
            return command
        start, _, _ = command.partition("#")
        return f"coproc {start} --port 0 --json; read -r -u ${{COPROC[0]}} served"


def pattern_of(output: str) -> re.Pattern[str]:
    """What an output of a document stands for: `…` is anything, line breaks and ids may be others."""
    parts = [re.escape(" ".join(IDS.sub("<id>", part).split())) for part in output.split("…")]
    return re.compile(r"\s*.*?\s*".join(parts), re.DOTALL)


def runnable(document: Path) -> Iterator[Block]:
    for block in blocks(document):
        if block.language in ("console", "python"):
            yield block


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if any(runnable(path))], ids=lambda path: path.name
)
def test_commands_print_what_the_document_says(document, tmp_path, postgres_database_url):
    with live.demo() as server:
        paste = Paste(tmp_path, server, postgres_database_url)
        try:
            for block in runnable(document):
                paste.block(block)
        finally:
            paste.close()


def test_blocks_with_commands_are_run_or_say_why_not():
    silent = [
        f"{block.document.relative_to(ROOT)}:{block.line}"
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language not in ("console", "python")
        and block.text.startswith(COMMANDS)
        and not block.text.startswith(tuple(NOT_RUN))
    ]
    assert not silent


@pytest.mark.parametrize("beginning", NOT_RUN)
def test_what_is_not_run_is_still_there(beginning):
    assert any(
        block.text.startswith(beginning)
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language == "text"
    )


@pytest.mark.parametrize(
    "output", ["Created 'a': <id>", "… 'a' …", "Created … <id>", "Created\n  'a':\n<id>"]
)
def test_outputs_that_are_meant_are_found(output):
    assert pattern_of(output).fullmatch("Created 'a': <id>")


@pytest.mark.parametrize("output", ["Created 'b': <id>", "Created 'a'", "'a' …"])
def test_other_outputs_are_not(output):
    assert not pattern_of(output).fullmatch("Created 'a': <id>")
