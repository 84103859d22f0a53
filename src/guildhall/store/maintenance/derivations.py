"""What stored counters and seats must hold, as queries over what they are counted from (design 2.2).

`guildhall check` compares them with what is stored; `guildhall generate` fills the tables by them.
"""

from guildhall.model.roles import GUARDED, ORG_ADMIN, USER_ACCESS_ADMIN

SEATS = """
    SELECT h.user_key, count(*) AS holds
    FROM (SELECT m.user_key
          FROM (SELECT DISTINCT + a.group_key AS group_key
                FROM role_assignments AS a CROSS JOIN roles AS r
                WHERE a.org_key = :org_key AND a.resource_key = :resource_key
                  AND r.org_key = :org_key AND r.role_key = a.role_key AND r.uses_seat = 1) AS s
          CROSS JOIN groups AS g CROSS JOIN memberships AS m CROSS JOIN directory_users AS u
          WHERE g.org_key = :org_key AND g.group_key = s.group_key
            AND m.org_key = :org_key AND m.group_key = s.group_key
            AND u.org_key = :org_key AND u.user_key = m.user_key AND u.directory_key = g.directory_key
            AND u.status = 0
          UNION ALL
          SELECT DISTINCT + d.user_key FROM user_roles AS d CROSS JOIN roles AS r
          WHERE d.org_key = :org_key AND d.resource_key = :resource_key
            AND r.org_key = :org_key AND r.role_key = d.role_key AND r.uses_seat = 1
            AND EXISTS (SELECT 1 FROM directory_users AS u
                        WHERE u.org_key = :org_key AND u.user_key = d.user_key AND + u.status = 0)) AS h
    GROUP BY h.user_key
"""
"""Users with a seat of a resource, with the reasons for it: groups in whose directory they are active
and that give a seat-using role there, and one for direct roles. Each `+` keeps SQLite from an index that
looks good and is not: all assignments in the order of groups, all active users of the organization."""

ROLE_HOLDERS = """
    SELECT h.user_key, count(*) AS holds
    FROM (SELECT m.user_key
          FROM (SELECT DISTINCT a.group_key FROM role_assignments AS a
                WHERE a.org_key = :org_key AND a.role_key = :role_key) AS s
          CROSS JOIN memberships AS m
          WHERE m.org_key = :org_key AND m.group_key = s.group_key
          UNION ALL
          SELECT DISTINCT d.user_key FROM user_roles AS d
          WHERE d.org_key = :org_key AND d.role_key = :role_key) AS h
    GROUP BY h.user_key
"""
"""Users who hold a role on anything, with the reasons: groups that give it, and one for direct roles."""

ROLE_TOTALS = """
    SELECT u.directory_key, count(*) AS users
    FROM role_holders AS h CROSS JOIN directory_users AS u
    WHERE h.org_key = :org_key AND h.role_key = :role_key
      AND u.org_key = :org_key AND u.user_key = h.user_key
    GROUP BY u.directory_key
    UNION ALL
    SELECT 0, t.users
    FROM (SELECT count(*) AS users FROM role_holders AS h
          WHERE h.org_key = :org_key AND h.role_key = :role_key) AS t
    WHERE t.users > 0
"""
"""How many holders of a role are in each directory and, under the key 0, in the organization."""

SEATS_USED = """
    SELECT count(*) FROM seats AS t WHERE t.org_key = :org_key AND t.resource_key = r.resource_key
"""
"""Seats in use of a resource r."""

GROUP_TOTALS = """
    SELECT g.directory_key, g.type, g.managed_by, g.synced, count(*) AS groups
    FROM groups AS g WHERE g.org_key = :org_key
    GROUP BY g.directory_key, g.type, g.managed_by, g.synced
"""
"""How many groups of each kind are in each directory."""

USER_TOTALS = """
    SELECT m.directory_key, m.status, u.closed, u.claim_status, u.mfa_enabled, count(*) AS users
    FROM users AS u CROSS JOIN directory_users AS m
    WHERE u.org_key = :org_key AND m.org_key = :org_key AND m.user_key = u.user_key
    GROUP BY m.directory_key, m.status, u.closed, u.claim_status, u.mfa_enabled
"""
"""How many users of each status and kind are in each directory."""

GROUP_USERS = """
    SELECT count(*) FROM memberships AS m WHERE m.org_key = :org_key AND m.group_key = g.group_key
"""
"""Members of a group g."""

GROUP_RESOURCES = """
    SELECT count(DISTINCT a.resource_key) FROM role_assignments AS a
    WHERE a.org_key = :org_key AND a.group_key = g.group_key
"""
"""Resources that a group g has a role on."""

IS_DEFAULT = """
    CAST(EXISTS (SELECT 1 FROM default_groups AS d
                 WHERE d.org_key = :org_key AND d.group_key = g.group_key) AS INTEGER)
"""
"""Whether a group g is the default access group of anything, as 0 or 1."""

GRANTS_ADMIN = """
    COALESCE((SELECT MAX(CASE r.id WHEN :org_admin THEN 2 WHEN :user_access_admin THEN -1 ELSE 1 END)
              FROM role_assignments AS a CROSS JOIN roles AS r
              WHERE a.org_key = :org_key AND a.group_key = g.group_key
                AND r.org_key = :org_key AND r.role_key = a.role_key AND r.id IN (:guarded_roles...)), 0)
"""
"""How much administration a group g gives, as `AdminAccess` counts it; takes `GUARDED_ROLES`."""

GUARDED_ROLES = {
    "org_admin": ORG_ADMIN,
    "user_access_admin": USER_ACCESS_ADMIN,
    "guarded_roles": sorted(GUARDED),
}
