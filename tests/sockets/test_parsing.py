"""What is no request, or no good one, is answered in the shape of the contract (1.6, 8 "Proxies")."""

import json
from collections.abc import Iterator

import pytest

from tests import live
from tests.sockets.raw import ask, connected, head, parse, read_answer, read_to_end

JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def server() -> Iterator[live.Live]:
    with live.demo() as started:
        yield started


def test_malformed_chunk_is_400_of_the_path(server):
    chunked = "Transfer-Encoding: chunked"
    for path, code in (
        (f"{server.groups}/search", "ADMIN-UAM-400-1"),
        (f"/admin/v1/orgs/{server.org_id}/groups/search", "ADMIN-400-24"),
    ):
        answer = ask(server, head(server, "POST", path, JSON, chunked) + "ZZ\r\n{}\r\n0\r\n\r\n")
        assert (answer.status, answer.error()["code"]) == (400, code)
        assert "chunk" in answer.error()["detail"]


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost: a\r\n"])
def test_request_has_one_host(server, hosts):
    """RFC 9112 §3.2."""
    answer = ask(server, f"GET /admin/v1/orgs HTTP/1.1\r\n{hosts}\r\n")
    assert (answer.status, answer.error()["code"]) == (400, "ADMIN-400-24")
    assert "Host" in answer.error()["detail"]


def test_refused_request_says_that_its_operation_is_deprecated(server):
    """Contract 8: on every answer of a deprecated route, errors included."""
    for path, deprecated in (("groups/search", True), ("events", False)):
        method = "POST" if deprecated else "GET"
        for headers in ("", "Host: a\r\nHost: b\r\n", "Host: a\r\n" + "A: b\r\n" * 101):
            line = f"{method} /admin/v1/orgs/{server.org_id}/{path} HTTP/1.1\r\n"
            answer = ask(server, f"{line}{headers}\r\n")
            assert answer.status in (400, 431)
            assert ("deprecation" in answer.headers, "sunset" in answer.headers) == (deprecated, deprecated)


def test_old_client_may_name_no_host(server):
    answer = ask(server, "GET /healthz HTTP/1.0\r\n\r\n")
    assert (answer.status, answer.headers["connection"]) == (200, "close")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("GET /" + "x" * 40_000 + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "ADMIN-UAM-414-1"),
        ("GET /" + "x" * 400_000 + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "ADMIN-UAM-414-1"),
        (f"GET / HTTP/1.1\r\nHost: x\r\nPrefer: {'x' * 70_000}\r\n\r\n", 431, "ADMIN-UAM-431-1"),
        (f"GET / HTTP/1.1\r\nHost: x\r\nPrefer: {'x' * 700_000}\r\n\r\n", 431, "ADMIN-UAM-431-1"),
        ("GET / HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * 101 + "\r\n", 431, "ADMIN-UAM-431-1"),
        ("GET /admin/v1/x HTTP/1.1\r\nHost: x\r\n" + "A: b\r\n" * 101 + "\r\n", 431, "ADMIN-431-1"),
        ("nonsense\r\n\r\n", 400, "ADMIN-UAM-400-1"),
        ("GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400, "ADMIN-UAM-400-1"),
        ("GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400, "ADMIN-UAM-400-1"),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", 400, "ADMIN-UAM-400-1"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "ADMIN-UAM-400-1",
        ),
        ("FROB /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405, "ADMIN-UAM-405-1"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01", 400, "ADMIN-UAM-400-1"),
    ],
    ids=lambda value: value if isinstance(value, int) else None,
)
def test_what_is_no_good_request_has_the_shape_of_an_error(server, sent, status, code):
    answer = ask(server, sent)
    assert (answer.status, answer.error()["code"]) == (status, code)
    assert answer.headers["connection"] == "close"


def test_unknown_method_says_which_are_allowed(server):
    assert ask(server, "FROB /healthz HTTP/1.1\r\nHost: x\r\n\r\n").headers["allow"]


def test_head_in_pieces_is_one_head(server):
    with connected(server) as connection:
        for piece in head(server, "GET", f"{server.groups}?limit=1"):
            connection.sendall(piece.encode())
        assert read_answer(connection).status == 200


def test_requests_sent_ahead_are_answered_in_order(server):
    sizes = [1, 2, 3, 4, 5, 6]
    requests = "".join(head(server, "GET", f"{server.groups}?limit={size}") for size in sizes)
    with connected(server) as connection:
        connection.sendall(requests.encode())
        rest, found = b"", []
        for _ in sizes:
            answer = read_answer(connection, buffered=rest)
            rest = answer.rest
            found.append(len(json.loads(answer.body)["data"]))
    assert found == sizes


def test_too_many_sent_ahead_end_the_connection_behind_some_answers(server):
    with connected(server) as connection:
        connection.sendall(head(server, "GET", "/healthz").encode() * 2_000)
        received = read_to_end(connection)
    assert 1 <= received.count(b"HTTP/1.1 200 OK") < 100
    assert received.count(b"connection: close") == 1


def test_connection_is_kept_and_closed_when_asked(server):
    with connected(server) as connection:
        for _ in range(3):
            connection.sendall(head(server, "GET", "/healthz").encode())
            answer = read_answer(connection)
            assert (answer.status, "connection" in answer.headers) == (200, False)
            assert answer.headers["date"].endswith("GMT")
        connection.sendall(head(server, "GET", "/healthz", "Connection: close").encode())
        assert parse(read_to_end(connection)).headers["connection"] == "close"


def test_head_has_no_body(server):
    with connected(server) as connection:
        for _ in range(2):
            connection.sendall(head(server, "HEAD", f"{server.groups}?limit=1").encode())
            received = connection.recv(65_536)
            assert received.endswith(b"\r\n\r\n")
            assert int(parse(received).headers["content-length"]) > 100


def test_upgrade_is_not_followed(server):
    answer = ask(server, head(server, "GET", "/healthz", "Connection: Upgrade", "Upgrade: h2c"))
    assert (answer.status, answer.headers["connection"]) == (200, "close")


def test_body_is_asked_for_by_100_continue(server):
    body = b'{"limit": 1}'
    lines = (JSON, "Expect: 100-continue", f"Content-Length: {len(body)}")
    with connected(server) as connection:
        connection.sendall(head(server, "POST", f"{server.groups}/search", *lines).encode())
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection).status == 200


def test_answer_to_a_body_that_was_not_read_is_not_lost(server):
    """A reset would take the answer with it; the client sends all before it reads."""
    size = 20 << 20
    for lines, status, given in (((JSON,), 413, True), ((JSON,), 401, False)):
        sent = head(server, "POST", server.groups, *lines, f"Content-Length: {size}", key=given).encode()
        with connected(server) as connection:
            connection.sendall(sent + b" " * size)
            answer = parse(read_to_end(connection))
        assert (answer.status, answer.headers["connection"]) == (status, "close")


def test_small_body_that_was_not_read_leaves_the_connection(server):
    body = b" " * 100_000
    sent = head(server, "POST", server.groups, JSON, f"Content-Length: {len(body)}", key=False).encode()
    with connected(server) as connection:
        for _ in range(2):
            connection.sendall(sent + body)
            assert read_answer(connection).status == 401
