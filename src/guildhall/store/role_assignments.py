"""Role assignments of groups in the store, and which of them are defaults."""

from guildhall.model.role_assignments import (
    GroupRole,
    HeldRole,
    HeldRoleOnResource,
    ResourceWithRoles,
    RoleOnResource,
)
from guildhall.store.statement import register

INSERT_ROLE_ASSIGNMENT = register(
    """
    INSERT INTO role_assignments (org_key, group_key, resource_key, role_key)
    VALUES (:org_key, :group_key, :resource_key, :role_key)
    ON CONFLICT DO NOTHING
    """
)

DELETE_ROLE_ASSIGNMENT = register(
    """
    DELETE FROM role_assignments
    WHERE org_key = :org_key AND group_key = :group_key AND resource_key = :resource_key
      AND role_key = :role_key
    """
)

DELETE_ROLE_ASSIGNMENTS = register(
    "DELETE FROM role_assignments WHERE org_key = :org_key AND group_key = :group_key"
)

SELECT_HELD_ROLES = register(
    """
    SELECT a.resource_key, a.role_key, r.id, r.uses_seat
    FROM role_assignments AS a CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND a.group_key = :group_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    ORDER BY a.resource_key, a.role_key
    """,
    HeldRole,
)

SELECT_HELD_ROLES_WITH_RESOURCE = register(
    """
    SELECT a.resource_key, a.role_key, r.id, r.uses_seat, s.id
    FROM role_assignments AS a CROSS JOIN roles AS r CROSS JOIN resources AS s
    WHERE a.org_key = :org_key AND a.group_key = :group_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
      AND s.org_key = :org_key AND s.resource_key = a.resource_key
    ORDER BY a.resource_key, a.role_key
    """,
    HeldRoleOnResource,
)

SELECT_ROLES_ON_RESOURCES = register(
    """
    SELECT a.resource_key, a.role_key, r.id, r.uses_seat
    FROM role_assignments AS a CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND a.group_key = :group_key AND a.resource_key IN (:resource_keys...)
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    HeldRole,
)

_RESOURCES_WITH_ROLES = """
    SELECT a.resource_key, s.id, s.owner
    FROM role_assignments AS a CROSS JOIN resources AS s
    WHERE a.org_key = :org_key AND a.group_key = :group_key
      AND (CAST(:any_role AS BIGINT) = 1 OR a.role_key IN (:roles...))
      AND (CAST(:any_resource AS BIGINT) = 1 OR a.resource_key IN (:resources...))
      AND s.org_key = :org_key AND s.resource_key = a.resource_key
      AND (CAST(:any_owner AS BIGINT) = 1 OR s.owner IN (:owners...))
"""
"""A group's own roles are few thousand at most, so they are gathered and sorted, never walked by id."""

SELECT_RESOURCES_WITH_ROLES = register(
    f"""
    {_RESOURCES_WITH_ROLES} AND s.id >= :start AND (s.id > :start OR CAST(:inclusive AS BIGINT) = 1)
    GROUP BY a.resource_key, s.id, s.owner ORDER BY s.id LIMIT :most
    """,
    ResourceWithRoles,
)

SELECT_RESOURCES_WITH_ROLES_BACKWARD = register(
    f"""
    {_RESOURCES_WITH_ROLES} AND s.id <= :start AND (s.id < :start OR CAST(:inclusive AS BIGINT) = 1)
    GROUP BY a.resource_key, s.id, s.owner ORDER BY s.id DESC LIMIT :most
    """,
    ResourceWithRoles,
)

SELECT_ROLES_OF_RESOURCES = register(
    """
    SELECT a.resource_key, r.id, d.role_key
    FROM role_assignments AS a CROSS JOIN roles AS r
    LEFT JOIN default_groups AS d ON d.org_key = :org_key AND d.resource_key = a.resource_key
      AND d.role_key = a.role_key AND d.group_key = a.group_key
    WHERE a.org_key = :org_key AND a.group_key = :group_key AND a.resource_key IN (:resource_keys...)
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    RoleOnResource,
)

SELECT_ROLES_OF_GROUPS = register(
    """
    SELECT a.group_key, s.id, r.id
    FROM role_assignments AS a CROSS JOIN resources AS s CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND a.group_key IN (:group_keys...)
      AND s.org_key = :org_key AND s.resource_key = a.resource_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    """,
    GroupRole,
)


SELECT_WHICH_ARE_HELD = register(
    """
    SELECT r.id FROM roles AS r
    WHERE r.org_key = :org_key AND r.id IN (:role_ids...)
      AND EXISTS (SELECT 1 FROM role_assignments AS a
                  WHERE a.org_key = :org_key AND a.role_key = r.role_key AND a.group_key = :group_key)
    """
)

SELECT_DEFAULT_IS_SET = register(
    "SELECT 1 FROM default_groups WHERE org_key = :org_key AND group_key = :group_key LIMIT 1"
)

INSERT_DEFAULT_GROUP = register(
    """
    INSERT INTO default_groups (org_key, resource_key, role_key, group_key)
    VALUES (:org_key, :resource_key, :role_key, :group_key)
    """
)

SELECT_DEFAULT_GROUP = register(
    """
    SELECT g.id FROM default_groups AS d CROSS JOIN groups AS g
    WHERE d.org_key = :org_key AND d.resource_key = :resource_key AND d.role_key = :role_key
      AND g.org_key = :org_key AND g.group_key = d.group_key
    """
)

SELECT_DEFAULT_GROUP_BY_IDS = register(
    """
    SELECT g.id
    FROM resources AS s CROSS JOIN roles AS r CROSS JOIN default_groups AS d CROSS JOIN groups AS g
    WHERE s.org_key = :org_key AND s.id = :resource_id AND r.org_key = :org_key AND r.id = :role_id
      AND d.org_key = :org_key AND d.resource_key = s.resource_key AND d.role_key = r.role_key
      AND g.org_key = :org_key AND g.group_key = d.group_key
    """
)

SELECT_DEFAULT_ROLE = register(
    """
    SELECT r.id FROM default_groups AS d CROSS JOIN roles AS r
    WHERE d.org_key = :org_key AND d.group_key = :group_key AND d.resource_key = :resource_key
      AND r.org_key = :org_key AND r.role_key = d.role_key
    """
)

DELETE_DEFAULT_GROUP = register(
    """
    DELETE FROM default_groups
    WHERE org_key = :org_key AND group_key = :group_key AND resource_key = :resource_key
      AND role_key = :role_key
    """
)
