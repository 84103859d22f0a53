"""Groups in the store, with their counters and totals."""

from guildhall.model.groups import Group, GroupTotals
from guildhall.store.statement import register

GROUP_COLUMNS = """
    g.group_key, g.id, g.directory_key, d.id, g.name, g.name_key, g.description, g.type, g.managed_by,
    g.synced, g.is_default, g.grants_admin, c.users, c.resources
"""
"""The columns of `Group`, of groups g, directories d and group_counts c."""

GROUP_PARTS = """
    CROSS JOIN directories AS d CROSS JOIN group_counts AS c
    WHERE g.org_key = :org_key AND d.org_key = :org_key AND d.directory_key = g.directory_key
      AND c.org_key = :org_key AND c.group_key = g.group_key
"""
"""What `GROUP_COLUMNS` needs beside `FROM groups AS g`; more conditions can follow."""

_GROUPS = f"SELECT {GROUP_COLUMNS} FROM groups AS g {GROUP_PARTS}"

SELECT_GROUPS = register(
    f"{_GROUPS} AND g.id IN (:group_ids...)",
    Group,
    postgres=f"{_GROUPS} AND g.id = ANY(ARRAY(SELECT unnest(CAST(:group_ids AS TEXT[]))))",
)
"""Of a list whose length PostgreSQL sees, it would think the statement worth a new plan each time."""

SELECT_GROUP = register(f"{_GROUPS} AND g.id = :group_id", Group, several=SELECT_GROUPS)

LOCK_GROUPS_TO_CHANGE = register(
    "SELECT group_key FROM groups WHERE org_key = :org_key AND id IN (:group_ids...)",
    postgres="""
    SELECT group_key FROM groups WHERE org_key = :org_key AND id IN (:group_ids...)
    ORDER BY group_key FOR UPDATE
    """,
)
"""What is read in the statements behind a lock is what its last holder left, counts included."""

LOCK_GROUP_TO_CHANGE = register(
    "SELECT group_key FROM groups WHERE org_key = :org_key AND id = :group_id", lock="FOR UPDATE"
)

SELECT_GROUP_KEYS = register(
    "SELECT group_key FROM groups WHERE org_key = :org_key AND id IN (:group_ids...)"
)

SELECT_GROUP_KEYS_BY_NAME = register(
    "SELECT group_key FROM groups WHERE org_key = :org_key AND name_key IN (:name_keys...)"
)

INSERT_GROUP = register(
    """
    INSERT INTO groups (org_key, directory_key, id, name, name_key, description, type, managed_by,
                        synced, is_default, grants_admin)
    VALUES (:org_key, :directory_key, :group_id, :name, :name_key, :description, :type, :managed_by,
            :synced, 0, 0)
    ON CONFLICT DO NOTHING RETURNING group_key
    """
)

INSERT_GROUP_COUNTS = register(
    "INSERT INTO group_counts (org_key, group_key, users, resources) VALUES (:org_key, :group_key, 0, 0)"
)

UPDATE_GROUP = register(
    """
    UPDATE groups SET name = :name, name_key = :name_key, description = :description
    WHERE org_key = :org_key AND group_key = :group_key
    """
)

SELECT_NAME_TAKEN = register(
    """
    SELECT group_key FROM groups
    WHERE org_key = :org_key AND directory_key = :directory_key AND name_key = :name_key
    """
)

UPDATE_GROUP_FLAGS = register(
    """
    UPDATE groups SET is_default = :is_default, grants_admin = :grants_admin
    WHERE org_key = :org_key AND group_key = :group_key
      AND (is_default <> :is_default OR grants_admin <> :grants_admin)
    """
)

UPDATE_GROUP_USERS = register(
    """
    UPDATE group_counts SET users = users + CAST(:change AS BIGINT)
    WHERE org_key = :org_key AND group_key = :group_key
    """
)

UPDATE_GROUP_RESOURCES = register(
    """
    UPDATE group_counts SET resources = resources + CAST(:change AS BIGINT)
    WHERE org_key = :org_key AND group_key = :group_key
    """
)

DELETE_GROUP_COUNTS = register("DELETE FROM group_counts WHERE org_key = :org_key AND group_key = :group_key")

DELETE_GROUP = register("DELETE FROM groups WHERE org_key = :org_key AND group_key = :group_key")

UPDATE_GROUP_TOTALS = register(
    """
    INSERT INTO group_totals (org_key, directory_key, type, managed_by, synced, groups)
    VALUES (:org_key, :directory_key, :type, :managed_by, :synced, :change)
    ON CONFLICT (org_key, directory_key, type, managed_by, synced)
    DO UPDATE SET groups = group_totals.groups + excluded.groups
    """
)

_TOTALS = """
    CAST(COALESCE(SUM(groups) FILTER (WHERE type = 1), 0) AS BIGINT),
    CAST(COALESCE(SUM(groups) FILTER (WHERE type = 0), 0) AS BIGINT),
    CAST(COALESCE(SUM(groups) FILTER (WHERE type = 2), 0) AS BIGINT),
    CAST(COALESCE(SUM(groups) FILTER (WHERE synced = 1), 0) AS BIGINT),
    CAST(COALESCE(SUM(groups) FILTER (WHERE managed_by = 1), 0) AS BIGINT)
"""

SELECT_GROUP_TOTALS = register(f"SELECT {_TOTALS} FROM group_totals WHERE org_key = :org_key", GroupTotals)

SELECT_GROUP_TOTALS_OF_DIRECTORY = register(
    f"""
    SELECT {_TOTALS} FROM group_totals WHERE org_key = :org_key AND directory_key IN (:directory_keys...)
    """,
    GroupTotals,
)
