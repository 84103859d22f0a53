"""Names of people, groups and sites, unique where they must be."""

import unicodedata
from collections import Counter
from random import Random
from typing import NamedTuple

from guildhall.synthetic import words

_INITIALS = "ABCDEFGHJKLMNOPRSTVW"
_WITHOUT_ACCENT = str.maketrans({"ł": "l", "ø": "o", "\u0131": "i", "ß": "ss", "'": "", "æ": "ae", "ą": "a"})


class Person(NamedTuple):
    """What a user is called."""

    first: str
    name: str
    email: str


class People:
    """Draws people; two may have one name, never one address."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: Counter[str] = Counter()
        self._domains = [domain for domain, weight in words.MAIL_DOMAINS for _ in range(weight)]
        self._plain = {name: _plain(name) for name in words.FIRST_NAMES + words.LAST_NAMES}

    def draw(self) -> Person:
        """Return another person."""
        choice, draw = self._random.choice, self._random.random
        first, last = choice(words.FIRST_NAMES), choice(words.LAST_NAMES)
        middle = f" {choice(_INITIALS)}." if draw() < 0.2 else ""
        local = f"{self._plain[first]}.{self._plain[last]}"
        self._used[local] += 1
        number = self._used[local]
        if number > 1:
            local = f"{local}{number}"
        return Person(first, f"{first}{middle} {last}", f"{local}@{choice(self._domains)}")


def _plain(name: str) -> str:
    """Return a name as it stands in an address: in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_WITHOUT_ACCENT))
    return decomposed.encode("ascii", "ignore").decode()


class UniqueNames:
    """Draws names of one kind, each once; when the words are used up, numbers follow."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._used: Counter[str] = Counter()

    def once(self, name: str) -> str:
        """Return the name, with a number behind it when it was returned before."""
        self._used[name] += 1
        number = self._used[name]
        if number == 1:
            return name
        return f"{name} {number}" if " " in name else f"{name}-{number}"

    def draw_group(self) -> str:
        """Return the name of another group."""
        choice = self._random.choice
        department, city, audience = choice(words.DEPARTMENTS), choice(words.CITIES), choice(words.AUDIENCES)
        quality, creature = choice(words.QUALITIES), choice(words.CREATURES)
        drawn = self._random.random()
        if drawn < 0.35:
            return self.once(f"{department}-{audience}")
        if drawn < 0.6:
            return self.once(f"{department}-{city}-{audience}")
        if drawn < 0.75:
            return self.once(f"Team {quality.title()} {creature.title()}")
        if drawn < 0.85:
            return self.once(f"{department.replace('-', ' ').title()} \u2013 {city.title()}")
        return self.once(f"project-{quality}-{creature}-{audience}")

    def draw_site(self, product: str) -> str:
        """Return the name of another site of a product."""
        choice = self._random.choice
        return self.once(
            f"{product} {choice(words.DEPARTMENTS).replace('-', ' ')} {choice(words.CITIES).title()}"
        )
