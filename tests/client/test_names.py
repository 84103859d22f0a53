"""What somebody finds who looks around in the client: names, signatures, types."""

import inspect
import subprocess
import sys

import pytest

import guildhall.client
from guildhall.client import AsyncGuildhall, Conflict, Guildhall
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


def test_signatures_of_the_asynchronous_client_say_what_to_await():
    groups = AsyncGuildhall("http://127.0.0.1:1", "k").groups
    memberships = AsyncGuildhall("http://127.0.0.1:1", "k").memberships
    returned = [
        str(inspect.signature(one).return_annotation)
        for one in (groups.create, groups.list_all, memberships.add_each)
    ]
    assert "Awaitable" in returned[0]
    assert "AsyncPages" in returned[1]
    assert "AsyncIterator" in returned[2]


def test_mypy_accepts_the_script_of_the_documentation(tmp_path):
    options = ["--strict", "--config-file", "", "--cache-dir", str(tmp_path)]
    accepted(["-m", "mypy", *options])


def test_pyright_accepts_the_script_of_the_documentation():
    accepted(["-m", "pyright", "--pythonpath", sys.executable])


def accepted(checker):
    done = subprocess.run(
        [sys.executable, *checker, str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "wrong", ["client.groups.create(1)", "client.memberships.add_each('g', 1)", "client.nobody"]
)
@pytest.mark.parametrize(
    "checker", [["mypy", "--strict", "--config-file", ""], ["pyright", "--pythonpath", sys.executable]]
)
def test_checkers_refuse_what_is_wrong(tmp_path, checker, wrong):
    script = tmp_path / "wrong.py"
    script.write_text(f"from guildhall.client import Guildhall\n\nclient = Guildhall('u', 'k')\n{wrong}\n")
    done = subprocess.run(
        [sys.executable, "-m", *checker, str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
