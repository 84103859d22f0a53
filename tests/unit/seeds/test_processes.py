"""Seeds that others sent are read in a process, within limits, and say the same as if they were read here."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from guildhall.model.errors import BodyTooLarge, InvalidInput
from guildhall.model.seeds import Section
from guildhall.seeds.processes import Limits, read_seed
from guildhall.seeds.reading import read_seed_json, read_seed_text
from tests.unit.seeds.test_reading import BLOCKS, LINES

LONG = b"groups:\n- name: a\n  members: [" + b"a," * 500_000 + b"a]"
WIDE = b"groups: [" + b"{b: {}}," * 130_000 + b"{}]"
SEVERAL = b"""organizations:
- organization: {"name": "A"}
  users:
  - {"email": "a@b.c", "directories": [
      "Staff",
      {"directory": "Partners"}
    ]}
- organization: {"name": "B"}
"""
JSON = b'{"organization": {"name": "A"}, "users": [{"email": "a@b.c", "lastActive": {"x": "2024-01-01"}}]}'


def said(documents: Any) -> list[Any]:
    """All that documents say, with the place of it and of something within it."""
    return [
        (
            document.place.where("users"),
            document.organization.value,
            document.organization.place.where("name"),
            [
                (item.value, item.place.where(), item.place.where("directories[1].status"))
                for section in Section
                for item in document.items(section)
            ],
        )
        for document in documents
    ]


@pytest.mark.parametrize("text", [LINES, BLOCKS, SEVERAL])
async def test_a_process_reads_the_same_values_and_lines(text: bytes) -> None:
    documents = await read_seed(text, "yaml")
    assert said(documents) == said(read_seed_text(text))
    assert said(documents) == said(documents)


async def test_a_process_reads_json() -> None:
    assert said(await read_seed(JSON, "json")) == said(read_seed_json(JSON))


@pytest.mark.parametrize("text", [b"", b"users: [{emial: x}, 1]", b"\xff", b"users: ["])
async def test_a_process_says_what_is_wrong(text: bytes) -> None:
    with pytest.raises(InvalidInput) as here:
        read_seed_text(text)
    with pytest.raises(InvalidInput) as there:
        await read_seed(text, "yaml")
    assert there.value.details == here.value.details


@pytest.mark.parametrize(
    ("text", "limits", "wanted"),
    [
        (LONG, Limits(cpu_seconds=1), "takes more than 1 seconds to read; send what it says in several"),
        (LONG, Limits(seconds=0), "takes more than 10 seconds to read"),
        (WIDE, Limits(memory=48 << 20), "takes more than 48 MiB of memory to read"),
    ],
)
async def test_reading_is_limited(text: bytes, limits: Limits, wanted: str) -> None:
    """Contract 8: what is too much is 413, like what is too long."""
    with pytest.raises(BodyTooLarge, match=wanted):
        await read_seed(text * (1 + (limits.cpu_seconds == 1)), "yaml", limits)
    assert not reading_processes()


async def test_reading_ends_with_who_asked() -> None:
    reading = asyncio.create_task(read_seed(LONG, "yaml"))
    while not reading_processes():  # noqa: ASYNC110 -- looks at the system, which sets no event
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not reading_processes()


def reading_processes() -> list[int]:
    """The processes of this one that read seeds, by their numbers."""
    children = Path("/proc/self/task").glob("*/children")
    pids = [int(pid) for path in children for pid in path.read_text().split()]
    return [pid for pid in pids if b"reading_process" in Path(f"/proc/{pid}/cmdline").read_bytes()]
