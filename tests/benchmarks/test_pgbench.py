"""The script of pgbench that is made of recorded additions."""

import pytest

from benchmarks import pgbench
from benchmarks.load import LoadFailed
from benchmarks.wire import Ran

ADDITION = "INSERT INTO memberships VALUES ($1, $2, $3)"


def pair(number):
    return {
        "group_id": f"g{number}",
        "group_key": number,
        "group_name": f"Group {number}",
        "account_id": f"u{number}",
        "user_key": 10 + number,
        "user_name": f"User {number}",
        "email": f"u{number}@example.com",
    }


def addition(number, sql=ADDITION):
    return pair(number), [Ran("BEGIN", []), Ran(sql, [1, number, [10 + number]]), Ran("COMMIT", [])]


def test_keys_of_recorded_additions_become_variables_and_the_rest_stays():
    made = pgbench.transaction([addition(1), addition(2)], slice_size=100)

    lines = made.script.splitlines()
    inserts = [line for line in lines if line.startswith("INSERT")]
    assert inserts == [
        f"INSERT INTO memberships VALUES (:c0, :group_key_{number}, :user_key_list_{number});"
        for number in range(pgbench.AT_ONCE)
    ]
    assert lines.count("BEGIN;") == lines.count("COMMIT;") == pgbench.AT_ONCE
    assert made.constants == {"c0": "1"}


def test_additions_that_have_no_transaction_in_common_are_refused():
    with pytest.raises(LoadFailed):
        pgbench.transaction(
            [addition(number, f"{ADDITION} -- {number}") for number in range(3)], slice_size=100
        )
