import socket
import time
from datetime import UTC, datetime, timedelta

import pytest

from guildhall.client import Guildhall, Options, RetryPolicy
from guildhall.client.calls import Answer
from guildhall.client.errors import ConnectionFailed, NotFound, RateLimited, ServerFailed
from guildhall.client.retries import hinted_delay
from tests.client.conftest import FAST
from tests.client.remote import CUT, DIRECTORY, ORG, Reply, error, group, page

LIMITED = error(429, "ADMIN-UAM-429-1", retry_after="0")
UNAVAILABLE = error(503, "ADMIN-UAM-503-1", retry_after="0")
COUNT = Reply(body={"count": 49})


@pytest.mark.parametrize("failure", [LIMITED, UNAVAILABLE, CUT, Reply(502, b"<html>"), Reply(504)])
def test_count_after_transient_failures(remote, client, failure):
    remote.play(failure, failure, COUNT)
    assert client.groups.count().count == 49
    assert len(remote.asked) == 3


@pytest.mark.parametrize("failure", [LIMITED, UNAVAILABLE, CUT])
async def test_count_after_transient_failures_async(remote, async_client, failure):
    remote.play(failure, failure, COUNT)
    assert (await async_client.groups.count()).count == 49
    assert len(remote.asked) == 3


def test_count_gives_up_after_the_last_attempt(remote, client):
    remote.play(UNAVAILABLE)
    with pytest.raises(ServerFailed, match="503 ADMIN-UAM-503-1"):
        client.groups.count()
    assert len(remote.asked) == FAST.attempts


def test_create_is_repeated_when_the_rate_limit_refused_it(remote, client):
    remote.play(LIMITED, Reply(201, {"data": group("a")}))
    assert client.groups.create("a").group_id == "id-a"


@pytest.mark.parametrize(("failure", "kind"), [(UNAVAILABLE, ServerFailed), (CUT, ConnectionFailed)])
def test_create_is_not_repeated_when_it_may_have_happened(remote, client, failure, kind):
    remote.play(failure, Reply(201))
    with pytest.raises(kind):
        client.groups.create("a")
    assert len(remote.asked) == 1


def test_create_is_repeated_when_nothing_was_sent():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        options = Options(org_id=ORG, directory_id=DIRECTORY, retries=FAST)
        with Guildhall(url, "k", options) as client, pytest.raises(ConnectionFailed) as caught:
            client.groups.create("a")
    assert not caught.value.maybe_done
    assert url in str(caught.value)


def test_delete_that_succeeded_before_the_connection_broke(remote, client):
    remote.play(CUT, error(404, "ADMIN-UAM-404-3"))
    client.groups.delete("g")
    assert [asked.method for asked in remote.asked] == ["DELETE", "DELETE"]


@pytest.mark.parametrize("replies", [[error(404, "ADMIN-UAM-404-3")], [CUT, error(404, "ADMIN-UAM-404-2")]])
def test_delete_of_what_was_never_there(remote, client, replies):
    remote.play(*replies)
    with pytest.raises(NotFound):
        client.groups.delete("g")


def test_version_1_membership_is_not_repeated_after_a_broken_connection(remote, client):
    remote.play(CUT, error(409, "ADMIN-409-28"))
    with pytest.raises(ConnectionFailed):
        client.v1.memberships.add("g", "u")


def test_rate_limit_beyond_the_time_allowed_fails_at_once(remote, client):
    remote.play(error(429, "ADMIN-UAM-429-1", retry_after="3600"), COUNT)
    with pytest.raises(RateLimited) as caught:
        client.groups.count()
    assert caught.value.retry_after == 3600
    assert len(remote.asked) == 1


def test_retry_after_is_waited_for(remote, client):
    remote.play(error(429, "ADMIN-UAM-429-1", retry_after="1"), COUNT)
    began = time.monotonic()
    client.groups.count()
    assert 1.0 <= time.monotonic() - began < 3.0


def test_walk_survives_a_failure_between_pages(remote, client):
    remote.play(page([group("a")], "t1"), CUT, LIMITED, page([group("b")]))
    assert [found.name for found in client.groups.list_all()] == ["a", "b"]


def _answer(status: int = 429, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


def test_hint_from_seconds():
    assert hinted_delay(_answer(retry_after="17")) == 17.0


def test_hint_from_a_date_counts_by_the_clock_of_the_server():
    dates = {"retry_after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert hinted_delay(_answer(**dates)) == 30.0


def test_hint_from_the_reset_of_the_rate_limit():
    now = datetime.now(UTC).replace(microsecond=0)
    reset = (now + timedelta(seconds=8)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert hinted_delay(_answer(x_ratelimit_reset=reset, date=date)) == 8.0


def test_hint_from_a_reset_without_seconds():
    headers = {"x_ratelimit_reset": "2024-08-27T16:20Z", "date": "Tue, 27 Aug 2024 16:19:00 GMT"}
    assert hinted_delay(_answer(**headers)) == 60.0


def test_hint_from_a_reset_counts_only_for_a_used_up_limit():
    headers = {"x_ratelimit_reset": "2124-08-27T16:20Z", "x_ratelimit_remaining": "7"}
    assert hinted_delay(_answer(503, **headers)) is None


@pytest.mark.parametrize("headers", [{}, {"retry_after": "soon"}, {"x_ratelimit_reset": "later"}])
def test_no_hint(headers):
    assert hinted_delay(_answer(**headers)) is None


def test_hint_in_the_past_is_no_wait():
    assert hinted_delay(_answer(x_ratelimit_reset="2015-08-27T16:20Z")) == 0.0


def test_policy_of_one_attempt(remote):
    remote.play(UNAVAILABLE)
    options = Options(org_id=ORG, retries=RetryPolicy(attempts=1))
    with Guildhall(remote.url, "k", options) as client, pytest.raises(ServerFailed):
        client.groups.stats()
    assert len(remote.asked) == 1
