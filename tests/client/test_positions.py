"""Where replicas answer, a client sends back what it has seen, so that it sees its own changes (ADR 19)."""

from guildhall.cli.main import run
from guildhall.client import LATEST, Guildhall, Options
from guildhall.client.calls import Answer
from guildhall.client.conversations import Request
from tests.client.conftest import FAST
from tests.client.remote import DIRECTORY, ORG, Reply, error, group, page

POSITION = "guildhall-position"


def at(position, reply=None):
    """A count, or that answer, with a position."""
    given = reply or Reply(body={"count": 1})
    return Reply(given.status, given.body, {**given.headers, POSITION: f"{position:016x}"})


def sent(remote):
    """The positions of all requests as numbers; None is none."""
    texts = [asked.headers.get(POSITION) for asked in remote.asked]
    return [None if text is None else int(text, 16) for text in texts]


def test_position_goes_on_from_answer_to_answer(remote, client):
    remote.play(at(5, Reply(201, {"data": group("a")})), at(9), at(9))
    client.groups.create("a")
    client.groups.count()
    client.groups.count()
    assert sent(remote) == [None, 5, 9]
    assert client.position == f"{9:016x}"


async def test_position_goes_on_async(remote, async_client):
    remote.play(at(5, Reply(201, {"data": group("a")})), at(9), at(9))
    await async_client.groups.create("a")
    await async_client.groups.count()
    await async_client.groups.count()
    assert sent(remote) == [None, 5, 9]
    assert async_client.position == f"{9:016x}"


def test_position_of_errors_and_of_attempts_counts(remote, client):
    remote.play(at(5, error(503, "ADMIN-UAM-503-1", retry_after="0")), at(6), at(6))
    client.groups.count()
    client.groups.count()
    assert sent(remote) == [None, None, 6]


def test_position_of_answers_that_cross_is_the_greatest(remote, client):
    """Two calls under way at once: the answer that comes last may be the older one."""
    remote.play(at(5), at(5))
    client.groups.count()
    session = client._session
    asked = Request("GET", remote.url, {POSITION: session.position}, None)
    for position in (9, 7):
        session.note(asked, Answer(200, {POSITION: f"{position:016x}"}, b""))
    assert session.position == f"{9:016x}"


def test_position_of_a_server_that_begins_again_is_taken(remote, client):
    remote.play(at(9), at(2), at(3))
    for _ in range(3):
        client.groups.count()
    assert client.position == f"{3:016x}"


def test_position_is_not_sent_where_there_is_none(remote, client):
    remote.play(page([]), page([]))
    list(client.groups.list_all())
    list(client.groups.list_all())
    assert sent(remote) == [None, None]
    assert client.position == ""


def test_position_is_handed_on_to_another_client(remote, client):
    remote.play(at(5))
    client.groups.count()
    options = Options(org_id=ORG, directory_id=DIRECTORY, retries=FAST, position=client.position)
    with Guildhall(remote.url, "a-key", options) as other:
        other.groups.count()
    assert sent(remote) == [None, 5]


def test_position_of_a_command_is_the_latest(remote):
    """Each command is a client of its own: it must see what the one before it did."""
    remote.play(page([group("a")]))
    assert run(["groups", "list", "--url", remote.url, "--key", "a-key", "--org", ORG, "--json"]) == 0
    assert sent(remote)[0] == int(LATEST, 16)
