"""Directories: the parts of an organization that users and groups belong to."""

import msgspec


class Directory(msgspec.Struct, frozen=True):
    """A directory of users and groups. `rank` is 0 for the default directory, 1 for the others."""

    directory_key: int
    id: str
    name: str
    name_key: str
    icon: str | None
    rank: int

    @property
    def is_default(self) -> bool:
        """Whether invited users and v1's groups go into it."""
        return self.rank == 0
