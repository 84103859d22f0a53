import io
import json

import pytest

from guildhall.cli.exit_codes import ExitCode
from tests.client.remote import DIRECTORY, ORG, Reply, error, group, page

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"
ARI = "ari:cloud:jira::site/1"
V2 = f"/admin/v2/orgs/{ORG}"
GROUPS = f"{V2}/directories/{DIRECTORY}/groups"
ADA = {"accountId": "557058:ada", "name": "Ada", "email": "ada@example.com", "status": "active"}
ENGINEERS = group("engineers", id=A)
FOUND = page([ENGINEERS])
DONE = Reply(204)
ROLE = {"resourceId": ARI, "roleId": "atlassian/user"}


def asked(remote):
    return [(one.method, one.path, one.body) for one in remote.asked]


def test_list_in_a_pipe(remote, guildhall):
    remote.play(page([ENGINEERS], "t1"), page([group("a\tb\x1b[31m", id=B, description="é")]))
    ended = guildhall("groups", "list", "--search", "e", "--role", "user")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "ID\tNAME\tMANAGED BY\tDESCRIPTION",
        f"{A}\tengineers\t-\t-",
        f"{B}\ta\\tb\\x1b[31m\t-\té",
    ]
    filters = {"limit": 100, "searchTerm": "e", "roleIds": ["atlassian/user"]}
    assert asked(remote)[0] == ("POST", f"{V2}/directories/-/groups/search", filters)
    assert asked(remote)[1][2] == {**filters, "cursor": "t1"}


def test_list_as_json(remote, guildhall):
    remote.play(page([ENGINEERS, group("b", id=B, counts={"users": 3})]))
    ended = guildhall("groups", "list", "--json", "--counts")
    first, second = json.loads(ended.out)
    assert (first["id"], first["directoryId"]) == (A, DIRECTORY)
    assert second["counts"]["users"] == 3
    assert remote.asked[0].body["expand"] == ["counts.users", "counts.resources"]


def test_list_of_nothing_as_json(remote, guildhall):
    remote.play(page([]))
    assert guildhall("groups", "list", "--json").out == "[]\n"


def test_list_with_a_limit_reads_no_further(remote, guildhall):
    remote.play(page([ENGINEERS, group("b")], "t1"))
    ended = guildhall("groups", "list", "--limit", "2", "--json")
    assert len(json.loads(ended.out)) == 2
    assert len(remote.asked) == 1


def test_list_in_a_directory_by_name(remote, guildhall):
    remote.play(
        page([{"directoryId": B, "name": "Büro"}, {"directoryId": DIRECTORY, "name": "BÜRO 2"}]), FOUND
    )
    guildhall("groups", "list", "--directory", "BÜRO")
    assert remote.asked[1].path == f"{V2}/directories/{B}/groups/search"


def test_show_by_name(remote, guildhall):
    remote.play(FOUND, Reply(body={"data": {**ENGINEERS, "counts": {"users": 7, "resources": 0}}}))
    ended = guildhall("groups", "show", "Engineers")
    assert "USERS        7" in ended.out
    assert "DELETABLE    yes" in ended.out
    assert remote.asked[0].body == {"groupNames": ["Engineers"]}
    assert asked(remote)[1][:2] == ("GET", f"{GROUPS}/{A}")


def test_show_by_id_as_json(remote, guildhall):
    remote.play(FOUND, Reply(body={"data": ENGINEERS}))
    ended = guildhall("groups", "show", A.upper(), "--json")
    assert json.loads(ended.out)["name"] == "engineers"
    assert remote.asked[0].body == {"groupIds": [A]}


def test_show_a_group_that_is_named_like_an_id(remote, guildhall):
    remote.play(page([]), page([group(A, id=B)]), Reply(body={"data": group(A, id=B)}))
    assert guildhall("groups", "show", A).code == 0
    assert remote.asked[1].body == {"groupNames": [A]}


def test_show_unknown(remote, guildhall):
    remote.play(page([group("engineers-2"), group("sales")]))
    ended = guildhall("groups", "show", "engineers")
    assert (ended.code, ended.out) == (ExitCode.NOT_FOUND, "")
    assert ended.err == "Error: there is no group 'engineers'; did you mean 'engineers-2'?\n"


