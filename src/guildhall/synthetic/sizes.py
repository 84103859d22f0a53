"""Sizes of groups with a heavy tail: few are large, most are small, some are empty."""

import math
from random import Random

_EMPTY_SHARE = 0.03
_COUNTED_ONE_BY_ONE = 200
_ROUNDS = 60


def group_sizes(groups: int, memberships: int, largest: int, random: Random) -> list[int]:
    """Return the sizes in no order: they add up to `memberships`, and the largest is exactly `largest`.

    They follow Zipf's law, `largest / rank ** exponent`, with the exponent that fits.
    """
    filled = max(math.ceil(groups * (1 - _EMPTY_SHARE)), -(-memberships // max(1, largest)))
    exponent = _exponent(filled, memberships, largest)
    sizes = [int(largest * rank**-exponent) for rank in range(1, filled + 1)]
    _settle(sizes, memberships - sum(sizes), largest)
    sizes += [0] * (groups - filled)
    random.shuffle(sizes)
    return sizes


def _exponent(filled: int, memberships: int, largest: int) -> float:
    """Find the exponent by bisection; truncation takes half a member of each group, on average."""
    low, high = 0.0, 20.0
    wanted = (memberships + filled / 2) / max(1, largest)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if _sum_of_powers(filled, middle) > wanted:
            low = middle
        else:
            high = middle
    return high


def _sum_of_powers(count: int, exponent: float) -> float:
    """Return the sum of `rank ** -exponent`, the tail of it as an integral."""
    first: float = sum(rank**-exponent for rank in range(1, min(count, _COUNTED_ONE_BY_ONE) + 1))
    if count <= _COUNTED_ONE_BY_ONE:
        return first
    low, high, power = _COUNTED_ONE_BY_ONE + 0.5, count + 0.5, 1 - exponent
    if abs(power) < 1e-9:
        return first + math.log(high / low)
    rest: float = (high**power - low**power) / power
    return first + rest


def _settle(sizes: list[int], missing: int, largest: int) -> None:
    """Add or take single members, from the smallest groups up, until the sum is right."""
    step = 1 if missing > 0 else -1
    while missing:
        for index in range(len(sizes) - 1, 0, -1):
            if not missing:
                return
            if 0 <= sizes[index] + step <= largest:
                sizes[index] += step
                missing -= step
