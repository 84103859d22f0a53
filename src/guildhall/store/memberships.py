"""Memberships in the store."""

from guildhall.model.memberships import Member
from guildhall.store.statement import register

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