def test_an_error_as_json(remote, guildhall):
    remote.play(error(403, "ADMIN-UAM-403-1", "Not this key."))
    ended = guildhall("groups", "show", "engineers", "--json")
    assert (ended.code, ended.out) == (ExitCode.FORBIDDEN, "")
    told = json.loads(ended.err)["error"]
    assert told.pop("message").startswith("403 ADMIN-UAM-403-1: Not this key.")
    assert told == {"exitCode": 4, "status": 403, "code": "ADMIN-UAM-403-1", "errorId": "0badcafe"}


def test_wrong_usage_as_json(guildhall):
    ended = guildhall("groups", "list", "--limit", "none", "--json")
    assert json.loads(ended.err)["error"]["exitCode"] == ended.code == ExitCode.USAGE


def test_an_argument_that_is_no_text(remote, guildhall):
    remote.play(FOUND)
    ended = guildhall("groups", "list", "--search", "\udcff")
    assert ended.code == ExitCode.USAGE
    assert "Unicode" in ended.err


def test_show_ambiguous(remote, guildhall):
    remote.play(page([ENGINEERS, group("engineers", id=B, directoryId=B)]))
    ended = guildhall("groups", "show", "engineers")
    assert ended.code == ExitCode.USAGE
    assert "--directory" in ended.err
    assert B in ended.err


def test_create_looks_the_id_up(remote, guildhall):
    directories = page([{"directoryId": DIRECTORY}])
    remote.play(directories, Reply(201), page([]), FOUND)
    ended = guildhall("groups", "create", "engineers", "--description", "d")
    assert ended.out == f"Created 'engineers': {A}\n"
    assert asked(remote)[1] == ("POST", GROUPS, {"name": "engineers", "description": "d"})
    assert asked(remote)[3] == (
        "POST",
        f"{V2}/directories/{DIRECTORY}/groups/search",
        {"groupNames": ["engineers"]},
    )


def test_create_as_json(remote, guildhall):
    remote.play(Reply(201), FOUND)
    ended = guildhall("groups", "create", "engineers", "--directory", DIRECTORY, "--json")
    assert json.loads(ended.out) == {"id": A, "name": "engineers"}


def test_create_where_the_search_lags_behind(remote, guildhall):
    remote.play(Reply(201), page([]))
    ended = guildhall("groups", "create", "engineers", "--directory", DIRECTORY)
    assert ended.code == 0
    assert "does not list it yet" in ended.out


def test_create_a_taken_name(remote, guildhall):
    remote.play(error(409, "ADMIN-UAM-409-2", "The name 'x' is taken."))
    ended = guildhall("groups", "create", "x", "--directory", DIRECTORY)
    assert ended.code == ExitCode.CONFLICT
    assert ended.err == "Error: 409 ADMIN-UAM-409-2: The name 'x' is taken. (error id 0badcafe)\n"


def test_rename(remote, guildhall):
    remote.play(FOUND, DONE)
    assert guildhall("groups", "rename", "engineers", "builders").code == 0
    assert asked(remote)[1] == ("PATCH", f"{GROUPS}/{A}", {"name": "builders"})


@pytest.mark.parametrize("reply", [error(405, "ADMIN-UAM-405-1"), error(404, "ADMIN-UAM-404-1"), Reply(404)])
def test_rename_where_the_server_cannot(remote, guildhall, reply):
    remote.play(FOUND, reply)
    ended = guildhall("groups", "rename", "engineers", "builders")
    assert ended.code == ExitCode.REFUSED
    assert "cannot rename groups" in ended.err
    assert "nothing was changed" in ended.err


def test_rename_a_group_that_has_just_gone(remote, guildhall):
    remote.play(FOUND, error(404, "ADMIN-UAM-404-3"))
    assert guildhall("groups", "rename", "engineers", "builders").code == ExitCode.NOT_FOUND


def test_delete(remote, guildhall):
    remote.play(FOUND, DONE)
    assert guildhall("groups", "delete", "engineers", "--yes").code == 0
    assert asked(remote)[1] == ("DELETE", f"{GROUPS}/{A}", None)


