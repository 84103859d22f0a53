"""Users' memberships of directories in the store, and what their groups there give them."""

from guildhall.model.role_assignments import GroupGrant, GroupOfUser
from guildhall.model.users import UserDirectory
from guildhall.store.statement import register

_DIRECTORIES = """
    SELECT m.user_key, m.directory_key, d.id, d.rank, d.name_key, m.status, m.management_source,
           m.added_at
    FROM directory_users AS m CROSS JOIN directories AS d
    WHERE m.org_key = :org_key AND d.org_key = :org_key AND d.directory_key = m.directory_key
"""

SELECT_DIRECTORIES_OF_USERS = register(f"{_DIRECTORIES} AND m.user_key IN (:user_keys...)", UserDirectory)

SELECT_DIRECTORIES_TO_CHANGE = register(
    f"{_DIRECTORIES} AND m.user_key = :user_key ORDER BY m.directory_key",
    UserDirectory,
    lock="FOR UPDATE OF m",
)
"""All of a user's memberships: whoever changes one of them sees the others stand still."""

SELECT_DIRECTORIES_OF_USERS_TO_CHANGE = register(
    f"{_DIRECTORIES} AND m.user_key IN (:user_keys...) ORDER BY m.user_key, m.directory_key",
    UserDirectory,
    lock="FOR UPDATE OF m",
)
"""The same for many users, whose own rows are locked."""

SELECT_IS_ACTIVE_ELSEWHERE = register(
    """
    SELECT 1 FROM directory_users
    WHERE org_key = :org_key AND user_key = :user_key AND directory_key <> :directory_key AND + status = 0
    LIMIT 1
    """
)

INSERT_DIRECTORY_USER = register(
    """
    INSERT INTO directory_users (org_key, user_key, directory_key, account_id, status, management_source,
                                 added_at)
    VALUES (:org_key, :user_key, :directory_key, :account_id, :status, :management_source, :added_at)
    """
)

UPDATE_DIRECTORY_USER = register(
    """
    UPDATE directory_users SET status = :status, management_source = :management_source, added_at = :added_at
    WHERE org_key = :org_key AND user_key = :user_key AND directory_key = :directory_key
    """
)

DELETE_DIRECTORY_USER = register(
    """
    DELETE FROM directory_users
    WHERE org_key = :org_key AND user_key = :user_key AND directory_key = :directory_key
    """
)

COUNT_USERS = register(
    """
    INSERT INTO user_totals (org_key, directory_key, status, closed, claim_status, mfa_enabled, users)
    VALUES (:org_key, :directory_key, :status, :closed, :claim_status, :mfa_enabled, :change)
    ON CONFLICT (org_key, directory_key, status, closed, claim_status, mfa_enabled)
    DO UPDATE SET users = user_totals.users + excluded.users
    """
)

SELECT_GROUPS_OF_USER = register(
    """
    SELECT g.group_key, g.id, g.directory_key, g.grants_admin FROM memberships AS m CROSS JOIN groups AS g
    WHERE m.org_key = :org_key AND m.user_key = :user_key
      AND g.org_key = :org_key AND g.group_key = m.group_key
    ORDER BY m.group_key
    """,
    GroupOfUser,
    lock="FOR SHARE OF g",
)
"""A user's groups, of all directories; their roles stay as they are until the transaction ends."""

SELECT_GRANTS_OF_GROUPS = register(
    """
    SELECT a.group_key, a.resource_key, a.role_key, r.uses_seat
    FROM role_assignments AS a CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND a.group_key IN (:group_keys...)
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    GroupGrant,
)
