"""Who holds a role on anything, and how many in each directory (the source of the user statistics)."""

from guildhall.store.statement import register

HOLD_ROLE = register(
    """
    INSERT INTO role_holders (org_key, role_key, user_key, holds)
    VALUES (:org_key, :role_key, :user_key, :holds)
    ON CONFLICT (org_key, role_key, user_key) DO UPDATE SET holds = role_holders.holds + excluded.holds
    RETURNING holds
    """
)

RELEASE_ROLE = register(
    """
    UPDATE role_holders SET holds = holds - CAST(:holds AS BIGINT)
    WHERE org_key = :org_key AND role_key = :role_key AND user_key = :user_key
    RETURNING holds
    """
)

DELETE_ROLE_HOLDER = register(
    "DELETE FROM role_holders WHERE org_key = :org_key AND role_key = :role_key AND user_key = :user_key"
)

COUNT_HOLDER_IN_DIRECTORIES = register(
    """
    INSERT INTO role_totals (org_key, directory_key, role_key, users)
    SELECT u.org_key, u.directory_key, CAST(:role_key AS BIGINT), CAST(:change AS BIGINT)
    FROM directory_users AS u WHERE u.org_key = :org_key AND u.user_key = :user_key
    ON CONFLICT (org_key, directory_key, role_key) DO UPDATE SET users = role_totals.users + excluded.users
    """
)

HOLD_ROLE_OF_MEMBERS = register(
    """
    INSERT INTO role_holders (org_key, role_key, user_key, holds)
    SELECT m.org_key, CAST(:role_key AS BIGINT), m.user_key, 1 FROM memberships AS m
    WHERE m.org_key = :org_key AND m.group_key = :group_key
    ON CONFLICT (org_key, role_key, user_key) DO UPDATE SET holds = role_holders.holds + 1
    """
)

_COUNT_HOLDERS = """
    INSERT INTO role_totals (org_key, directory_key, role_key, users)
    SELECT :org_key, u.directory_key, CAST(:role_key AS BIGINT), {count}
    FROM memberships AS m CROSS JOIN role_holders AS h CROSS JOIN directory_users AS u
    WHERE m.org_key = :org_key AND m.group_key = :group_key
      AND h.org_key = :org_key AND h.role_key = :role_key AND h.user_key = m.user_key AND h.holds = {holds}
      AND u.org_key = :org_key AND u.user_key = m.user_key
    GROUP BY u.directory_key
    ON CONFLICT (org_key, directory_key, role_key) DO UPDATE SET users = role_totals.users + excluded.users
"""

COUNT_NEW_HOLDERS = register(_COUNT_HOLDERS.format(count="count(*)", holds=1))
"""Of the members just held for: whoever has one hold has it from this group."""

RELEASE_ROLE_OF_MEMBERS = register(
    """
    UPDATE role_holders SET holds = holds - 1
    WHERE org_key = :org_key AND role_key = :role_key
      AND user_key IN (SELECT m.user_key FROM memberships AS m
                       WHERE m.org_key = :org_key AND m.group_key = :group_key)
    """
)

COUNT_GONE_HOLDERS = register(_COUNT_HOLDERS.format(count="-count(*)", holds=0))

DELETE_ROLE_OF_MEMBERS = register(
    """
    DELETE FROM role_holders
    WHERE org_key = :org_key AND role_key = :role_key AND holds = 0
      AND user_key IN (SELECT m.user_key FROM memberships AS m
                       WHERE m.org_key = :org_key AND m.group_key = :group_key)
    """
)
