"""Seeds that others sent are read in a process each, which their leaving ends (ADR 25)."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from guildhall.model.errors import BodyTooLarge, InvalidInput
from guildhall.model.seeds import KINDS, Located, OrganizationSeed, Section, SeedDocument
from guildhall.seeds.places import Lines, NoLines, SourcePlace
from guildhall.seeds.reading_process import Document, Item, Read


class Limits(msgspec.Struct, frozen=True):
    """What reading one text may take (measured in ADR 25)."""

    cpu_seconds: int = 10
    seconds: int = 30
    """By the clock: a machine with other work needs longer."""
    memory: int = 512 << 20
    """Bytes of address space."""


_COMMAND = (sys.executable, "-P", "-m", "guildhall.seeds.reading_process")
LIMITS = Limits()
_SPLIT = "send what it says in several seeds"


async def read_seed(data: bytes, form: str, limits: Limits = LIMITS) -> Sequence[SeedDocument]:
    """Return the documents of a text, whose form is `yaml` or `json`; being cancelled ends the reading.

    Raises InvalidInput for what is wrong, BodyTooLarge when reading takes too much time or memory.
    """
    pipe = asyncio.subprocess.PIPE
    arguments = (form, str(limits.cpu_seconds), str(limits.memory))
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, *arguments, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        async with asyncio.timeout(limits.seconds):
            answer, said = await process.communicate(data)
    except TimeoutError:
        raise _too_long(limits) from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode != 0 or not answer:
        raise _ended(process.returncode or 0, said, limits)
    return _documents(msgspec.json.decode(answer, type=Read), limits)


def _too_long(limits: Limits) -> BodyTooLarge:
    return BodyTooLarge(f"The body takes more than {limits.cpu_seconds} seconds to read; {_SPLIT}.")


def _too_much(limits: Limits) -> BodyTooLarge:
    return BodyTooLarge(f"The body takes more than {limits.memory >> 20} MiB of memory to read; {_SPLIT}.")


def _ended(code: int, said: bytes, limits: Limits) -> Exception:
    """Return the error for a process without an answer: its limits ended it, or a fault of ours."""
    if b"MemoryError" in said:
        return _too_much(limits)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return _too_long(limits)
    return ChildProcessError(f"reading a seed ended with {code}: {said[-2_000:].decode(errors='replace')}")


def _documents(read: Read, limits: Limits) -> Sequence[SeedDocument]:
    if read.out_of_memory:
        raise _too_much(limits)
    if read.problems:
        raise InvalidInput(*read.problems)
    return [_document(found) for found in read.documents]


def _document(found: Document) -> SeedDocument:
    source = NoLines() if found.lines is None else Lines(None, found.lines, found.path)
    organization = None if found.organization is None else _located(found.organization, OrganizationSeed)
    sections = {section: _items(items, section) for section, items in found.sections.items()}
    return SeedDocument(SourcePlace(source, found.path), organization, sections)


def _items(items: Sequence[Item], section: Section) -> Callable[[], Iterator[Located[Any]]]:
    """Return what decodes the items one by one, each time it is gone through."""
    return partial(map, partial(_located, kind=KINDS[section]), items)


def _located(item: Item, kind: type[Any]) -> Located[Any]:
    source = NoLines() if item.lines is None else Lines(None, item.lines, item.path)
    return Located(SourcePlace(source, item.path), msgspec.json.decode(item.value, type=kind))
