"""A portion as entries of an LDAP directory: their names, and the LDIF (RFC 2849) that loads them."""

import base64
import re
from collections.abc import Iterable, Iterator
from io import TextIOBase

from benchmarks.peers.portions import Group, Portion, User

SUFFIX = "o=guildhall"
PEOPLE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
ACCOUNT = f"cn=measured,{SUFFIX}"
PASSWORD = "measured"  # noqa: S105 -- for a server that lives as long as the measurement

# RFC 4514 §2.4; the names of a dataset begin and end with no space.
_SPECIAL = re.compile(r'([\\,+"<>;=#])')
_PLAIN = re.compile(r"[!-9;=-~][ -~]*(?<! )")


def user_name(user: User) -> str:
    """Return the distinguished name of a user."""
    return f"uid={_escaped(user.account_id)},{PEOPLE}"


def group_name(group: Group) -> str:
    """Return the distinguished name of a group: its name is unique within its directory."""
    return f"cn={_escaped(group.name)},ou={group.directory},{GROUPS}"


def write_ldif(portion: Portion, output: TextIOBase, *, member_of: bool) -> None:
    """Write everything, parents first; `member_of` writes what the overlay of that name keeps as well."""
    users = {user.key: user_name(user) for user in portion.users}
    groups = {group.key: group_name(group) for group in portion.groups}
    output.writelines(_top(portion))
    of_user = _groups_of_users(portion) if member_of else {}
    for user in portion.users:
        own = (groups[key] for key in of_user.get(user.key, ()))
        output.write(_user(user, users[user.key]))
        output.writelines(_values("memberOf", own))
        output.write("\n")
    for group in portion.groups:
        output.write(f"{_line('dn', groups[group.key])}objectClass: groupOfNames\n{_line('cn', group.name)}")
        # The schema wants a member, and any name does.
        members = [users[key] for key in portion.members[group.key]] or [ACCOUNT]
        output.writelines(_values("member", members))
        output.write("\n")


def _top(portion: Portion) -> Iterator[str]:
    yield f"dn: {SUFFIX}\nobjectClass: organization\no: guildhall\n\n"
    yield f"dn: {ACCOUNT}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
    yield f"cn: measured\nuserPassword: {PASSWORD}\n\n"
    for unit in ("people", "groups"):
        yield f"dn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n\n"
    for directory in sorted({group.directory for group in portion.groups}):
        yield f"dn: ou={directory},{GROUPS}\nobjectClass: organizationalUnit\nou: {directory}\n\n"


def _user(user: User, name: str) -> str:
    surname = user.name.rpartition(" ")[2]
    values = (("uid", user.account_id), ("cn", user.name), ("sn", surname), ("mail", user.email))
    return f"dn: {name}\nobjectClass: inetOrgPerson\n" + "".join(_line(*pair) for pair in values)


def _groups_of_users(portion: Portion) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {user.key: [] for user in portion.users}
    for group, users in portion.members.items():
        for user in users:
            found[user].append(group)
    return found


def _values(attribute: str, values: Iterable[str]) -> Iterator[str]:
    return (_line(attribute, value) for value in values)


def _line(attribute: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{attribute}: {value}\n"
    return f"{attribute}:: {base64.b64encode(value.encode()).decode()}\n"


def _escaped(value: str) -> str:
    return _SPECIAL.sub(r"\\\1", value)
