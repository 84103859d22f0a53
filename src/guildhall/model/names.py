"""Names and other text as people compare them (contract 8, "Text")."""

import unicodedata

_FORBIDDEN_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_FORBIDDEN_IN_TEXT = frozenset({"Cc", "Cs"})
_LAYOUT = frozenset("\t\n\r")

# Unicode's White_Space. Python strips U+001C to U+001F as well, which are no more than controls.
_WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

NAME_LENGTH = 255
"""Code points that a name may have after trimming (contract 2.1)."""

DESCRIPTION_LENGTH = 1_000
"""Code points that a description may have (contract 2.1)."""

UNICODE_VERSION = unicodedata.unidata_version
"""The Unicode version that `fold` uses; stored beside the folds it made."""


def fold(text: str) -> str:
    """Return the key under which `text` is compared: NFC, full case folding, NFC."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def trim(text: str) -> str:
    """Return `text` without Unicode white space at both ends."""
    return text.strip(_WHITE_SPACE)


def name_problem(name: str) -> str | None:
    """Say what is wrong with a trimmed name, or None when it can be kept."""
    if not 1 <= len(name) <= NAME_LENGTH:
        return f"must have 1 to {NAME_LENGTH} characters, white space at the ends not counted"
    return _line_problem(name)


def _line_problem(text: str) -> str | None:
    if not text.isprintable() and any(unicodedata.category(c) in _FORBIDDEN_IN_NAMES for c in text):
        return "must not contain control characters, line ends or lone surrogates"
    return None


def description_problem(description: str) -> str | None:
    """Say what is wrong with a description, or None when it can be kept."""
    if len(description) > DESCRIPTION_LENGTH:
        return f"must have at most {DESCRIPTION_LENGTH} characters"
    for character in description:
        if character not in _LAYOUT and unicodedata.category(character) in _FORBIDDEN_IN_TEXT:
            return "must not contain control characters other than tabs and line ends"
    return None


def text_problem(text: str, least: int, most: int) -> str | None:
    """Say what is wrong with a text of one line and `least` to `most` characters, or None."""
    if not least <= len(text) <= most:
        return f"must have {least} to {most} characters"
    return _line_problem(text)
