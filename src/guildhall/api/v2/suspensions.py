"""Suspending, restoring and removing users of a directory, version 2 (contract 4, 8)."""

from guildhall.api.v2.errors import V2
from guildhall.http.docs.examples import LEAVER, SUSPENDED, Example
from guildhall.http.request import Request
from guildhall.http.response import Response, empty_response
from guildhall.http.routing import Route
from guildhall.model.permissions import Permission
from guildhall.operations import suspensions as rules
from guildhall.store.database import Transaction

_USER = "/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}"


async def suspend_user(tx: Transaction, request: Request) -> Response:
    """Suspend user access in a directory."""
    directory_id, account_id = request.parameters["directoryId"], request.parameters["accountId"]
    await rules.suspend_user(tx, request.caller, directory_id, account_id)
    return empty_response(204)


async def restore_user(tx: Transaction, request: Request) -> Response:
    """Restore user access in a directory."""
    directory_id, account_id = request.parameters["directoryId"], request.parameters["accountId"]
    await rules.restore_user(tx, request.caller, directory_id, account_id)
    return empty_response(204)


async def remove_user(tx: Transaction, request: Request) -> Response:
    """Remove a user from a directory."""
    directory_id, account_id = request.parameters["directoryId"], request.parameters["accountId"]
    await rules.remove_user(tx, request.caller, directory_id, account_id)
    return empty_response(204)


ROUTES = (
    Route(
        method="POST",
        path=_USER + "/suspend",
        operation="suspendUser",
        wire=V2,
        contract="4",
        summary="Suspend user access in a directory",
        permission=Permission.WRITE_DIRECTORIES,
        handler=suspend_user,
        writes=True,
        status=204,
        example=Example(path={"accountId": LEAVER}),
    ),
    Route(
        method="POST",
        path=_USER + "/restore",
        operation="restoreUser",
        wire=V2,
        contract="4",
        summary="Restore user access in a directory",
        permission=Permission.WRITE_DIRECTORIES,
        handler=restore_user,
        writes=True,
        status=204,
        example=Example(path={"accountId": SUSPENDED}),
    ),
    Route(
        method="DELETE",
        path=_USER,
        operation="removeUser",
        wire=V2,
        contract="4",
        summary="Remove a user from a directory",
        permission=Permission.WRITE_DIRECTORIES,
        handler=remove_user,
        writes=True,
        status=204,
        example=Example(path={"accountId": LEAVER}),
    ),
)
