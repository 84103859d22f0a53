"""What somebody finds who looks around in the client: names, signatures, types."""

import inspect
import subprocess
import sys

import pytest

import guildhall.client
from guildhall.client import Conflict, Guildhall
from guildhall.client.errors import Conflict as Defined
from tests.rules.sources import ROOT

SCRIPT = ROOT / "docs" / "client_example.py"


def test_every_name_is_in_dir_and_can_be_imported():
    for name in guildhall.client.__all__:
        assert name in dir(guildhall.client)
        assert getattr(guildhall.client, name) is not None
    assert Conflict is Defined


@pytest.mark.parametrize(
    ("operation", "names", "answer"),
    [
        ("create", ["name", "description", "directory_id"], "NewGroup"),
        ("get", ["group_id", "directory_id"], "Group"),
        ("list_all", ["directory_id", "search_term", "sort_by", "limit"], "Pages"),
        ("search", ["directory_id", "group_names", "expand"], "Page"),
    ],
)
def test_signatures_name_what_can_be_given_and_what_comes_back(operation, names, answer):
    with Guildhall("http://127.0.0.1:1", "k") as client:
        signature = inspect.signature(getattr(client.groups, operation))
    assert set(names) <= set(signature.parameters)
    assert "self" not in signature.parameters
    assert "query" not in signature.parameters
    assert answer in str(signature.return_annotation)


def test_the_script_of_the_documentation_has_types(tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path)]
    done = subprocess.run([*command, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
