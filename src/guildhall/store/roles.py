"""The role catalogue in the store."""

from guildhall.model.roles import Role
from guildhall.store.statement import register

_ROLE = "SELECT role_key, id, display_name, uses_seat, for_groups, owners FROM roles"

SELECT_ROLE = register(f"{_ROLE} WHERE org_key = :org_key AND id = :role_id", Role)

SELECT_ROLES = register(f"{_ROLE} WHERE org_key = :org_key ORDER BY id", Role)

INSERT_ROLE = register(
    """
    INSERT INTO roles (org_key, role_key, id, display_name, uses_seat, for_groups, owners)
    VALUES (:org_key, :role_key, :role_id, :display_name, :uses_seat, :for_groups, :owners)
    """
)
