"""The two ways to write an export: YAML of one object a line, and JSON (docs/seed-files.md).

Each method returns what is written next; a line break stands before a line, not behind it.
"""

from typing import Protocol


class Form(Protocol):
    """How the parts of an export are put together; `many` is whether it has several organizations."""

    def start(self, *, many: bool) -> bytes:
        """Begin the text."""

    def org(self, text: bytes, *, many: bool, first: bool) -> bytes:
        """Begin an organization, whose own object is `text`."""

    def section(self, name: str, *, many: bool) -> bytes:
        """Begin a section."""

    def item(self, text: bytes, *, many: bool, first: bool) -> bytes:
        """Write an object of a section, or the first line of one."""

    def more(self, text: bytes, *, many: bool) -> bytes:
        """Write another line of an object."""

    def section_end(self) -> bytes:
        """End a section."""

    def org_end(self, *, many: bool) -> bytes:
        """End an organization."""

    def end(self, *, many: bool) -> bytes:
        """End the text."""


class YAMLForm:
    """YAML of the form that `guildhall.seeds.lines` reads piece by piece."""

    def start(self, *, many: bool) -> bytes:
        """Say in a comment what it is; a list of organizations has a name of its own."""
        comment = b"# Written by `guildhall export`; `guildhall seed` reads it."
        return comment + (b"\norganizations:" if many else b"")

    def org(self, text: bytes, *, many: bool, first: bool) -> bytes:
        """Begin an organization; in a list, behind a dash."""
        del first
        return (b"\n- organization: " if many else b"\norganization: ") + text

    def section(self, name: str, *, many: bool) -> bytes:
        """Begin a section."""
        return _line(many) + name.encode() + b":"

    def item(self, text: bytes, *, many: bool, first: bool) -> bytes:
        """Write an object behind a dash."""
        del first
        return _line(many) + b"- " + text

    def more(self, text: bytes, *, many: bool) -> bytes:
        """Write another line of an object."""
        return _line(many) + text

    def section_end(self) -> bytes:
        """A section ends where the next one begins."""
        return b""

    def org_end(self, *, many: bool) -> bytes:
        """An organization ends where the next one begins."""
        del many
        return b""

    def end(self, *, many: bool) -> bytes:
        """End the document; a text without this line was cut off."""
        del many
        return b"\n...\n"


def _line(many: bool) -> bytes:  # noqa: FBT001 -- the name says it
    return b"\n  " if many else b"\n"


class JSONForm:
    """One JSON object, for programs that do not read YAML."""

    def start(self, *, many: bool) -> bytes:
        """Begin the object."""
        return b'{"organizations": [' if many else b"{"

    def org(self, text: bytes, *, many: bool, first: bool) -> bytes:
        """Begin an organization; in a list, as an object of its own."""
        between = b"" if not many else b"\n{" if first else b",\n{"
        return between + b'"organization": ' + text

    def section(self, name: str, *, many: bool) -> bytes:
        """Begin an array."""
        del many
        return b',\n"' + name.encode() + b'": ['

    def item(self, text: bytes, *, many: bool, first: bool) -> bytes:
        """Write an element."""
        del many
        return (b"\n" if first else b",\n") + text

    def more(self, text: bytes, *, many: bool) -> bytes:
        """Write another line of an element."""
        del many
        return b"\n" + text

    def section_end(self) -> bytes:
        """End the array."""
        return b"]"

    def org_end(self, *, many: bool) -> bytes:
        """End the object of an organization in a list."""
        return b"}" if many else b""

    def end(self, *, many: bool) -> bytes:
        """End the object."""
        return b"]}\n" if many else b"}\n"
