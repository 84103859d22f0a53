"""Seed bodies that take long to read keep nobody else waiting, and end with their clients."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import live

LONG = b"groups:\n- name: a\n  members: [" + b"nobody," * 140_000 + b"nobody]"
READING = b"guildhall.seeds.reading_process"


@pytest.fixture(scope="module")
def server() -> Iterator[live.Live]:
    with live.demo("--workers", "1") as server:
        yield server


def put(server: live.Live, body: bytes) -> httpx.Response:
    with server.http(**{"Content-Type": "application/yaml"}) as client:
        return client.put(f"/guildhall/v1/orgs/{server.org_id}/seed", content=body, timeout=120)


def readings(server: live.Live) -> list[int]:
    """The processes below the server that read seeds."""
    found, waiting = [], [server.process.pid]
    while waiting:
        try:
            children = [path.read_text() for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children")]
            below = [int(pid) for text in children for pid in text.split()]
            found += [pid for pid in below if READING in Path(f"/proc/{pid}/cmdline").read_bytes()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        waiting += below
    return found


def test_others_are_answered_while_a_seed_is_read(server: live.Live) -> None:
    """Counted, since the time that an answer takes is the machine's: a worker that is held answers nobody."""
    answers: list[httpx.Response] = []
    putting = threading.Thread(target=lambda: answers.append(put(server, LONG)))
    putting.start()
    answered = 0
    with server.http() as client:
        while not readings(server):
            assert putting.is_alive()
        while readings(server):
            answered += client.get(server.groups, params={"limit": 1}).status_code == 200
    putting.join()
    assert answered >= 10
    (answer,) = answers
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"].startswith("line 3: groups[0].members[")


def test_two_are_read_at_once(server: live.Live) -> None:
    putting = [threading.Thread(target=put, args=(server, LONG)) for _ in range(5)]
    for thread in putting:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in putting):
        most = max(most, len(readings(server)))
    assert most == 2


def test_a_client_that_leaves_ends_the_reading(server: live.Live) -> None:
    stream = httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"})
    path = f"/guildhall/v1/orgs/{server.org_id}/seed"
    leaving = threading.Event()

    def body() -> Iterator[bytes]:
        yield LONG

    def send() -> None:
        with pytest.raises(httpx.HTTPError):
            stream.put(path, content=body(), headers={"Content-Type": "application/yaml"}, timeout=0.01)
        leaving.set()

    thread = threading.Thread(target=send)
    thread.start()
    assert leaving.wait(60)
    thread.join()
    stream.close()
    while readings(server):
        pass
    with server.http() as client:
        assert client.get("/healthz").status_code == 200