def test_delete_unanswered(remote, guildhall, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    remote.play(FOUND)
    assert guildhall("groups", "delete", "engineers").code == ExitCode.INTERRUPTED
    assert len(remote.asked) == 1


def test_members_come_from_the_users(remote, guildhall):
    remote.play(FOUND, page([ADA]))
    ended = guildhall("groups", "members", "engineers")
    assert ended.out.splitlines()[1] == "557058:ada\tAda\tada@example.com\tactive"
    path = f"{V2}/directories/{DIRECTORY}/users/search"
    assert asked(remote)[1] == ("POST", path, {"groupIds": [A], "limit": 100})


@pytest.mark.parametrize("said", ["557058:ada", "Ada@Example.com", "ada", "Ada"])
def test_add_by_id_address_or_name(remote, guildhall, said):
    nobody = [page([]), page([])] if said in ("ada", "Ada") else []
    remote.play(FOUND, *nobody, page([ADA]), page([]), DONE)
    assert guildhall("groups", "add", "engineers", said).code == 0
    assert asked(remote)[-1] == ("POST", f"{GROUPS}/{A}/memberships", {"accountId": "557058:ada"})


BOB = {"accountId": "557058:bob", "name": "b@b", "email": "bob@example.com", "status": "active"}


def posts(remote):
    return [one.body["accountId"] for one in remote.asked if one.path.endswith("memberships")]


def test_add_goes_on_after_those_it_cannot_add(remote, guildhall):
    nobody = page([])
    remote.play(FOUND, page([ADA, BOB]), nobody, nobody, nobody, nobody, nobody, error(400, "X"), DONE)
    ended = guildhall(
        "groups", "add", "engineers", "ada@example.com", "nobody@example.com", "bob@example.com"
    )
    assert ended.code == ExitCode.FAILED
    assert "Error: nobody@example.com: there is no user" in ended.err
    assert "Error: ada@example.com: 400 X: What was wrong." in ended.err
    assert ended.out.splitlines() == [
        "added: bob@example.com (557058:bob)",
        "Added 1 to 'engineers', 2 failed",
    ]
    assert posts(remote) == ["557058:ada", "557058:bob"]


@pytest.mark.parametrize(
    ("members", "replies", "added", "unchanged"),
    [
        ([ADA], [DONE, DONE], ["557058:bob"], ["557058:ada"]),
        ([], [error(409, "ADMIN-UAM-409-2"), DONE], ["557058:bob"], ["557058:ada"]),
        ([ADA, BOB], [error(409, "ADMIN-UAM-409-2"), DONE], ["557058:bob"], ["557058:ada"]),
        ([ADA, BOB], [DONE, DONE], [], ["557058:ada", "557058:bob"]),
    ],
)
def test_add_tells_who_was_there(remote, guildhall, members, replies, added, unchanged):
    remote.play(FOUND, page([ADA, BOB]), page(members), *replies)
    ended = guildhall("groups", "add", "engineers", "557058:ada", "557058:bob", "--json")
    assert ended.code == 0
    assert json.loads(ended.out) == {"id": A, "added": added, "unchanged": unchanged, "failed": []}


def test_add_a_user_over_the_limit_has_the_exit_code_of_the_failure(remote, guildhall):
    remote.play(FOUND, page([ADA, BOB]), page([]), error(409, "ADMIN-UAM-409-3", "The limit of Jira is 1."))
    ended = guildhall("groups", "add", "engineers", "557058:ada", "557058:bob", "--json")
    assert ended.code == ExitCode.CONFLICT
    assert [one["user"] for one in json.loads(ended.out)["failed"]] == ["557058:ada", "557058:bob"]


def test_add_stops_where_the_key_is_no_longer_one(remote, guildhall):
    remote.play(FOUND, page([ADA, BOB]), page([]), error(401, "ADMIN-UAM-401-1"))
    ended = guildhall("groups", "add", "engineers", "557058:ada", "557058:bob", "--json")
    assert ended.code == ExitCode.FORBIDDEN
    assert len(json.loads(ended.out)["failed"]) == 2
    assert len(posts(remote)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"557058:ada\r\n\r\n 557058:bob \n557058:ada\n",
        b"\xef\xbb\xbfName,E-Mail,Account ID\nAda,ada@x,557058:ada\nBob,,557058:bob\n",
        b'name;"User id"\n"Bob; Ada";557058:ada\n;557058:bob\n',
    ],
)
def test_add_from_a_file(remote, guildhall, tmp_path, content):
    members = tmp_path / "members.csv"
    members.write_bytes(content)
    remote.play(FOUND, page([ADA, BOB]), page([]), DONE)
    ended = guildhall("groups", "add", "engineers", "--file", str(members))
    assert ended.code == 0
    assert ended.err.startswith("Read 2 users from members.csv, ")
    assert posts(remote) == ["557058:ada", "557058:bob"]
    assert remote.asked[1].body == {"accountIds": ["557058:ada", "557058:bob"]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\nc,d\n", "accountId or email"),
        (b"\xff\xfe", "UTF-8"),
        (b"\n", "names no user"),
        (b'email\n"a', "no CSV"),
    ],
)
def test_add_from_a_file_that_names_nobody(remote, guildhall, tmp_path, content, said):
    members = tmp_path / "members.csv"
    members.write_bytes(content)
    remote.play(FOUND)
    ended = guildhall("groups", "add", "engineers", "--file", str(members))
    assert ended.code == ExitCode.USAGE
    assert said in ended.err


