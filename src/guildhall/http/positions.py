"""What a caller has seen, as a header that it gets and sends back (ADR 19)."""

import re

from guildhall.http.exchange import Exchange
from guildhall.model.errors import InvalidInput

POSITION = "guildhall-position"

_FORM = re.compile(r"[0-9a-fA-F]{16}")


def read_position(exchange: Exchange) -> int:
    """Return the greatest position that the caller sent, 0 without any; raises InvalidInput.

    To ignore one that cannot be read would be to show a caller less than it has seen, without a word.
    """
    texts = list(exchange.every_header(POSITION.encode()))
    if not all(map(_FORM.fullmatch, texts)):
        raise InvalidInput(
            "Guildhall-Position: send it as an answer gave it, 16 hexadecimal digits, or leave it out."
        )
    return max((int(text, 16) for text in texts), default=0)


def position_header(position: int) -> tuple[str, str]:
    """Return the header that says what an answer has seen; a later one is greater as a text, too."""
    return POSITION, f"{position:016x}"
