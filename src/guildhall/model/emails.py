"""E-mail addresses as identifiers, which are compared otherwise than names (contract 8, "E-mail addresses").

Two addresses are the same when their local parts are equal but for the case of A-Z, and their domains have
the same A-label (IDNA 2008). A coarser comparison would lead from one person's address to another's account.
"""

import unicodedata

from guildhall.model.names import trim

EMAIL_LENGTH = 320
"""Characters that an address may have: 64, an @ and 255 (RFC 3696, erratum 1690)."""

_CASE = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_A_LABEL = "xn--"


def email_key(address: str) -> str:
    """Return the key of an address; white space at its ends does not count.

    The caller has measured the text: its length is at most EMAIL_LENGTH.
    """
    local, at, domain = trim(address).rpartition("@")
    return f"{local.translate(_CASE)}{at}{domain_key(domain)}"


def domain_key(domain: str) -> str:
    """Return a domain with the A-label of each of its labels, in small letters.

    A label that IDNA 2008 does not allow, such as one with an emoji, is encoded as it is, so that no other
    domain has its key.
    """
    if domain.isascii():
        return domain.translate(_CASE)
    return ".".join(map(_a_label, unicodedata.normalize("NFC", domain.lower()).split(".")))


def domain_of(key: str) -> str:
    """Return the domain's part of an address's key."""
    return key.rpartition("@")[2]


def _a_label(label: str) -> str:
    return label if label.isascii() else _A_LABEL + label.encode("punycode").decode()
