"""Memberships in the store."""

from guildhall.model.memberships import Joined, Joining, Member
from guildhall.store.events import INSERTED_EVENT
from guildhall.store.groups import GROUP_COLUMNS
from guildhall.store.statement import Statement, register

SELECT_TO_JOIN = register(
    f"""
    SELECT {GROUP_COLUMNS}, u.user_key, u.account_id, u.name, u.email, m.status
    FROM groups AS g CROSS JOIN users AS u CROSS JOIN directory_users AS m
         CROSS JOIN directories AS d CROSS JOIN group_counts AS c
    WHERE g.org_key = :org_key AND g.id = :group_id AND u.org_key = :org_key AND u.account_id = :account_id
      AND m.org_key = :org_key AND m.user_key = u.user_key AND m.directory_key = g.directory_key
      AND d.org_key = :org_key AND d.directory_key = g.directory_key
      AND c.org_key = :org_key AND c.group_key = g.group_key
    """,
    Joining,
    lock="FOR SHARE OF m, g",
)
"""A user and a group that stand still from now on; what is counted may be older than the lock."""

JOIN = Statement(
    f"""
    WITH added AS (
        INSERT INTO memberships (org_key, group_key, user_key, added_at)
        VALUES (:org_key, :group_key, :user_key, :added_at)
        ON CONFLICT DO NOTHING RETURNING group_key
    ), recorded AS (
        {INSERTED_EVENT} HAVING EXISTS (SELECT 1 FROM added)
    )
    SELECT CAST((SELECT count(*) FROM added) AS BIGINT), c.resources
    FROM group_counts AS c WHERE c.org_key = :org_key AND c.group_key = :group_key
    """,
    Joined,
)
"""A member with its event, in one round trip to PostgreSQL (ADR 17); its count follows with the commit."""

INSERT_MEMBERSHIP = register(
    """
    INSERT INTO memberships (org_key, group_key, user_key, added_at)
    VALUES (:org_key, :group_key, :user_key, :added_at)
    ON CONFLICT DO NOTHING
    """
)

DELETE_MEMBERSHIP = register(
    "DELETE FROM memberships WHERE org_key = :org_key AND group_key = :group_key AND user_key = :user_key"
)

DELETE_MEMBERSHIPS = register("DELETE FROM memberships WHERE org_key = :org_key AND group_key = :group_key")

_MEMBERS = """
    SELECT u.user_key, u.account_id, u.name, u.email, s.status, m.added_at
    FROM memberships AS m CROSS JOIN users AS u CROSS JOIN directory_users AS s
    WHERE m.org_key = :org_key AND m.group_key = :group_key
      AND u.org_key = :org_key AND u.user_key = m.user_key
      AND s.org_key = :org_key AND s.user_key = m.user_key AND s.directory_key = :directory_key
"""

SELECT_MEMBERS = register(
    f"{_MEMBERS} AND m.user_key > :start ORDER BY m.user_key LIMIT :most",
    Member,
)

SELECT_MEMBERS_BACKWARD = register(
    f"{_MEMBERS} AND m.user_key < :start ORDER BY m.user_key DESC LIMIT :most",
    Member,
)
