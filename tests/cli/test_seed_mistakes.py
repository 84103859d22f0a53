"""What is wrong in a seed file is told with file, line and field, and changes nothing, on both engines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guildhall.cli.exit_codes import ExitCode
from tests.cli.conftest import Ended
from tests.cli.databases import contents

ORG = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
JIRA = "ari:cloud:jira::site/1"
START = f"""
organization: {{id: {ORG}, name: Example}}
directories: [{{name: Staff}}, {{name: Partners}}]
resources: [{{id: "{JIRA}", name: Jira}}]
users:
- {{name: Ada, email: ada@example.com, accountId: ada}}
- {{name: Bob, email: bob@example.com, accountId: bob}}
groups:
- {{name: team}}
"""
HASH = "0" * 64
LONG = "x" * 1001

EVE = "accountId: eve\n  name: Eve\n  email: eve@example.com\n  directories: []"
USERS = [
    ("{name: X, emial: y}", 2, "users[0].emial: unknown field; did you mean email?"),
    ("{name: X}", 2, "users[0].email: an address such as ada@example.com, or accountId, is required."),
    ("{email: x@y.z}", 2, "users[0].name: is required for a new user."),
    ("{name: X, email: y}", 2, "users[0].email: an address such as"),
    ("{name: X, email: ada@example.com, accountId: x}", 2, "email: the user ada has this e-mail address."),
    ("{accountId: ada, email: bob@example.com}", 2, "Another user of the organization has"),
    ("{accountId: ada}\n- {email: ADA@example.com}", 3, "users[1]: the file has this user already."),
    ("{name: X, email: a@b.c}\n- {name: Y, email: A@b.c}", 3, "users[1]: the file has this user already."),
    (
        "{name: X, email: a@b.c, accountId: x}\n- {name: Y, email: y@b.c, accountId: x}",
        3,
        "users[1]: the file has this user already.",
    ),
    (
        "{name: X, email: a@b.c, accountId: x}\n- {name: Y, email: A@b.c, accountId: y}",
        3,
        "users[1].email: the user x has this e-mail address.",
    ),
    ("{accountId: é, name: X, email: y@z.c}", 2, "users[0].accountId: must be 1 to 128 of"),
    (
        "accountId: ada\n  directories: [Nowhere]",
        3,
        "users[0].directories[0]: there is no directory Nowhere.",
    ),
    ("accountId: ada\n  directories: [Stafff]", 3, "did you mean Staff?"),
    ("accountId: ada\n  directories: [Staff, staff]", 3, "directories[1]: this directory is named twice."),
    ("accountId: ada\n  closed: true\n  status: active", 4, "users[0].status: the account is closed"),
    ("accountId: ada\n  roles:\n  - {resource: Jra, roles: [user]}", 4, "there is no resource Jra."),
    ("accountId: ada\n  roles:\n  - {resource: Jira, roles: [usr]}", 4, "roles[0]: there is no role usr"),
    (
        EVE + "\n  roles: [{resource: Jira, roles: [user]}]",
        6,
        "users[0].roles: a user who is in no directory takes no roles.",
    ),
    (
        "accountId: ada\n  roles:\n  - {resource: Jira, roles: [customer]}",
        4,
        "does not fit resources of jira.",
    ),
]
GROUPS = [
    ("{}", 2, "groups[0].name: is required where there is no id."),
    ("{id: 1-2, name: x}", 2, "groups[0].id: must be a UUID"),
    ('name: "a\\u0007"', 2, "groups[0].name: must not contain control characters"),
    (f"{{name: x, description: {LONG}}}", 2, "groups[0].description: must have at most 1000"),
    ("{name: x}\n- {name: X}", 3, "groups[1]: the file has this group already."),
    (f"{{name: Team, id: {OTHER}}}", 2, "groups[0].name: the directory has a group team already"),
    ("{name: team, directory: Partners, id: x}", 2, "groups[0].id: must be a UUID"),
    ("{name: x, type: TEAM, managedBy: admins}", 2, "groups[0].managedBy: is team-members or open"),
    ("{name: x, synced: true, managedBy: admins}", 2, "managedBy: must be external for a synced group."),
    ("name: x\n  members:\n  - ada\n  - nobody", 5, "members[1]: the user nobody does not exist."),
    ("name: x\n  members:\n  - ada\n  - {user: no@b.c}", 5, "members[1]: there is no user no@b.c."),
    ("{name: x, members: [ada, ADA@example.com]}", 2, "ADA@example.com is a member already."),
    ("{name: x, directory: Partners, members: [ada]}", 2, "the user ada is not in the group's directory."),
    ("{name: team, members: [nobody]}", 2, "groups[0].members[0]: the user nobody does not exist."),
    ("name: x\n  members:\n  - {user: ada,\n     addedAt: noon}", 5, "addedAt: must be a time such as"),
    ("name: x\n  roles:\n  - {resource: Jira, roles: [user], defaultRole: admin}", 4, "must be one of the"),
    ("name: x\n  roles:\n  - {resource: Jira, roles: []}", 4, "roles[0].roles: must name a role"),
    ("name: x\n  roles:\n  - &a {resource: Jira, roles: [user]}\n  - *a", 5, "anchors and aliases"),
    (
        f"name: x\n  roles:\n  - {{resource: Jira, roles: [user]}}\n  - {{resource: '{JIRA}', roles: []}}",
        5,
        "groups[0].roles[1].resource: this resource has an entry already.",
    ),
]
RESOURCES = [
    ("{id: jira, name: x}", 2, "resources[0].id: must be an ARI such as"),
    ("{id: 'ari:cloud:jira::site/2'}", 2, "resources[0].name: is required for a new resource."),
    (f"{{id: 'ari:cloud:platform::org/{OTHER}', name: x}}", 2, "the only resource of that kind is"),
    (f"{{id: '{JIRA}'}}\n- {{id: '{JIRA}'}}", 3, "resources[1].id: the file has this resource already."),
    (f"{{id: '{JIRA}', createdAt: then}}", 2, "resources[0].createdAt: must be a time such as"),
]
DIRECTORIES = [
    ("{name: x, default: true}\n- {name: y, default: true}", 3, "default: is true at seed.yaml:2:"),
    ("{name: Staff, default: false}", 2, "directories[0].default: an organization always has"),
    ("{icon: x}", 2, "directories[0].name: is required where there is no id."),
    ("{name: Staff}\n- {name: STAFF}", 3, "directories[1]: the file has this directory already."),
]
ROLES = [
    ("{id: reviewer}", 2, "roles[0].id: must be two words"),
    ("{id: a/b, owners: [Jira]}", 2, "roles[0].owners[0]: must be a word such as"),
    ("{id: a/b, displayName: ''}", 2, "roles[0].displayName: must have 1 to 255 characters"),
]
KEYS = [
    ("{name: x}", 2, "keys[0].secret: is required for a new key, or the hash of one."),
    (f"{{name: x, hash: {HASH}a}}", 2, "keys[0].hash: has the wrong form."),
    (f"{{hash: '{HASH}'}}", 2, "keys[0].name: is required for a new key."),
    (f"{{name: x, hash: '{HASH}', scopes: [read:all]}}", 2, "keys[0].scopes: unknown scope read:all"),
    (f"{{name: x, hash: '{HASH}', scopes: []}}", 2, "keys[0].scopes: name at least one"),
    (f"{{name: x, hash: '{HASH}', secret: ghk_x}}", 2, "keys[0].hash: is given beside secret"),
]
ORGANIZATIONS = [
    ("organization:\n  id: x", 2, "organization.id: must be a UUID, or left out."),
    (f"organization: {{id: {OTHER}}}", 1, f"organization.id: there is no organization {OTHER}. There is: "),
    (f"organization: {{id: {ORG}, name: ' '}}", 1, "organization.name: must have 1 to 255 characters"),
]


def in_section(section: str, cases: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    return [(f"{section}:\n- {text}", line, wanted) for text, line, wanted in cases]


MISTAKES = [
    *in_section("users", USERS),
    *in_section("groups", GROUPS),
    *in_section("resources", RESOURCES),
    *in_section("directories", DIRECTORIES),
    *in_section("roles", ROLES),
    *in_section("keys", KEYS),
    *ORGANIZATIONS,
]


@pytest.mark.parametrize(("text", "line", "wanted"), MISTAKES)
def test_a_mistake_is_located(
    guildhall: Callable[..., Ended], database_url: str, tmp_path: Path, text: str, line: int, wanted: str
) -> None:
    """Nothing is changed, not even what stands before the mistake."""
    path = tmp_path / "seed.yaml"
    path.write_text(START)
    assert guildhall("seed", str(path), "--database", database_url).code == ExitCode.DONE
    before: Any = contents(database_url)
    path.write_text(f"{text}\n" + "directories: [{name: New}]\n" * ("directories:" not in text[:12]))
    ended = guildhall("seed", str(path), "--database", database_url)
    assert ended.code in (ExitCode.REFUSED, ExitCode.CONFLICT), ended
    assert ended.err.startswith(f"Error: seed.yaml:{line}: "), ended.err
    assert wanted in ended.err
    assert contents(database_url) == before
