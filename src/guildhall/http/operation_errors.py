"""Which errors an operation can answer with, as far as its declaration tells (contract 1.6, 8).

The documentation needs them, and the tests hold the server to them: an answer with a status that is
not documented is a failure.
"""

import re

from guildhall.http.routing import Route, parameter_names
from guildhall.model import errors
from guildhall.model.errors import GuildhallError

Kinds = tuple[type[GuildhallError], ...]

_OF_PARAMETERS: dict[str, Kinds] = {
    "orgId": (errors.OrganizationNotFound,),
    "directoryId": (errors.DirectoryNotFound,),
    "groupId": (errors.GroupNotFound,),
    "accountId": (errors.UserNotFound,),
    "userId": (errors.UserNotFound,),
}
_PROTECTED = (errors.GroupIsSynced, errors.GroupGrantsAdmin, errors.GroupIsSystem)
_ROLES = (
    *(errors.InvalidInput, errors.InvalidResourceId, errors.MissingResourceId, errors.RoleDoesNotFit),
    *(errors.Forbidden, errors.ResourceNotFound),
)

_OF_WRITES: tuple[tuple[str, Kinds], ...] = (
    (r"POST .*/groups|PATCH .*/groups/\{groupId\}", (errors.InvalidInput, errors.NameTaken)),
    (r"(PATCH|DELETE) .*/groups/\{groupId\}|.*/memberships(/\{accountId\})?", _PROTECTED),
    (r"DELETE .*/groups/\{groupId\}", (errors.GroupIsDefault, errors.TooMuchAtOnce)),
    (r"DELETE .*/directory/groups/\{groupId\}", (errors.GroupNotEmpty,)),
    (
        r"POST .*/memberships",
        (errors.UserNotFound, errors.UserDeactivated, errors.UserLimitExceeded),
    ),
    (r"POST .*/directory/groups/\{groupId\}/memberships", (errors.AlreadyMember,)),
    (r".*/(assign|revoke)", (*_ROLES, errors.GroupGrantsAdmin, errors.GroupIsSystem, errors.TooMuchAtOnce)),
    (r".*/assign", (errors.ResourceOffline, errors.UserLimitExceeded)),
    (
        r"(POST|DELETE) .*/users/\{(accountId|userId)\}.*",
        (errors.InvalidInput, errors.UserNotFound, errors.TooMuchAtOnce),
    ),
    (r".*/users/\{accountId\}/suspend", (errors.UserDeactivated,)),
    (r"DELETE .*/users/\{accountId\}", (errors.Forbidden, errors.GroupGrantsAdmin)),
    (
        r"POST .*/users/(\{(accountId|userId)\}/restore|invite)",
        (errors.InvalidInput, errors.UserLimitExceeded, errors.UserDeactivated),
    ),
    (r"POST .*/users/invite", (*_ROLES, errors.ResourceOffline, errors.GroupNotFound, *_PROTECTED)),
    (
        r"(PUT|POST|DELETE) /guildhall/.*",
        (errors.InvalidInput, errors.NotFound, errors.Forbidden, errors.Conflict, errors.UserLimitExceeded),
    ),
)
"""What the rules of writes refuse, by method and path."""


def errors_of(route: Route) -> Kinds:
    """Return the classes of errors that the operation can raise; none twice."""
    found = [*_of_request(route), *_of_path(route)]
    if route.permission is not None:
        found += [errors.Unauthenticated, errors.ScopeMissing, errors.RateLimited]
    if route.writes:
        line = f"{route.method} {route.mount}{route.path}"
        found += [kind for pattern, kinds in _OF_WRITES if re.fullmatch(pattern, line) for kind in kinds]
    if not route.without_database:
        found.append(errors.Unavailable)
    return tuple(dict.fromkeys(found))


def _of_request(route: Route) -> list[type[GuildhallError]]:
    """Strict handling refuses parameters that no operation knows, so that any of them can be 400."""
    found: list[type[GuildhallError]] = [errors.InvalidInput]
    shapes = [shape for shape in (route.query, route.body) if shape is not None]
    if any("cursor" in shape.__struct_fields__ for shape in shapes):
        found.append(errors.InvalidCursor)
    if route.body is not None:
        found += [errors.BodyTooLarge, errors.UnsupportedMediaType]
    return found


def _of_path(route: Route) -> list[type[GuildhallError]]:
    names = parameter_names(route.path)
    return [kind for name in names for kind in _OF_PARAMETERS.get(name, (errors.ResourceNotFound,))]
