"""Whom writes alter of the users that sets in memory hold (ADR 16)."""

import re

import pytest

from guildhall.store import altered_users, memberships, role_holders, users
from guildhall.store.altered_users import TABLES, AlteredUsers, RememberedUsers
from guildhall.store.statement import REGISTRY

WRITES = [statement for statement in REGISTRY if statement.table in TABLES]
OF_ONE_USER = re.compile(
    r"WHERE org_key = :org_key(?: AND [a-z_]+ = :[a-z_]+)* AND user_key = :user_key|VALUES \(.*:user_key\b"
)


def altered(*writes):
    made = AlteredUsers()
    for statement, parameters in writes:
        made.add(statement, parameters)
    return made


def joined(*keys):
    return altered(*((memberships.INSERT_MEMBERSHIP, {"user_key": key}) for key in keys))


@pytest.mark.parametrize("statement", WRITES, ids=lambda statement: " ".join(statement.sql.split())[:60])
def test_statements_with_a_user_write_to_rows_of_that_user_only(statement):
    """What else a statement says of a user would alter others, of whom nobody would know."""
    if "user_key" in statement.parameters:
        assert OF_ONE_USER.search(" ".join(statement.sql.split()))


def test_users_are_remembered_by_table():
    remembered = RememberedUsers()
    remembered.add(1, joined(5))
    remembered.add(2, joined(6, 7))
    assert remembered.since(0, ["memberships"]) == {5, 6, 7}
    assert remembered.since(1, ["memberships", "users"]) == {6, 7}
    assert remembered.since(2, ["memberships"]) == remembered.since(0, ["users"]) == set()


def test_statements_without_a_user_alter_anyone_in_their_table():
    remembered = RememberedUsers()
    members = {"org_key": 1, "role_key": 1, "group_key": 1}
    remembered.add(1, altered((role_holders.HOLD_ROLE_OF_MEMBERS, members)))
    remembered.add(2, None)
    assert remembered.since(1, ["users"]) is None
    assert remembered.since(2, TABLES) == set()
    remembered.add(3, altered((role_holders.HOLD_ROLE_OF_MEMBERS, members)))
    assert remembered.since(2, ["role_holders", "users"]) is None
    assert remembered.since(2, ["memberships"]) == set()


def test_who_has_just_come_is_on_no_list():
    assert not altered((users.INSERT_USER, {"account_id": "a"})).anyone
    made = AlteredUsers()
    made.add_many(memberships.INSERT_MEMBERSHIP, [(1, 9, 3, 0), (1, 9, 4, 0)])
    assert (made.users, made.anyone) == ({"memberships": {3, 4}}, set())


def test_more_users_than_are_remembered(monkeypatch):
    monkeypatch.setattr(altered_users, "MOST_REMEMBERED", 3)
    remembered = RememberedUsers()
    for step in range(1, 6):
        remembered.add(step, joined(step))
    assert remembered.since(1, ["memberships"]) is None
    assert remembered.since(2, ["memberships"]) == {3, 4, 5}
