"""Groups as version 2 sends them, from what is kept of them where that still holds (design 2.4)."""

import enum
from collections.abc import Sequence

import msgspec

from guildhall.api.v2.group_bodies import CountsAsked, group_body
from guildhall.http.kept import Encoded, KeptItems
from guildhall.http.request import Request
from guildhall.model.groups import Group, GroupEntry
from guildhall.model.permissions import Permission
from guildhall.operations.groups import get_groups_of_entries
from guildhall.store.database import Transaction

_LINKS = b',"links":'
_NO_COUNTS = CountsAsked()


class KeyKind(enum.IntEnum):
    """Kinds of keys that see the same of every group."""

    READS = 0
    WRITES = 1
    FULL = 2


async def encode_groups(
    tx: Transaction, request: Request, kept: KeptItems, entries: Sequence[GroupEntry], counts: CountsAsked
) -> dict[int, msgspec.Raw]:
    """Return the JSON of each entry's group by its key; what is not kept is read from the same snapshot."""
    access = _access_of(request)
    known = {entry.group_key: kept.get((entry.group_key, access), entry.version) for entry in entries}
    missing = [key for key, encoded in known.items() if encoded is None]
    for group in await get_groups_of_entries(tx, request.caller, missing) if missing else ():
        made = known[group.group_key] = _encode(request, group)
        kept.keep((group.group_key, access), made)
    return {
        entry.group_key: _with_counts(encoded, entry, counts)
        for entry in entries
        if (encoded := known[entry.group_key]) is not None
    }


def _access_of(request: Request) -> KeyKind:
    """Return what of a key decides `managementAccess` beside the group: see `authorize.management_access`."""
    if request.caller.scopes is None:
        return KeyKind.FULL
    return KeyKind.WRITES if request.caller.may(Permission.WRITE_GROUPS) else KeyKind.READS


def _encode(request: Request, group: Group) -> Encoded:
    text = msgspec.json.encode(group_body(request, group, _NO_COUNTS))
    end = text.rindex(_LINKS)
    return Encoded(group.version, text[:end], text[end:])


def _with_counts(encoded: Encoded, entry: GroupEntry, counts: CountsAsked) -> msgspec.Raw:
    shown = b""
    if counts.include_users and counts.include_resources:
        shown = b',"counts":{"users":%d,"resources":%d}' % (entry.users, entry.resources)
    elif counts.include_users:
        shown = b',"counts":{"users":%d}' % entry.users
    elif counts.include_resources:
        shown = b',"counts":{"resources":%d}' % entry.resources
    return msgspec.Raw(encoded.head + shown + encoded.tail)
