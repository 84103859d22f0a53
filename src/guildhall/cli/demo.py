"""The furnished organization of `serve --demo`, as the seed file that somebody could have written."""

import itertools
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec

from guildhall.http.docs.examples import KEY, OLD_RESOURCE, WIKI, demo_account, demo_id
from guildhall.model.keys import make_key
from guildhall.model.permissions import Caller, Permission
from guildhall.operations.directories import get_default_directory
from guildhall.operations.keys import NEVER, NewKey, create_key, expiry_after
from guildhall.operations.orgs import system_caller
from guildhall.operations.seeding.organizations import seed_organizations
from guildhall.seeds.reading import read_seed_text
from guildhall.store.database import Database, Transaction
from guildhall.store.orgs import SELECT_ORGS

_FIRST_NAMES = (
    "Ada", "Aiko", "Björn", "Carmen", "Chidi", "Dilan", "Elif", "Fatima", "Giulia", "Hana",
    "Imran", "Jürgen", "Kofi", "Lucía", "Mei", "Noor", "Olga", "Priya", "Quentin", "Zoë",
)  # fmt: skip
_LAST_NAMES = (
    "Abara", "Bianchi", "Çelik", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jansen",
    "Kowalska", "Larsen", "Müller", "Nakamura", "Okafor", "Patel", "Rossi", "Strauß",
)  # fmt: skip
_TEAMS = (
    "platform",
    "mobile",
    "payments",
    "data",
    "design",
    "support",
    "legal",
    "finance",
    "people",
    "sales",
)
_JIRA = "ari:cloud:jira::site/acme"
_SOFTWARE = "ari:cloud:jira-software::site/acme"
_DESK = "ari:cloud:jira-servicedesk::site/acme"
_FULL = "ari:cloud:jira-product-discovery::site/acme"
_OLD = "ari:cloud:confluence::site/acme-archive"
_USER, _ADMIN = "atlassian/user", "atlassian/admin"
_MAIN, _CONTRACTORS, _PARTNERS = "Acme", "Contractors", "Partners"
_FULL_SEATS = 12
_DEMO_KEY_DAYS = 90
_WELL_KNOWN = "GuildhallDemonstrationKey0000000"
"""Stands in the key for the secret; it is none."""

_COUNTS = {_MAIN: 240, _CONTRACTORS: 60, _PARTNERS: 40, "Retired": 0}


class Furnished(msgspec.Struct, frozen=True):
    """What somebody needs to call the demonstration."""

    org_id: str
    directory_id: str
    key: str

    def identity(self) -> dict[str, str]:
        """Return the members that the line of JSON has beside the url."""
        return {"orgId": self.org_id, "directoryId": self.directory_id, "key": self.key}


def demo_document() -> dict[str, Any]:
    """Return the demonstration in the form of a seed file; the same at every call."""
    users = list(_users())
    return {
        "organization": {"id": demo_id("organization"), "name": "Acme"},
        "directories": [{"id": demo_id(name), "name": name, "default": name == _MAIN} for name in _COUNTS],
        "resources": _resources(),
        "users": users,
        "groups": _groups(users),
    }


def _resources() -> list[dict[str, Any]]:
    return [
        {"id": _JIRA, "name": "Jira", "type": "jira", "hostUrl": "https://jira.acme.example"},
        {"id": _SOFTWARE, "name": "Jira Software", "userLimit": 500},
        {"id": WIKI, "name": "Confluence", "hostUrl": "https://wiki.acme.example"},
        {"id": _DESK, "name": "Service desk", "userLimit": 50},
        {"id": _FULL, "name": "Product Discovery", "userLimit": _FULL_SEATS},
        {"id": _OLD, "name": "Old wiki", "status": "offline"},
        {"id": OLD_RESOURCE, "name": "Old Jira", "status": "offline"},
    ]


def _users() -> Any:
    names = itertools.product(_LAST_NAMES, _FIRST_NAMES)
    directories = (name for name, count in _COUNTS.items() for _ in range(count))
    for number, ((last, first), directory) in enumerate(zip(names, directories, strict=False), 1):
        yield {
            "accountId": demo_account(number),
            "name": f"{first} {last}",
            "email": f"user{number}@{directory.lower()}.example",
            "status": "suspended" if number % 40 == 0 else "active",
            "claimStatus": "managed" if directory == _MAIN else "unmanaged",
            "mfaEnabled": number % 7 != 0,
            "department": _TEAMS[number % len(_TEAMS)].title(),
            "directories": [directory],
        }


