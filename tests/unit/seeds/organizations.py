"""Small organizations as seed files could say them: whatever the rules allow, drawn by hypothesis."""

import itertools
import string
from typing import Any

from hypothesis import strategies as st

from guildhall.model.names import fold, trim
from guildhall.model.roles import BUILT_IN
from guildhall.model.times import to_text

Values = dict[str, Any]

_CHARACTERS = st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"), max_codepoint=0x1FFFF)
NAMES = st.text(_CHARACTERS, min_size=1, max_size=12).filter(lambda name: trim(name) != "")
TEXTS = st.text(st.one_of(_CHARACTERS, st.sampled_from("\t\n\u2028\u2029\ufeff")), max_size=20)
TIMES = st.integers(0, 4_000_000_000_000).map(to_text)
UUIDS = st.uuids(version=4).map(str)
STATUSES = ("active", "suspended", "not_invited", "deactivated", "for_deletion")
OWNERS = ("jira", "jira-core", "confluence", "jira-servicedesk", "acme")
OWN_ROLE = {"id": "acme/reviewer", "displayName": "Reviewer", "usesSeat": True, "owners": ["acme", "jira"]}


def given(draw: Any, **fields: Any) -> Values:
    """Some of the fields, and never a text that is nothing but white space."""
    return {name: draw(strategy) for name, strategy in fields.items() if draw(st.booleans())}


@st.composite
def organizations(draw: Any) -> Values:
    """A whole seed file with ids everywhere, so that it stands for itself in any database."""
    org_id = draw(UUIDS)
    directories = draw(st.lists(st.fixed_dictionaries({"id": UUIDS, "name": NAMES}), min_size=1, max_size=3,
                                unique_by=lambda directory: directory["id"]))  # fmt: skip
    directories[draw(st.integers(0, len(directories) - 1))]["default"] = True
    resources = _resources(draw, org_id)
    roles = [{**OWN_ROLE, **given(draw, displayName=NAMES, forGroups=st.booleans())}]
    users = draw(
        st.lists(_users(directories, resources), max_size=6, unique_by=lambda user: user["accountId"])
    )
    for number, user in enumerate(users):
        user["email"] = f"{number}.{user['email']}"
    return {
        "organization": {"id": org_id, "name": draw(NAMES), "createdAt": draw(TIMES)},
        "roles": roles,
        "directories": directories,
        "resources": resources,
        "users": users,
        "groups": _groups(draw, directories, resources, users),
        "keys": draw(st.lists(_keys(), max_size=2, unique_by=(lambda k: k["hash"], lambda k: k["id"]))),
    }


def _resources(draw: Any, org_id: str) -> list[Values]:
    owners = draw(st.lists(st.sampled_from(OWNERS), max_size=4))
    found = [_resource(draw, f"ari:cloud:{owner}::site/{number}") for number, owner in enumerate(owners)]
    return [{"id": f"ari:cloud:platform::org/{org_id}", "name": draw(NAMES)}, *found]


def _resource(draw: Any, resource_id: str) -> Values:
    limit = given(draw, userLimit=st.integers(0, 3))
    # Whether the limit is reached depends on the users; a file may always say that it may be exceeded.
    over = {"overLimit": True} if limit else {}
    status = st.sampled_from(("online", "offline", "deprecated"))
    more = given(draw, status=status, createdAt=TIMES, updatedAt=TIMES, hostUrl=st.just("https://x.example"))
    return {"id": resource_id, "name": draw(NAMES), **limit, **over, **more}


