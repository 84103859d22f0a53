"""What is shown of users beside their accounts: roles, resources and groups, a page of users at a time."""

from guildhall.model.role_assignments import ResourceWithRoles
from guildhall.model.user_lists import EffectiveRole, UserGroup, UserRow
from guildhall.store.lists.user_pages import USER_ROW_COLUMNS
from guildhall.store.statement import register

SELECT_USER_ROW = register(
    f"""
    SELECT {USER_ROW_COLUMNS} FROM users AS u CROSS JOIN directory_users AS m
    WHERE u.org_key = :org_key AND u.user_key = :user_key
      AND m.org_key = :org_key AND m.user_key = :user_key AND m.directory_key = :directory_key
    """,
    UserRow,
)

SELECT_USER_KEYS_BY_EMAIL = register(
    "SELECT user_key FROM users WHERE org_key = :org_key AND email_key IN (:email_keys...)"
)

SELECT_DOMAIN_IS_KNOWN = register(
    "SELECT 1 FROM users WHERE org_key = :org_key AND email_domain = :email_domain LIMIT 1"
)

SELECT_DIRECT_ROLES = register(
    """
    SELECT h.user_key, h.resource_key, h.role_key, 1 FROM user_roles AS h
    WHERE h.org_key = :org_key AND h.user_key IN (:user_keys...)
    """,
    EffectiveRole,
)

SELECT_ROLES_THROUGH_GROUPS = register(
    """
    SELECT m.user_key, a.resource_key, a.role_key, 0
    FROM memberships AS m CROSS JOIN role_assignments AS a
    WHERE m.org_key = :org_key AND m.user_key IN (:user_keys...)
      AND a.org_key = :org_key AND a.group_key = m.group_key
    """,
    EffectiveRole,
)
"""A row for each group that gives a role: what a user reaches by several groups comes several times."""

SELECT_GROUPS_OF_USERS = register(
    """
    SELECT m.user_key, g.id, g.name, g.name_key, g.description
    FROM memberships AS m CROSS JOIN groups AS g
    WHERE m.org_key = :org_key AND m.user_key IN (:user_keys...)
      AND g.org_key = :org_key AND g.group_key = m.group_key
    """,
    UserGroup,
)
"""All groups of a page of users in one statement, unsorted: by name only within each user."""

SELECT_RESOURCES_OF_ROLES = register(
    """
    SELECT r.resource_key, r.id, r.owner FROM resources AS r
    WHERE r.org_key = :org_key AND r.resource_key IN (:resource_keys...)
    """,
    ResourceWithRoles,
)
