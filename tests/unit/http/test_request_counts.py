"""Requests of limited keys are counted once, whichever process takes them."""

import hashlib
import os
import signal

from guildhall.http.request_counts import RequestCounts

MINUTE = 29_000_000


def key(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def test_a_key_has_so_many_requests_in_each_minute() -> None:
    counts = RequestCounts(64)
    assert [counts.take(key("a"), MINUTE, 3) for _ in range(5)] == [2, 1, 0, None, None]
    assert counts.take(key("b"), MINUTE, 3) == 2
    assert counts.take(key("a"), MINUTE + 1, 3) == 2


def test_keys_beside_each_other_are_counted_apart() -> None:
    """Their slots are the same ones: each finds its own."""
    counts = RequestCounts(16)
    for left in (1, 0):
        assert [counts.take(key(str(number)), MINUTE, 2) for number in range(16)] == [left] * 16
    assert [counts.take(key(str(number)), MINUTE, 2) for number in range(16)] == [None] * 16


def test_more_keys_than_there_is_room_for_are_still_answered() -> None:
    counts = RequestCounts(16)
    assert all(counts.take(key(str(number)), MINUTE, 1) is not None for number in range(100))


def test_processes_count_together() -> None:
    counts, limit = RequestCounts(64), 1_000
    children = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            taken = sum(counts.take(key("a"), MINUTE, limit) is not None for _ in range(400))
            os._exit(taken // 4)
        children.append(pid)
    taken = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) * 4 for pid in children]
    assert sum(taken) <= limit < sum(taken) + 16
    assert counts.take(key("a"), MINUTE, limit) is None


def test_a_process_that_is_killed_keeps_no_lock() -> None:
    counts = RequestCounts(64)
    pid = os.fork()
    if pid == 0:
        while True:
            counts.take(key("a"), MINUTE, 1 << 40)
    while counts.take(key("b"), MINUTE, 1 << 40) is None or not counts.take(key("a"), MINUTE, 1 << 40):
        pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert counts.take(key("c"), MINUTE, 5) == 4