@st.composite
def _users(draw: Any, directories: list[Values], resources: list[Values]) -> Values:
    closed = draw(st.integers(0, 9)) == 0
    chosen = draw(st.lists(st.sampled_from(directories), max_size=3, unique_by=lambda place: place["id"]))
    statuses = st.sampled_from(STATUSES[3:] if closed else STATUSES)
    places = [
        {"directory": place["id"], "status": draw(statuses)}
        | given(draw, managementSource=st.sampled_from(("invited", "synced", None)), addedAt=TIMES)
        for place in chosen
    ]
    return {
        "accountId": draw(st.text(string.ascii_letters + string.digits + "_|:-", min_size=1, max_size=16)),
        "name": draw(NAMES),
        "email": draw(st.sampled_from(("ada@example.com", "ß.Größe@exämple.com", "İ@example.org"))),
        "closed": closed,
        "directories": places,
        # Who is in no directory takes no roles.
        "roles": [{"resource": r["id"], "roles": roles} for r, roles in _grants(draw, resources) if places],
        **given(
            draw,
            claimStatus=st.sampled_from(("managed", "unmanaged")),
            mfaEnabled=st.booleans(),
            emailVerified=st.booleans(),
            jobTitle=NAMES,
            lastActive=st.dictionaries(st.just("ari:cloud:jira::site/0"), TIMES),
        ),
    }


def _grants(draw: Any, resources: list[Values]) -> list[tuple[Values, list[str]]]:
    chosen = draw(st.lists(st.sampled_from(resources), max_size=2, unique_by=lambda resource: resource["id"]))
    found = [(resource, draw(_fitting(resource))) for resource in chosen]
    return [(resource, roles) for resource, roles in found if roles]


def _fitting(resource: Values) -> Any:
    owner = resource["id"].split(":")[2]
    fitting = [role.id for role in BUILT_IN if role.fits(owner)]
    fitting += [OWN_ROLE["id"]] if owner in OWN_ROLE["owners"] else []
    return st.lists(st.sampled_from(fitting), max_size=3, unique=True)


def _groups(
    draw: Any, directories: list[Values], resources: list[Values], users: list[Values]
) -> list[Values]:
    names: set[tuple[str, str]] = set()
    defaults: set[tuple[str, str]] = set()
    groups = []
    for _ in range(draw(st.integers(0, 5))):
        directory, name = draw(st.sampled_from(directories))["id"], draw(NAMES)
        if (directory, fold(trim(name))) in names:
            continue
        names.add((directory, fold(trim(name))))
        group = _group(draw, directory, name, resources, users)
        if group["id"] in {other["id"] for other in groups}:
            continue
        groups.append(group)
        _choose_defaults(draw, groups[-1], defaults)
    return groups


def _group(draw: Any, directory: str, name: str, resources: list[Values], users: list[Values]) -> Values:
    here = [user for user in users if directory in {place["directory"] for place in user["directories"]}]
    members = draw(st.lists(st.sampled_from(here), unique_by=lambda u: u["accountId"])) if here else []
    kind = draw(
        st.sampled_from(
            (
                {},
                {"type": "TEAM", "managedBy": "open"},
                {"type": "USERBASE_GROUP"},
                {"synced": True},
                {"managedBy": "external"},
            )
        )
    )
    return {
        "id": draw(UUIDS),
        "name": name,
        "directory": directory,
        "roles": [{"resource": r["id"], "roles": roles} for r, roles in _grants(draw, resources)],
        "members": [{"user": user["accountId"], **given(draw, addedAt=TIMES)} for user in members],
        **given(draw, description=TEXTS),
        **kind,
    }


def _choose_defaults(draw: Any, group: Values, taken: set[tuple[str, str]]) -> None:
    for entry in group["roles"]:
        free = [role for role in entry["roles"] if (entry["resource"], role) not in taken]
        if free and draw(st.booleans()):
            entry["defaultRole"] = draw(st.sampled_from(free))
            taken.add((entry["resource"], entry["defaultRole"]))


@st.composite
def _keys(draw: Any) -> Values:
    scopes = st.lists(st.sampled_from(("read:groups:admin", "write:groups:admin")), min_size=1, unique=True)
    more = given(draw, scopes=scopes, rateLimit=st.integers(1, 1000), createdAt=TIMES, expiresAt=TIMES)
    hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
    return {"id": draw(UUIDS), "name": draw(NAMES), "hash": draw(hashes), **more}


def names_of(sections: Values) -> list[str]:
    """All names in a file, for a look at what was drawn."""
    return [item["name"] for item in itertools.chain(sections["directories"], sections["groups"])]
