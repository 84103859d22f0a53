import io
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


def test_list_users_by_name_each_once(remote, guildhall):
    remote.play(page([A_USER, A_USER]))
    ended = guildhall("users", "list", "--search", "a")
    assert ended.out.splitlines()[1:] == ["ada\tAda\tada@example.com\t-"]
    sent = {"searchTerm": "a", "sortBy": [{"field": "name", "direction": "asc"}], "limit": 100}
    assert last(remote) == ("POST", f"/admin/v2/orgs/{ORG}/directories/-/users/search", sent)


def test_show_user_with_where_each_role_comes_from(remote, guildhall):
    group = {"id": "g", "name": "engineers", "directoryId": DIRECTORY}
    rows = [{"resourceId": ARI, "defaultRole": "atlassian/user", "roles": ["atlassian/user"]}]
    methods = [{"role": "atlassian/user", "roleAssignmentMethods": ["direct", "group_direct"]}]
    held = [{"resourceId": ARI, "roleAssignments": methods}]
    replies = [page([group]), page([{"directoryId": DIRECTORY}]), page(rows), page(held)]
    remote.play(page([A_USER, A_USER]), *replies)
    shown = guildhall("users", "show", "ADA@example.com").out
    assert f"DIRECTORIES  {DIRECTORY}" in shown
    assert "GROUPS       engineers" in shown
    assert f"atlassian/user on {ARI} directly and by 'engineers' (its default role)" in shown
    remote.play(page([A_USER]), *replies)
    ways = json.loads(guildhall("users", "show", "ada", "--json").out)["roles"]
    assert ways == [
        {
            "resourceId": ARI,
            "roleId": "atlassian/user",
            "direct": True,
            "groups": [{"groupId": "g", "group": "engineers", "default": True}],
        }
    ]


def test_show_user_who_is_in_no_directory(remote, guildhall):
    nobody = page([])
    remote.play(nobody, nobody, nobody, Reply(body={"data": A_USER}), nobody)
    assert guildhall("users", "show", "ada").code == 0


@pytest.mark.parametrize(
    ("command", "status", "said", "method"),
    [
        ("suspend", "active", "Suspended ada\n", "POST"),
        ("suspend", "suspended", "ada was suspended already\n", "POST"),
        ("restore", "suspended", "Restored ada\n", "POST"),
        ("restore", "active", "ada was not suspended\n", "POST"),
    ],
)
def test_suspend_and_restore(remote, guildhall, command, status, said, method):
    user = {**A_USER, "membershipStatus": status}
    remote.play(page([{"directoryId": DIRECTORY}]), page([user]), Reply(body={"data": user}), Reply(204))
    assert guildhall("users", command, "ada").out == said
    path = f"/admin/v2/orgs/{ORG}/directories/{DIRECTORY}/users/ada/{command}"
    assert last(remote)[:2] == (method, path)


def test_remove_user_asks(remote, guildhall, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    remote.play(page([A_USER]), Reply(204))
    assert guildhall("users", "remove", "ada", "--directory", DIRECTORY).code == ExitCode.INTERRUPTED
    assert last(remote)[0] == "POST"
    remote.play(page([A_USER]), Reply(204))
    assert guildhall("users", "remove", "ada", "--directory", DIRECTORY, "--yes").out == "Removed ada\n"
    path = f"/admin/v2/orgs/{ORG}/directories/{DIRECTORY}/users/ada"
    assert last(remote)[:2] == ("DELETE", path)


def test_put_user_needs_only_the_field_that_changes(remote, guildhall):
    remote.play(page([A_USER]), Reply(body={"data": A_USER}), Reply(body={"data": A_USER}))
    assert guildhall("users", "put", "ada@example.com", "--job-title", "Countess").code == 0
    assert last(remote)[2] == {"name": "Ada", "email": "ada@example.com", "jobTitle": "Countess"}


def test_put_a_new_user_without_a_name(remote, guildhall):
    remote.play(page([]))
    ended = guildhall("users", "put", "new@example.com", "--job-title", "Countess")
    assert ended.code == ExitCode.USAGE
    assert "--name" in ended.err


def test_put_directory_by_name(remote, guildhall):
    remote.play(page([A_DIRECTORY]), Reply(200, {"data": A_DIRECTORY}))
    assert guildhall("directories", "put", "main", "--icon", "https://x/i.png").code == 0
    sent = {"name": "Main", "icon": "https://x/i.png"}
    assert last(remote) == ("PUT", f"{OURS}/directories/{DIRECTORY}", sent)


def test_directory_is_no_option_of_what_belongs_to_the_organization(guildhall):
    for subject in ("resources", "directories"):
        assert guildhall(subject, "list", "--directory", DIRECTORY).code == ExitCode.USAGE


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
