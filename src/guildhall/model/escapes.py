"""Text that the output cannot hold, or that would steer a terminal, is written as an escape."""

import codecs
import unicodedata

ESCAPED = "guildhall.escaped"
"""The name of the error handler of an output whose encoding lacks a character: JSON stays JSON."""

# Controls, lone surrogates, ends of lines and paragraphs: they break a line, wherever it goes.
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})

# Signs that turn the direction of text or are not seen; and letters that are not seen.
_STEERING = _BREAKING | {"Cf"}
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")

# Emojis are put together with joiners, and some scripts need them to be written right.
_JOINERS = "\u200c\u200d"
_JOINED = frozenset({"So", "Sk", "Mn", "Mc"})


def harmless(text: str, *, terminal: bool) -> str:
    """Return a text of one line; on a terminal nothing in it can steer or hide, elsewhere the rest stays."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        ascii(character)[1:-1] if _is_harmful(character, before, terminal=terminal) else character
        for before, character in zip(" " + text, text, strict=False)
    )


def harmless_json(text: str) -> str:
    """Return JSON for a terminal: what would steer it is an escape, which every reader undoes."""
    return "".join(
        escape(character)
        if character != "\n" and _is_harmful(character, before, terminal=True)
        else character
        for before, character in zip(" " + text, text, strict=False)
    )


def _is_harmful(character: str, before: str, *, terminal: bool) -> bool:
    category = unicodedata.category(character)
    if not terminal:
        return category in _BREAKING
    if character in _JOINERS:
        return unicodedata.category(before) not in _JOINED and unicodedata.bidirectional(before) != "AL"
    return category in _STEERING or character in _UNSEEN


def escape(character: str) -> str:
    """Write one character as JSON and Python read it back, in two parts beyond U+FFFF."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _escape_what_cannot_be_encoded(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(escape, error.object[error.start : error.end])), error.end


codecs.register_error(ESCAPED, _escape_what_cannot_be_encoded)
