"""What lists are narrowed by: first as a caller says it, then resolved to the store's keys.

A resolved filter travels inside page tokens, so that later pages resolve nothing again. None means
"not filtered"; an empty tuple matches nothing (every id that was asked for is unknown).
"""

import msgspec

Keys = tuple[int, ...]


class GroupCriteria(msgspec.Struct, frozen=True):
    """Filters of groups as a caller gives them; `directory_id` is that of the path, `-` for all."""

    directory_id: str
    directory_ids: tuple[str, ...] | None = None
    account_ids: tuple[str, ...] | None = None
    group_ids: tuple[str, ...] | None = None
    group_names: tuple[str, ...] | None = None
    resource_owners: tuple[str, ...] | None = None
    resource_ids: tuple[str, ...] | None = None
    role_ids: tuple[str, ...] | None = None
    search_term: str | None = None


class GroupFilter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Filters of groups in the store's keys, joined by AND; the values of one by OR.

    `owners`, `resources` and `roles` together describe one assignment (contract 8). `search` is a
    folded substring of the name. `directory_id` is of a directory whose key is not known yet, beside which
    nothing is filtered: the first page of its groups tells the key.
    """

    directories: Keys | None = None
    users: Keys | None = None
    groups: Keys | None = None
    owners: tuple[str, ...] | None = None
    resources: Keys | None = None
    roles: Keys | None = None
    search: str | None = None
    directory_id: str | None = None

    @property
    def matches_nothing(self) -> bool:
        """Whether some filter was given of which no value exists."""
        given = (self.directories, self.users, self.groups, self.owners, self.resources, self.roles)
        return any(keys is not None and not keys for keys in given)

    @property
    def reads_groups_only(self) -> bool:
        """Whether what matches is decided by groups alone, without members and roles."""
        return self.users is None and self.owners is None and self.resources is None and self.roles is None

    @property
    def reads_names_only(self) -> bool:
        """Whether it is a search for nothing but a term, in one directory or in all of them."""
        return (
            self.search is not None
            and self.groups is None
            and self.reads_groups_only
            and (self.directories is None or len(self.directories) == 1)
        )


class GroupView(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A filtered list of groups in one direction of its order: by name, then by id."""

    filter: GroupFilter
    descending: bool = False


class DirectoryCriteria(msgspec.Struct, frozen=True):
    """Filters of directories as a caller gives them; `account_id` is of a user who is in them."""

    account_id: str | None = None
    directory_ids: tuple[str, ...] | None = None
    search_term: str | None = None


class DirectoryFilter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Filters of directories in the store's keys, joined by AND; `search` is a folded part of the name."""

    directories: Keys | None = None
    search: str | None = None


class AssignmentCriteria(msgspec.Struct, frozen=True):
    """Filters of role assignments as a caller gives them: all describe one and the same assignment."""

    directory_ids: tuple[str, ...] | None = None
    resource_owners: tuple[str, ...] | None = None
    resource_ids: tuple[str, ...] | None = None
    role_ids: tuple[str, ...] | None = None


class AssignmentFilter(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Filters of role assignments in the store's keys, joined by AND; the values of one by OR."""

    directories: Keys | None = None
    owners: tuple[str, ...] | None = None
    resources: Keys | None = None
    roles: Keys | None = None
