"""Roles that users hold directly, in the store."""

from guildhall.model.role_assignments import DirectRole
from guildhall.store.statement import register

SELECT_DIRECT_ROLES = register(
    """
    SELECT u.resource_key, s.id, u.role_key, r.id, r.uses_seat
    FROM user_roles AS u CROSS JOIN roles AS r CROSS JOIN resources AS s
    WHERE u.org_key = :org_key AND u.user_key = :user_key
      AND r.org_key = :org_key AND r.role_key = u.role_key
      AND s.org_key = :org_key AND s.resource_key = u.resource_key
    ORDER BY u.resource_key, u.role_key
    """,
    DirectRole,
)

INSERT_USER_ROLE = register(
    """
    INSERT INTO user_roles (org_key, user_key, resource_key, role_key)
    VALUES (:org_key, :user_key, :resource_key, :role_key)
    ON CONFLICT DO NOTHING
    """
)

DELETE_USER_ROLE = register(
    """
    DELETE FROM user_roles
    WHERE org_key = :org_key AND user_key = :user_key AND resource_key = :resource_key
      AND role_key = :role_key
    """
)

DELETE_USER_ROLES = register("DELETE FROM user_roles WHERE org_key = :org_key AND user_key = :user_key")

SELECT_HOLDS_ROLE = register(
    """
    SELECT 1 FROM roles AS r CROSS JOIN role_holders AS h
    WHERE r.org_key = :org_key AND r.id = :role_id
      AND h.org_key = :org_key AND h.role_key = r.role_key AND h.user_key = :user_key
    """
)
"""Whether a user holds a role on anything, directly or through a group."""
