"""An export's text: an object a line, a member of a group a line (docs/seed-files.md)."""

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any, NamedTuple

import msgspec

from guildhall.model.permissions import Caller
from guildhall.model.seeds import GroupSeed, Section
from guildhall.operations.maintenance import export
from guildhall.seeds.forms import Form, YAMLForm
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
_YAML = YAMLForm()


class _Line(NamedTuple):
    """A line of an object; most have one only."""

    text: bytes
    begins: bool = True


async def write_export(
    tx: Transaction, callers: Sequence[Caller], form: Form = _YAML
) -> AsyncGenerator[bytes, None]:
    """Give the text of an export of one organization, or of several, in pieces.

    Whatever the engine, the same organizations give the same bytes.
    """
    many = len(callers) != 1
    piece = bytearray(form.start(many=many))
    for number, caller in enumerate(callers):
        org = _json(await export.export_org(tx, caller))
        piece += form.org(org, many=many, first=number == 0)
        async for part in _organization(tx, caller, form, many=many):
            piece += part
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
        piece += form.org_end(many=many)
    yield bytes(piece + form.end(many=many))


async def _organization(
    tx: Transaction, caller: Caller, form: Form, *, many: bool
) -> AsyncGenerator[bytes, None]:
    for section in Section:
        yield form.section(section, many=many)
        first = True
        async for line in _lines(tx, caller, section):
            if line.begins:
                yield form.item(line.text, many=many, first=first)
                first = False
            else:
                yield form.more(line.text, many=many)
        yield form.section_end()


async def _lines(tx: Transaction, caller: Caller, section: Section) -> AsyncGenerator[_Line, None]:
    if section is Section.GROUPS:
        async for line in _groups(tx, caller):
            yield line
    else:
        async for item in _ITEMS[section](tx, caller):
            yield _Line(_json(item))


async def _groups(tx: Transaction, caller: Caller) -> AsyncGenerator[_Line, None]:
    """Write members as they are read: a group of any size needs no more memory than a small one."""
    waiting: _Line | None = None
    async for part in export.export_groups(tx, caller):
        if isinstance(part, GroupSeed):
            for line in _closed(waiting):
                yield line
            waiting = _Line(_json(part)[:-1] + b', "members": [')
            continue
        for member in part:
            if waiting is not None:
                yield waiting if waiting.begins else _Line(waiting.text + b",", begins=False)
            waiting = _Line(b"    " + _json(member), begins=False)
    for line in _closed(waiting):
        yield line


def _closed(waiting: _Line | None) -> Sequence[_Line]:
    """Return the last lines of a group, given the one that was not complete."""
    if waiting is None:
        return ()
    if waiting.begins:
        return (_Line(waiting.text + b"]}"),)
    return waiting, _Line(b"  ]}", begins=False)


def _json(value: Any) -> bytes:
    text = msgspec.json.format(msgspec.json.encode(value), indent=0)
    if text.isascii() and b"\x7f" not in text:
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text.decode()).encode()
