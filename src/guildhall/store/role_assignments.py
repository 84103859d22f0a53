"""Role assignments of groups in the store, and which of them are defaults."""

from guildhall.model.role_assignments import HeldRole, HeldRoleOnResource
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

SELECT_ROLES_ON_RESOURCE = register(
    """
    SELECT a.resource_key, a.role_key, r.id, r.uses_seat
    FROM role_assignments AS a CROSS JOIN roles AS r
    WHERE a.org_key = :org_key AND a.group_key = :group_key AND a.resource_key = :resource_key
      AND r.org_key = :org_key AND r.role_key = a.role_key
    ORDER BY a.role_key
    """,
    HeldRole,
)

SELECT_ROLE_IS_HELD = register(
    """
    SELECT 1 FROM role_assignments
    WHERE org_key = :org_key AND role_key = :role_key AND group_key = :group_key LIMIT 1
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
    SELECT group_key FROM default_groups
    WHERE org_key = :org_key AND resource_key = :resource_key AND role_key = :role_key
    """
)

DELETE_DEFAULT_GROUP = register(
    """
    DELETE FROM default_groups
    WHERE org_key = :org_key AND group_key = :group_key AND resource_key = :resource_key
      AND role_key = :role_key
    """
)
