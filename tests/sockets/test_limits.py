"""Clients that keep the server waiting (contract 8, "Limits of a request")."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import live
from tests.sockets.raw import (
    PATIENCE,
    SHORT,
    ask,
    connected,
    head,
    parse,
    port_of,
    read_answer,
    seconds_until_closed,
)

LONG = 600.0
LIMITS = ("HANDSHAKE", "FIRST_BYTE", "HEAD", "BODY_STALLED", "BODY", "IDLE")
BODY = ("Content-Type: application/json", "Content-Length: 100")


def limited(*names: str, most: int | None = None) -> dict[str, str]:
    """Variables by which some limits are short, and the others longer than any test."""
    variables = {f"GUILDHALL_{name}_SECONDS": str(SHORT if name in names else LONG) for name in LIMITS}
    return {**variables, **({"GUILDHALL_CONNECTIONS_PER_ADDRESS": str(most)} if most else {})}


@pytest.fixture(scope="module", params=["http", "https"])
def options(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return () if request.param == "http" else certificate(tmp_path_factory.mktemp("tls"))


def certificate(folder: Path) -> tuple[str, ...]:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return ("--tls-certificate", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"))


def is_closed_in_time(connection: socket.socket) -> bytes:
    seconds, received = seconds_until_closed(connection)
    assert SHORT / 2 < seconds < PATIENCE
    return received


def test_silent_connection_is_closed(options):
    with live.demo(*options, **limited("FIRST_BYTE")) as server, connected(server) as connection:
        assert is_closed_in_time(connection) == b""


def test_handshake_that_never_comes(tmp_path):
    options = certificate(tmp_path)
    with live.demo(*options, **limited("HANDSHAKE")) as server, holding(server, 1, b"") as (connection,):
        assert is_closed_in_time(connection) == b""


def test_head_that_never_ends_is_408(options):
    with live.demo(*options, **limited("HEAD")) as server, connected(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-")
        answer = parse(is_closed_in_time(connection))
    assert (answer.status, answer.error()["code"]) == (408, "ADMIN-UAM-408-1")


@pytest.mark.parametrize("limit", ["BODY_STALLED", "BODY"])
def test_body_that_never_ends_is_408(options, limit):
    with live.demo(*options, **limited(limit)) as server, connected(server) as connection:
        connection.sendall(head(server, "POST", server.groups, *BODY).encode() + b"{")
        answer = parse(is_closed_in_time(connection))
    assert (answer.status, answer.error()["code"]) == (408, "ADMIN-UAM-408-1")


def test_body_byte_by_byte_ends_with_the_limit_of_the_whole():
    """Each byte is progress, so that only the whole body has an end."""
    with live.demo(**limited("BODY")) as server, connected(server) as connection:
        connection.settimeout(0.01)
        connection.sendall(head(server, "POST", server.groups, "Content-Length: 1000000").encode())
        received = b""
        while not received:
            with contextlib.suppress(TimeoutError):
                connection.sendall(b" ")
                received = connection.recv(65_536)
    assert parse(received).status == 408


def test_idle_connection_is_closed(options):
    with live.demo(*options, **limited("IDLE")) as server, connected(server) as connection:
        connection.sendall(head(server, "GET", "/healthz").encode())
        assert read_answer(connection).status == 200
        assert is_closed_in_time(connection) == b""


def send_for_ever(connection: socket.socket, request: bytes) -> None:
    while True:
        connection.sendall(request)


def test_client_that_takes_no_answer_is_closed():
    with live.demo(**limited("IDLE")) as server, connected(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        request = head(server, "GET", f"{server.groups}?limit=100").encode()
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_for_ever(connection, request)


ATTACKS = {
    "silent": b"",
    "head": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-",
    "kept": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "body": b"POST /admin/v2/orgs/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
}


@contextlib.contextmanager
def holding(server: live.Live, number: int, sent: bytes) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(number):
            address = ("127.0.0.1", port_of(server))
            held.append(stack.enter_context(socket.create_connection(address, timeout=PATIENCE)))
            held[-1].sendall(sent)
        yield held


@pytest.mark.parametrize("attack", ATTACKS)
def test_held_connections_lock_out_nobody(attack):
    """The one that has waited longest for its client makes room, for the same address too."""
    with live.demo(**limited(most=20)) as server, holding(server, 60, ATTACKS[attack]) as held:
        assert httpx.get(f"{server.url}/healthz", timeout=PATIENCE).status_code == 200
        with contextlib.suppress(ConnectionResetError):
            while held[0].recv(65_536):
                pass


def test_held_handshakes_lock_out_nobody(tmp_path):
    options = certificate(tmp_path)
    with live.demo(*options, **limited(most=20)) as server, holding(server, 60, b""):
        assert httpx.get(f"{server.url}/healthz", verify=False, timeout=PATIENCE).status_code == 200  # noqa: S501


def test_thousand_silent_connections_stop_nothing():
    with live.demo(**limited()) as server, holding(server, 1_024, b""):
        assert httpx.get(f"{server.url}/healthz", timeout=PATIENCE).status_code == 200


def test_proxy_may_have_any_number():
    proxies = {"GUILDHALL_TRUSTED_PROXIES": "127.0.0.1"}
    with live.demo(**limited(most=2), **proxies) as server, holding(server, 10, b"") as held:
        for connection in held:
            connection.sendall(head(server, "GET", "/healthz").encode())
        assert [read_answer(connection).status for connection in held] == [200] * 10


def test_plain_request_to_https_is_closed(tmp_path):
    with live.demo(*certificate(tmp_path), **limited()) as server:
        plain = server._replace(url=server.url.replace("https", "http"))
        with contextlib.suppress(ConnectionResetError), connected(plain) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert not connection.recv(100).startswith(b"HTTP")
        assert ask(server, head(server, "GET", "/healthz", "Connection: close")).status == 200
