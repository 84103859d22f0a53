"""What requests are about: groups, users and terms of a portion, drawn with a fixed seed."""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from benchmarks.peers.options import SEED
from benchmarks.peers.portions import Group, Portion, User
from benchmarks.peers.results import PeerFailed

DRAWN = 2_000
"""Keys that a reading operation goes through, over and over."""

SMALL = 50
"""Members of a small group, at most."""

_TERM_LENGTH = 6


class Addition(msgspec.Struct, frozen=True):
    """A user who is to become a member, and is not one yet."""

    group: Group
    user: User


def groups(portion: Portion) -> list[Group]:
    """Draw groups to look up."""
    return random.Random(SEED).choices(portion.groups, k=DRAWN)


def members(portion: Portion) -> list[User]:
    """Draw users of whom each is in some group."""
    chance = random.Random(SEED)
    found = {key for users in portion.members.values() for key in users}
    return chance.choices([user for user in portion.users if user.key in found], k=DRAWN)


def terms(names: Iterable[str]) -> list[str]:
    """Draw a piece of each name that has one, six letters or digits: every one is found somewhere."""
    pieces = re.compile(rf"(?=([a-z0-9]{{{_TERM_LENGTH}}}))")
    chance = random.Random(SEED)
    found = [pieces.findall(name.lower()) for name in names]
    return [chance.choice(some) for some in found if some]


def additions_to_largest(portion: Portion, most: int) -> list[Addition]:
    """Draw users who are not in the largest group, each once."""
    group = portion.largest
    present = set(portion.members[group.key])
    strangers = [user for user in portion.users if user.key not in present]
    random.Random(SEED).shuffle(strangers)
    return _some([Addition(group, user) for user in strangers[:most]])


def additions_to_small(portion: Portion, most: int) -> list[Addition]:
    """Draw small groups and users who are not in them, no pair twice."""
    small = [group for group in portion.groups if len(portion.members[group.key]) <= SMALL]
    return _some(list(islice(_pairs(portion, small[:DRAWN]), most)))


def _pairs(portion: Portion, small: Sequence[Group]) -> Iterator[Addition]:
    chance = random.Random(SEED)
    present = {group.key: set(portion.members[group.key]) for group in small}
    free = sum(len(portion.users) - len(users) for users in present.values())
    # Drawing blindly is quick as long as most pairs are still free.
    for _ in range(free // 2):
        group, user = chance.choice(small), chance.choice(portion.users)
        if user.key not in present[group.key]:
            present[group.key].add(user.key)
            yield Addition(group, user)


def _some(additions: list[Addition]) -> list[Addition]:
    if not additions:
        raise PeerFailed("Nobody is left to be added: give the peer more groups.")
    return additions
