-- Only a key without scopes may change or delete a group that holds atlassian/user-access-admin (ADR 26).
UPDATE groups SET grants_admin = -1
WHERE grants_admin = 0
  AND EXISTS (SELECT 1 FROM role_assignments AS a CROSS JOIN roles AS r
              WHERE a.org_key = groups.org_key AND a.group_key = groups.group_key
                AND r.org_key = groups.org_key AND r.role_key = a.role_key
                AND r.id = 'atlassian/user-access-admin')
