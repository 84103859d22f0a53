import json

import pytest

from guildhall.cli.exit_codes import ExitCode
from tests.client.remote import DIRECTORY, ORG, Reply, error, page

OURS = f"/guildhall/v1/orgs/{ORG}"
ARI = "ari:cloud:jira::site/1"
ARI_IN_PATH = "ari:cloud:jira::site%2F1"
A_DIRECTORY = {"directoryId": DIRECTORY, "name": "Main", "default": True}
A_USER = {"accountId": "ada", "name": "Ada", "email": "ada@example.com", "directories": [DIRECTORY]}
A_RESOURCE = {"resourceId": ARI, "name": "Jira", "status": "online", "userLimit": None, "seatsUsed": 2}


def last(remote):
    one = remote.asked[-1]
    return one.method, one.target.partition("?")[0], one.body


@pytest.mark.parametrize(
    ("subject", "row", "line"),
    [
        ("directories", A_DIRECTORY, f"{DIRECTORY}\tMain\tyes\t-"),
        ("users", A_USER, "ada\tAda\tada@example.com\t-"),
        ("resources", A_RESOURCE, f"{ARI}\tJira\tonline\t2\t-"),
    ],
)
def test_list(remote, guildhall, subject, row, line):
    remote.play(page([row]))
    assert guildhall(subject, "list").out.splitlines()[1] == line
    assert json.loads(guildhall(subject, "list", "--json").out)[0]["name"] == row["name"]
    assert last(remote) == ("GET", f"{OURS}/{subject}", None)


def test_show_directory_by_name(remote, guildhall):
    remote.play(page([A_DIRECTORY]), Reply(body={"data": A_DIRECTORY}))
    assert "DEFAULT  yes" in guildhall("directories", "show", "main").out
    assert last(remote)[:2] == ("GET", f"{OURS}/directories/{DIRECTORY}")


def test_put_directory(remote, guildhall):
    remote.play(Reply(201, {"data": A_DIRECTORY}))
    ended = guildhall("directories", "put", DIRECTORY, "--name", "Main", "--default", "--json")
    assert json.loads(ended.out)["directoryId"] == DIRECTORY
    assert last(remote) == ("PUT", f"{OURS}/directories/{DIRECTORY}", {"name": "Main", "default": True})


def test_delete_directory(remote, guildhall):
    remote.play(Reply(204))
    assert guildhall("directories", "delete", DIRECTORY, "--yes").code == 0
    assert last(remote) == ("DELETE", f"{OURS}/directories/{DIRECTORY}", None)


def test_show_user_by_address(remote, guildhall):
    remote.play(page([A_USER, A_USER]), Reply(body={"data": A_USER}))
    assert f"DIRECTORIES  {DIRECTORY}" in guildhall("users", "show", "ADA@example.com").out
    assert last(remote)[1] == f"{OURS}/users/ada"


def test_show_user_who_is_in_no_directory(remote, guildhall):
    remote.play(page([]), page([]), Reply(body={"data": A_USER}))
    assert guildhall("users", "show", "ada").code == 0


def test_put_user_with_an_id(remote, guildhall):
    remote.play(Reply(201, {"data": A_USER}))
    given = ["--name", "Ada", "--id", "ada", "--in", DIRECTORY, "--job-title", "Countess"]
    assert guildhall("users", "put", "ada@example.com", *given).code == 0
    body = {"name": "Ada", "email": "ada@example.com", "directories": [DIRECTORY], "jobTitle": "Countess"}
    assert last(remote) == ("PUT", f"{OURS}/users/ada", body)


def test_put_user_by_email(remote, guildhall):
    remote.play(Reply(200, {"data": A_USER}))
    assert guildhall("users", "put", "ada@example.com", "--name", "Ada").code == 0
    assert last(remote)[1:] == (f"{OURS}/users/by-email", {"name": "Ada", "email": "ada@example.com"})


def test_put_resource(remote, guildhall):
    remote.play(Reply(200, {"data": A_RESOURCE}))
    assert guildhall("resources", "put", ARI, "--name", "Jira", "--user-limit", "5").code == 0
    assert last(remote) == ("PUT", f"{OURS}/resources/{ARI_IN_PATH}", {"name": "Jira", "userLimit": 5})


def test_put_resource_without_a_limit(remote, guildhall):
    remote.play(Reply(200, {"data": A_RESOURCE}))
    assert guildhall("resources", "put", ARI, "--name", "Jira", "--no-user-limit", "--host-url", "").code == 0
    assert last(remote)[2] == {"name": "Jira", "userLimit": None, "hostUrl": None}


def test_put_directory_says_no_more_than_was_given(remote, guildhall):
    remote.play(Reply(200, {"data": A_DIRECTORY}))
    guildhall("directories", "put", DIRECTORY, "--name", "Main")
    assert last(remote)[2] == {"name": "Main"}


def test_show_resource_by_name(remote, guildhall):
    remote.play(page([{"id": ARI, "attributes": {"name": "Jira"}}]), Reply(body={"data": A_RESOURCE}))
    assert "SEATS       2" in guildhall("resources", "show", "jira").out


def test_delete_resource(remote, guildhall):
    remote.play(Reply(204))
    assert guildhall("resources", "delete", ARI, "--yes").code == 0
    assert last(remote) == ("DELETE", f"{OURS}/resources/{ARI_IN_PATH}", None)


def test_key_with_scopes_is_refused(remote, guildhall):
    remote.play(error(403, "ADMIN-UAM-403-1", "The key needs full access."))
    ended = guildhall("users", "list")
    assert ended.code == ExitCode.FORBIDDEN
    assert "full access" in ended.err