def _groups(users: list[dict[str, Any]]) -> list[dict[str, Any]]:
    active = [user["accountId"] for user in users[: _COUNTS[_MAIN]] if user["status"] == "active"]
    contractors = [user["accountId"] for user in users[_COUNTS[_MAIN] :][: _COUNTS[_CONTRACTORS]]]
    partners = [user["accountId"] for user in users[-_COUNTS[_PARTNERS] :]]
    groups = [
        _group("jira-users", _MAIN, active, [_role(_JIRA, _USER, default=True), _role(_SOFTWARE, _USER)]),
        _group("confluence-users", _MAIN, active[:180], [_role(WIKI, _USER, default=True)]),
        _group("jira-administrators", _MAIN, active[:4], [_role(_JIRA, _ADMIN)]),
        _group("org-admins", _MAIN, active[:2], [_role(_own_resource(), "atlassian/org-admin")]),
        _group("service-desk-agents", _MAIN, active[20:50], [_role(_DESK, _USER)]),
        _group("product-discovery", _MAIN, active[:_FULL_SEATS], [_role(_FULL, _USER)]),
        _group("contractors", _CONTRACTORS, contractors, [_role(WIKI, "atlassian/guest")]),
        _group("partner-help-centre", _PARTNERS, partners, [_role(_DESK, "atlassian/customer")])
        | {"synced": True, "managedBy": "external"},
        _group("Team Nebula", _MAIN, active[60:68], []) | {"type": "TEAM", "managedBy": "team-members"},
        _group("retired-team", _MAIN, [], []),
        _group("retired-project", _MAIN, [], []),
        _group("_userbase-confluence", _MAIN, active[:180], []) | {"type": "USERBASE_GROUP"},
    ]
    for number, team in enumerate(_TEAMS):
        groups.append(_group(f"team-{team}", _MAIN, active[number :: len(_TEAMS)], []))
        groups.append(_group(f"{team}-wiki-editors", _MAIN, active[number::30], [_role(WIKI, _USER)]))
    return groups


def _own_resource() -> str:
    return f"ari:cloud:platform::org/{demo_id('organization')}"


def _role(resource: str, role: str, *, default: bool = False) -> dict[str, Any]:
    return {"resource": resource, "roles": [role], "defaultRole": role if default else None}


def _group(name: str, directory: str, members: list[str], roles: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": demo_id(f"group/{name}"),
        "name": name,
        "directory": directory,
        "description": f"Everybody in {name.replace('-', ' ')}.",
        "members": members,
        "roles": roles,
    }


async def furnish_demo(database: Database, *, well_known_key: bool) -> Furnished:
    """Fill an empty database with the demonstration, and make a key without scopes.

    A well-known key is the same at every start, so that what was pasted once works again. Only a server
    that other machines cannot reach may have it.
    """
    documents = read_seed_text(msgspec.json.encode(demo_document()))
    await database.write(seed_organizations, documents)
    return await database.write(_create_key, well_known_key)


async def _create_key(tx: Transaction, well_known: bool) -> Furnished:
    (org,) = await tx.all(SELECT_ORGS)
    caller: Caller = system_caller(org)
    secret = make_key(org.id, _WELL_KNOWN) if well_known else None
    created = await create_key(tx, caller, NewKey(name="demo", expires_at=NEVER, secret=secret))
    scopes, expires_at = (Permission.READ_GROUPS,), expiry_after(tx, _DEMO_KEY_DAYS)
    await create_key(tx, caller, NewKey(name="ci", id=KEY, scopes=scopes, expires_at=expires_at))
    directory = await get_default_directory(tx, caller)
    return Furnished(org.id, directory.id, created.secret or "")


def demo_lines(url: str, furnished: Furnished) -> str:
    """Return what is printed once the demonstration answers; the lines work when they are pasted."""
    exports = {
        "GUILDHALL_URL": url,
        "GUILDHALL_KEY": furnished.key,
        "GUILDHALL_ORG": furnished.org_id,
        "GUILDHALL_DIRECTORY": furnished.directory_id,
    }
    directories = "$GUILDHALL_URL/admin/v2/orgs/$GUILDHALL_ORG/directories"
    curl = 'curl -H "Authorization: Bearer $GUILDHALL_KEY"'
    return "\n".join(
        [
            "",
            "Paste these lines into another terminal:",
            "",
            *_path_line(),
            *(f"export {name}={value}" for name, value in exports.items()),
            "",
            "Then try:",
            "",
            "guildhall groups list",
            f'{curl} "{directories}"',
            f'{curl} "{directories}/$GUILDHALL_DIRECTORY/groups?limit=3&includeUsers=true"',
            "",
            f"Every operation is described at {url}/docs. The base URL for other clients is {url}/admin.",
            "The database is thrown away when the server stops (Ctrl-C).",
        ]
    )


def _path_line() -> list[str]:
    """Return the line that lets a shell find this very command, if it does not by itself."""
    command = Path(sys.executable).with_name("guildhall")
    found = shutil.which("guildhall")
    if not command.exists() or (found and Path(found).resolve() == command.resolve()):
        return []
    return [f'export PATH={shlex.quote(str(command.parent))}:"$PATH"']
