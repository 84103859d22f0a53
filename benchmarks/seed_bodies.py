"""Times the reading of seed bodies in a process: `python benchmarks/seed_bodies.py` (ADR 25)."""

import asyncio
import resource
import time

from guildhall.model.errors import GuildhallError
from guildhall.seeds.processes import read_seed
from guildhall.seeds.reading import read_seed_text

USERS = range(27_000)
BODIES = {
    "one group": b"groups: [{name: a}]",
    "users, a mapping a line": b"users:\n"
    + b"".join(b"- {name: U, email: u%d@a.example}\n" % n for n in USERS),
    "users, a field a line": b"users:\n"
    + b"".join(b"- name: U\n  email: u%d@a.example\n" % n for n in USERS),
    "members in a line": b"groups:\n- name: a\n  members: [" + b"a," * 500_000 + b"a]",
    "members, one a line": b"groups:\n- name: a\n  members:\n" + b"  - a\n" * 170_000,
    "groups in a line": b"groups: [" + b"{id: a}," * 120_000 + b"{}]",
    "empty mappings": b"groups: [" + b"{b: {}}," * 125_000 + b"{}]",
}


async def measure(name: str, body: bytes) -> None:
    """Print what reading a body takes in a process of its own."""
    before, began = _cpu_seconds(), time.perf_counter()
    try:
        await read_seed(body, "yaml")
    except GuildhallError as error:
        name += f" ({type(error).__name__})"
    wall = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    took = f"{_cpu_seconds() - before:.2f} s of processor time, {wall:.2f} s by the clock"
    print(f"{name}: {len(body)} bytes, {took}")
    print(f"  at most {memory} MiB until here")


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def main() -> None:
    """Measure every body, the smallest several times and in this process too."""
    small = BODIES["one group"]
    for _ in range(3):
        await measure("one group", small)
    began = time.perf_counter()
    for _ in range(100):
        read_seed_text(small)
    print(f"one group, without a process: {(time.perf_counter() - began) * 10:.2f} ms")
    for name, body in BODIES.items():
        await measure(name, body)


if __name__ == "__main__":
    asyncio.run(main())
