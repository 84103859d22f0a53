"""Everything that can go wrong, without a word of any wire.

    GuildhallError
    ├── InvalidInput            what was sent cannot be read; names the fields
    │   ├── InvalidCursor
    │   ├── InvalidResourceId
    │   ├── MissingResourceId
    │   ├── RoleDoesNotFit
    │   ├── ResourceOffline
    │   ├── UserDeactivated
    │   └── Misplaced           in a seed file; says where
    ├── Unauthenticated
    ├── Forbidden
    │   ├── ScopeMissing
    │   ├── GroupIsSynced
    │   ├── GroupIsDefault
    │   ├── GroupGrantsAdmin
    │   └── GroupIsSystem
    ├── NotFound
    │   ├── OrganizationNotFound
    │   ├── DirectoryNotFound
    │   ├── GroupNotFound
    │   ├── UserNotFound
    │   └── ResourceNotFound
    ├── Conflict
    │   ├── NameTaken
    │   ├── AlreadyMember
    │   ├── UserLimitExceeded
    │   └── GroupNotEmpty
    ├── NotServed               the request itself, before any rule
    │   ├── MethodNotAllowed
    │   ├── OperationNotServed
    │   ├── BodyTooLarge
    │   ├── AddressTooLong
    │   ├── HeadTooLarge
    │   ├── RequestTimedOut
    │   ├── UnsupportedMediaType
    │   └── RateLimited
    └── Unavailable             try again later

Each wire maps the leaves to its own status, code and title in its `errors.py`. The detail of an
error is for its reader: what was wrong and what would be right, without internals.
"""

from collections.abc import Sequence


class GuildhallError(Exception):
    """The family's root; `detail` is fit to be shown to a client."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidInput(GuildhallError):
    """A field or parameter that cannot be read; `details` has one entry for each of them."""

    def __init__(self, *details: str) -> None:
        super().__init__(" ".join(details))
        self.details: Sequence[str] = details


class InvalidCursor(InvalidInput):
    """A page token that this operation did not issue, or that was changed on its way."""


class InvalidResourceId(InvalidInput):
    """A resource id that is not an ARI."""


class MissingResourceId(InvalidInput):
    """An empty or absent resource id."""


class RoleDoesNotFit(InvalidInput):
    """A role that is unknown, not for groups, or not for that kind of resource."""


class ResourceOffline(InvalidInput):
    """A resource without an active licence, which takes no new roles."""


class UserDeactivated(InvalidInput):
    """A user whose account is deactivated or about to be deleted."""


class Misplaced(InvalidInput):
    """An error of a seed file whose text says already where its cause stands."""


class Unauthenticated(GuildhallError):
    """No key, or one that is malformed, unknown, revoked or expired."""


class Forbidden(GuildhallError):
    """The key may not do that."""


class ScopeMissing(Forbidden):
    """The key lacks the scope of the operation."""


class GroupIsSynced(Forbidden):
    """An identity provider manages the group."""


class GroupIsDefault(Forbidden):
    """The group is the default access group of a resource."""


class GroupGrantsAdmin(Forbidden):
    """The group grants admin access."""


class GroupIsSystem(Forbidden):
    """The group is kept by the system or backs a team."""


class NotFound(GuildhallError):
    """There is nothing at that id, or nothing that the key may know of."""


class OrganizationNotFound(NotFound):
    """No such organization, or one of another key."""


class DirectoryNotFound(NotFound):
    """No such directory in the organization."""


class GroupNotFound(NotFound):
    """No such group in the directory."""


class UserNotFound(NotFound):
    """No such user in the directory."""


class ResourceNotFound(NotFound):
    """No such resource, or any other thing without an error of its own."""


class Conflict(GuildhallError):
    """What is there already forbids it."""


class NameTaken(Conflict):
    """Another group of the directory has that name."""


class AlreadyMember(Conflict):
    """The user is a member of the group (an error in v1 only)."""


class UserLimitExceeded(Conflict):
    """A resource would have more users than its limit."""


class GroupNotEmpty(Conflict):
    """The group has members and the caller did not force its deletion (v1 only)."""


class TooMuchAtOnce(Conflict):
    """A mass operation above the cap of design 2.2 (members x roles)."""


class TooManyRemovals(Conflict):
    """A seed would take away more members, roles and users than it was told that it may."""

    def __init__(self, detail: str, removals: int) -> None:
        super().__init__(detail)
        self.removals = removals


class NotServed(GuildhallError):
    """The request as such is not one that is served."""


class MethodNotAllowed(NotServed):
    """The path exists, the method does not; `allowed` lists those that do."""

    def __init__(self, detail: str, allowed: Sequence[str]) -> None:
        super().__init__(detail)
        self.allowed = tuple(allowed)


class OperationNotServed(NotServed):
    """The vendor has the operation, this program does not (contract 4)."""


class BodyTooLarge(NotServed):
    """A request body over the limit."""


class AddressTooLong(NotServed):
    """The path and query of a request are longer than they may be."""


class HeadTooLarge(NotServed):
    """The headers of a request are more than there may be."""


class RequestTimedOut(NotServed):
    """A request that did not arrive in time."""


class UnsupportedMediaType(NotServed):
    """A request body that is not JSON."""


class RateLimited(NotServed):
    """The key's rate limit is used up; `retry_after` is in seconds, `reset` epoch milliseconds."""

    def __init__(self, detail: str, *, limit: int, reset: int, retry_after: int) -> None:
        super().__init__(detail)
        self.limit = limit
        self.reset = reset
        self.retry_after = retry_after


class Unavailable(GuildhallError):
    """The store cannot answer now; `retry_after` is in seconds."""

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