def test_add_nobody(guildhall):
    ended = guildhall("groups", "add", "engineers")
    assert ended.code == ExitCode.USAGE
    assert "--file" in ended.err


def test_add_a_user_whose_name_has_an_at_sign(remote, guildhall):
    remote.play(FOUND, page([]), page([]), page([BOB]), page([]), DONE)
    assert guildhall("groups", "add", "engineers", "B@b").code == 0
    assert posts(remote) == ["557058:bob"]


def test_add_a_name_that_two_have_lists_both(remote, guildhall):
    remote.play(FOUND, page([]), page([]), page([{**ADA, "name": "b@b"}, BOB]))
    ended = guildhall("groups", "add", "engineers", "b@b")
    assert ended.code == ExitCode.USAGE
    assert "557058:ada (ada@example.com), 557058:bob (bob@example.com)" in ended.err


@pytest.mark.parametrize(
    ("members", "reply", "removed"),
    [([ADA], DONE, True), ([], DONE, False), ([ADA], error(404, "ADMIN-UAM-404-1"), False)],
)
def test_remove(remote, guildhall, members, reply, removed):
    remote.play(FOUND, page([ADA]), page(members), reply)
    ended = guildhall("groups", "remove", "engineers", "557058:ada", "--json")
    done, left = (["557058:ada"], []) if removed else ([], ["557058:ada"])
    assert json.loads(ended.out) == {"id": A, "removed": done, "unchanged": left, "failed": []}
    assert asked(remote)[-1][:2] == ("DELETE", f"{GROUPS}/{A}/memberships/557058:ada")


def test_roles(remote, guildhall):
    rows = [{"resourceId": ARI, "resourceOwner": "jira", "defaultRole": None, "roles": ["a/b", "a/c"]}]
    remote.play(FOUND, page(rows))
    assert guildhall("groups", "roles", "engineers").out.splitlines()[1] == f"{ARI}\ta/b, a/c\t-"


def test_assign_by_the_name_of_the_resource(remote, guildhall):
    resources = page(
        [{"id": "x", "attributes": {"name": "Jira 2"}}, {"id": ARI, "attributes": {"name": "Jira"}}]
    )
    remote.play(FOUND, resources, page([]), Reply(200))
    assert guildhall("groups", "assign", "engineers", "jira", "user").code == 0
    assert asked(remote)[1] == (
        "POST",
        f"{V2}/workspaces",
        {"query": {"field": {"name": "attributes.name", "values": ["jira"]}}},
    )
    assert asked(remote)[3] == ("POST", f"{GROUPS}/{A}/role-assignments/assign", ROLE)


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (["atlassian/user"], f"Revoked atlassian/user on {ARI} from 'engineers'\n"),
        (["atlassian/admin"], f"'engineers' has no atlassian/user on {ARI}\n"),
    ],
)
def test_revoke(remote, guildhall, roles, said):
    remote.play(FOUND, page([{"resourceId": ARI, "roles": roles}]), DONE)
    ended = guildhall("groups", "revoke", "engineers", ARI, "atlassian/user")
    assert ended.out == said
    assert asked(remote)[2] == ("POST", f"{GROUPS}/{A}/role-assignments/revoke", ROLE)


def test_connection_refused(guildhall, remote):
    remote.close()
    ended = guildhall("groups", "list", "--url", "http://127.0.0.1:1")
    assert ended.code == ExitCode.UNREACHABLE
    assert ended.err.startswith("Error: http://127.0.0.1:1: ")


def test_url_that_is_none(guildhall):
    ended = guildhall("groups", "list", "--url", "guildhall.example")
    assert ended.code == ExitCode.USAGE
    assert "http://" in ended.err
