"""An organization with something of each kind that a seed prunes, and that it may not."""

from typing import Any

from tests.cli.databases import run_sql

JIRA = "ari:cloud:jira::site/1"
CORE = "ari:cloud:jira-core::site/1"
START = f"""
organization: {{name: Acme}}
directories: [{{name: Staff}}, {{name: Partners}}]
resources: [{{id: "{JIRA}", name: Jira, userLimit: 9}}, {{id: "{CORE}", name: Core}}]
users:
- {{name: Ada, accountId: ada, email: ada@example.com, roles: [{{resource: Jira, roles: [user, viewer]}}]}}
- {{name: Bob, accountId: bob, email: bob@example.com, directories: [Staff, Partners]}}
- {{name: Eve, accountId: eve, email: eve@example.com, roles: [{{resource: Jira, roles: [user]}}]}}
- {{name: Pat, accountId: pat, email: pat@example.com, directories: [Partners],
   roles: [{{resource: Jira, roles: [viewer]}}]}}
- {{name: Syd, accountId: syd, email: syd@example.com, roles: [{{resource: Jira, roles: [viewer]}}],
   directories: [{{directory: Staff, managementSource: synced}}]}}
- {{name: Oda, accountId: oda, email: oda@example.com, roles: [{{resource: Core, roles: [org-admin, user]}}]}}
groups:
- {{name: team, members: [ada, bob], roles: [{{resource: Jira, roles: [user]}}]}}
- {{name: spare, members: [ada, eve], roles: [{{resource: Jira, roles: [user, viewer]}}]}}
- {{name: guards, members: [eve], roles: [{{resource: Jira, roles: [user-access-admin]}}]}}
- {{name: crew, directory: Partners, members: [pat, bob]}}
- {{name: synced, synced: true, members: [ada]}}
- {{name: a-team, type: TEAM, members: [ada]}}
- {{name: default, members: [eve], roles: [{{resource: Jira, roles: [viewer], defaultRole: viewer}}]}}
- {{name: admins, members: [ada], roles: [{{resource: Jira, roles: [admin]}}]}}
"""
PROTECTED = {"synced", "a-team", "default", "admins"}


def groups(url: str) -> set[str]:
    return {name for (name,) in run_sql(url, "SELECT name FROM groups")}


def members(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT g.name, u.account_id FROM memberships m JOIN groups g ON g.group_key = m.group_key
             JOIN users u ON u.user_key = m.user_key ORDER BY 1, 2"""
    return run_sql(url, sql)


def standings(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT m.account_id, d.name FROM directory_users m
             JOIN directories d ON d.directory_key = m.directory_key ORDER BY 1, 2"""
    return run_sql(url, sql)


def direct_roles(url: str) -> list[tuple[Any, ...]]:
    sql = """SELECT u.account_id, r.id FROM user_roles h JOIN users u ON u.user_key = h.user_key
             JOIN roles r ON r.role_key = h.role_key ORDER BY 1, 2"""
    return run_sql(url, sql)
