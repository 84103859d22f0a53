"""An export's text: a line of JSON for each object, which is YAML too and reads fast (docs/seed-files.md)."""

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from guildhall.model.permissions import Caller
from guildhall.model.seeds import GroupSeed, Section
from guildhall.operations import export
from guildhall.store.database import Transaction

PIECE = 64 << 10
"""Bytes that are gathered before they are handed on."""

_ITEMS = {
    Section.ROLES: export.export_roles,
    Section.DIRECTORIES: export.export_directories,
    Section.RESOURCES: export.export_resources,
    Section.USERS: export.export_users,
    Section.KEYS: export.export_keys,
}
# Characters that JSON allows as they are, while YAML forbids them or takes them for ends of lines.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_HEAD = b"# An organization as `guildhall export` writes it; `guildhall seed` reads it.\n"
_END = b"...\n"


async def write_export(tx: Transaction, callers: Sequence[Caller]) -> AsyncGenerator[bytes, None]:
    """Give the text of an export of one organization, or of several, in pieces.

    Whatever the engine, the same organizations give the same bytes.
    """
    piece = bytearray(_HEAD)
    many = len(callers) != 1
    if many:
        piece += b"organizations:\n"
    for caller in callers:
        first = True
        async for line in _organization(tx, caller):
            if many:
                piece += b"- " if first else b"  "
            first = False
            piece += line
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece + _END)


async def _organization(tx: Transaction, caller: Caller) -> AsyncGenerator[bytes, None]:
    yield b"organization: " + _json(await export.export_org(tx, caller)) + b"\n"
    for section in Section:
        yield f"{section}:\n".encode()
        if section is Section.GROUPS:
            async for line in _groups(tx, caller):
                yield line
            continue
        async for item in _ITEMS[section](tx, caller):
            yield b"- " + _json(item) + b"\n"


async def _groups(tx: Transaction, caller: Caller) -> AsyncGenerator[bytes, None]:
    """Write a member a line, so that a group of any size is written as it is read."""
    line, after_member = b"", False
    async for part in export.export_groups(tx, caller):
        if isinstance(part, GroupSeed):
            for closed in _closed(line, after_member):
                yield closed
            line, after_member = b"- " + _json(part)[:-1] + b', "members": [', False
            continue
        for member in part:
            yield line + (b",\n" if after_member else b"\n")
            line, after_member = b"    " + _json(member), True
    for closed in _closed(line, after_member):
        yield closed


def _closed(line: bytes, after_member: bool) -> Sequence[bytes]:  # noqa: FBT001 -- what stands in the line
    """Return the last lines of a group, given the one that is not complete."""
    if not line:
        return ()
    return (line + b"\n", b"  ]}\n") if after_member else (line + b"]}\n",)


def _json(value: Any) -> bytes:
    text = msgspec.json.format(msgspec.json.encode(value), indent=0)
    if text.isascii() and b"\x7f" not in text:
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text.decode()).encode()
