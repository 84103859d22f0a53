"""The lines of the documentation, run as they are printed there (contract 7)."""

import json
import subprocess

from tests.live import Live


def curl(*arguments: str) -> tuple[int, str]:
    """Run curl; return the status and the body."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def headers(server: Live) -> list[str]:
    """The headers of the documentation's lines."""
    return [
        "--header",
        f"Authorization: Bearer {server.key}",
        "--header",
        "Accept: application/json",
        "--header",
        "Content-Type: application/json",
    ]


def test_documented_lines(server: Live, group_name: str) -> None:
    base = server.url + server.groups
    status, _ = curl(
        "--request", "POST", "--url", base, *headers(server), "--data", json.dumps({"name": group_name})
    )
    assert status == 201
    search = json.dumps({"groupNames": [group_name]})
    status, body = curl("--request", "POST", "--url", f"{base}/search", *headers(server), "--data", search)
    group = f"{base}/{json.loads(body)['data'][0]['id']}"
    status, body = curl(
        "--request",
        "GET",
        "--url",
        f"{server.url}/admin/v2/orgs/{server.org_id}/workspaces",
        *headers(server),
    )
    assert status == 405
    _, body = curl(
        "--request",
        "POST",
        "--url",
        f"{server.url}/admin/v2/orgs/{server.org_id}/workspaces",
        *headers(server),
        "--data",
        "{}",
    )
    resource = next(
        one["id"]
        for one in json.loads(body)["data"]
        if one["attributes"]["capacity"] is None and one["attributes"]["status"] == "online"
    )
    grant = json.dumps({"resourceId": resource, "roleId": "atlassian/user"})
    for spelling in ("revoke'", "revoke%27", "revoke"):
        status, _ = curl(
            "--request",
            "POST",
            "--url",
            f"{group}/role-assignments/assign",
            *headers(server),
            "--data",
            grant,
        )
        assert status == 200
        status, _ = curl(
            "--request",
            "POST",
            "--url",
            f"{group}/role-assignments/{spelling}",
            *headers(server),
            "--data",
            grant,
        )
        assert status == 204, spelling
    _, body = curl(
        "--request",
        "GET",
        "--url",
        f"{server.url}/admin/v2/orgs/{server.org_id}/directories/"
        f"{server.directory_id}/users?status=active&limit=1",
        *headers(server),
    )
    account_id = json.loads(body)["data"][0]["accountId"]
    for spelling in (f'{account_id}"', f"{account_id}%22", account_id):
        status, _ = curl(
            "--request",
            "POST",
            "--url",
            f"{group}/memberships",
            *headers(server),
            "--data",
            json.dumps({"accountId": account_id}),
        )
        assert status == 204
        status, _ = curl("--request", "DELETE", "--url", f"{group}/memberships/{spelling}", *headers(server))
        assert status == 204, spelling
    status, _ = curl("--request", "DELETE", "--url", group, *headers(server))
    assert status == 204
