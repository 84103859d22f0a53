import os
import subprocess
import sys

import pytest

from tests.client.remote import ORG, Reply, group, page


def completed(url, *words):
    given = {"GUILDHALL_URL": url, "GUILDHALL_KEY": "k", "GUILDHALL_ORG": ORG}
    shell = {"_GUILDHALL_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": "3"}
    command = [sys.executable, "-c", "from guildhall.cli.main import main; main()"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **given, **shell}, check=False
    )
    return done.stdout.split(), done.stderr


@pytest.mark.parametrize("command", ["show", "add", "delete"])
def test_names_of_groups_are_completed(remote, command):
    remote.play(page([group("Engineers"), group("old-engineers")]))
    assert completed(remote.url, "guildhall", "groups", command, "eng") == (["plain,Engineers"], "")
    assert remote.asked[0].body == {"searchTerm": "eng", "limit": 50}


def test_completion_is_silent_where_the_server_is_not(remote):
    remote.play(Reply(500))
    assert completed(remote.url, "guildhall", "groups", "show", "eng") == ([], "")
    assert completed("http://127.0.0.1:1", "guildhall", "groups", "show", "eng") == ([], "")
