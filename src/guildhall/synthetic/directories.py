"""Which users are in which directory, with which status, and which of them a group there gets."""

from collections.abc import Iterator
from random import Random

import msgspec

from guildhall.model.users import UserStatus

_DEFAULT_SHARE = 0.6
_GUEST_SHARE = 0.05
_OUTSIDER_SHARE = 0.015
_SUSPENDED_SHARE = 0.03
_OUTSIDERS = [UserStatus.NOT_INVITED] * 5 + [UserStatus.DEACTIVATED] * 4 + [UserStatus.FOR_DELETION]
# Members are drawn with a bias to low keys: who came early is in many groups, most are in a few.
_BIAS = 1.5
_SPARSE = 8


class Layout(msgspec.Struct, frozen=True):
    """The users of one directory, by their number within the organization.

    Its own are `start` to `start + own - 1`; guests come from the default directory, which has the
    lower numbers. Users behind the first `joining` are in no group: they are not invited, or gone.
    """

    number: int
    start: int
    own: int
    first_guest: int
    guests: int
    joining: int

    def user_at(self, index: int) -> int:
        """Return the user at an index below `joining`; the order of both is the same."""
        return self.first_guest + index if index < self.guests else self.start + index - self.guests

    def status_of(self, user: int, random: Random) -> UserStatus:
        """Draw the status of a user in this directory."""
        if user - self.start >= self.joining - self.guests:
            return random.choice(_OUTSIDERS)
        return UserStatus.SUSPENDED if random.random() < _SUSPENDED_SHARE else UserStatus.ACTIVE

    def has_guest(self, user: int) -> bool:
        """Whether a user of the default directory is in this one as well."""
        return 0 <= user - self.first_guest < self.guests

    def draw_members(self, size: int, random: Random) -> Iterator[int]:
        """Draw a group's members, in ascending order."""
        count, draw = self.joining, random.random
        if size > count // _SPARSE:
            chosen = set(random.sample(range(count), size))
        else:
            chosen = {int(count * draw() ** _BIAS) for _ in range(size)}
            while len(chosen) < size:
                chosen.add(int(count * draw() ** _BIAS))
        return map(self.user_at, sorted(chosen))


def lay_out(users: int, directories: int, largest_group: int) -> list[Layout]:
    """Spread users over directories; the first, the default one, has room for the largest group."""
    others = directories - 1
    default = users if not others else max(round(users * _DEFAULT_SHARE), largest_group)
    guests = int(default * _GUEST_SHARE / max(1, others))
    layouts = [_layout(0, 0, default, 0, largest_group)]
    start = default
    for number in range(1, directories):
        # Each gets half of what the ones before it left, the last one all of it.
        left = users - start
        own = left if number == others else left - left // 2
        layouts.append(_layout(number, start, own, guests, 0))
        start += own
    return layouts


def _layout(number: int, start: int, own: int, guests: int, room: int) -> Layout:
    outsiders = min(int(own * _OUTSIDER_SHARE), own - room)
    return Layout(number, start, own, max(0, number - 1) * guests, guests, guests + own - outsiders)


def choose_layout(layouts: list[Layout], size: int, random: Random) -> Layout:
    """Draw the directory of a group of that size; a large one is in the default directory."""
    roomy = [layouts[0], *(layout for layout in layouts[1:] if layout.joining >= 2 * size + 2)]
    weights = [layout.joining for layout in roomy]
    return random.choices(roomy, weights)[0] if len(roomy) > 1 else roomy[0]
