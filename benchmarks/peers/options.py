"""The command line that all peers share."""

import argparse
from pathlib import Path

import msgspec

SEED = 7
"""What is drawn at random is the same in every run."""


class Options(msgspec.Struct, frozen=True):
    """What to load, where to work, and how long to measure."""

    data: Path
    groups: int
    work: Path
    seconds: int
    clients: int
    json: Path | None


def parse(peer: str, groups: int) -> Options:
    """Read the command line; `groups` is how many the peer is given unless told otherwise."""
    parser = argparse.ArgumentParser(description=f"Load {peer} with a Guildhall dataset and time it.")
    parser.add_argument("--data", type=Path, required=True, help="an SQLite database of `guildhall generate`")
    parser.add_argument("--groups", type=int, default=groups, help=f"at most so many, 0: all ({groups})")
    parser.add_argument("--work", type=Path, required=True, help="a directory, which may be kept and reused")
    parser.add_argument("--seconds", type=float, default=5, help="length of each measured run (5)")
    parser.add_argument("--clients", type=int, default=8, help="connections that ask at once (8)")
    parser.add_argument("--json", type=Path, help="where the result goes beside standard output")
    given = parser.parse_args()
    # The load generator counts in whole seconds.
    given.seconds = max(1, round(given.seconds))
    given.work = given.work.resolve()
    return Options(**vars(given))
