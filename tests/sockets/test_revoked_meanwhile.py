"""A key that is revoked while a body comes does nothing more (contract 8, "Keys at the moment")."""

import json

from tests import live
from tests.sockets.raw import connected, parse, read_to_end


def test_a_key_that_is_revoked_while_its_body_comes_makes_no_other_key():
    with live.demo() as server, server.http() as http:
        keys = f"/guildhall/v1/orgs/{server.org_id}/keys"
        leaver = http.post(keys, json={"name": "leaver"}).json()["data"]
        body = json.dumps({"name": "back door", "noExpiry": True}).encode()
        head = (
            f"POST {keys} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {leaver['secret']}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
            "Connection: close",
        )
        with connected(server) as connection:
            connection.sendall("\r\n".join([*head, "", ""]).encode())
            # The server asks for the body once it has let the key pass.
            assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
            assert http.delete(f"{keys}/{leaver['id']}").status_code == 204
            connection.sendall(body)
            answer = parse(read_to_end(connection))
        assert (answer.status, answer.error()["code"]) == (401, "ADMIN-UAM-401-1")
        assert "back door" not in [key["name"] for key in http.get(keys).json()["data"]]
