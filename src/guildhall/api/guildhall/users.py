"""Furnishing users (contract 6a)."""

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.paging import WindowToken, requested_window
from guildhall.api.guildhall.schemas import ORGANIZATION, ListQuery
from guildhall.api.guildhall.user_bodies import FurnishedUserBody, PutUserBody, to_changes, user_body
from guildhall.http.docs.examples import NEW_ACCOUNT, Example
from guildhall.http.paging import DataBody, PageBody, page_response
from guildhall.http.request import Request
from guildhall.http.response import Response, json_response
from guildhall.http.routing import Route
from guildhall.model.permissions import Permission
from guildhall.operations import accounts
from guildhall.operations import users as rules
from guildhall.store.database import Transaction

_USERS = ORGANIZATION + "/users"
_USER = _USERS + "/{accountId}"


async def list_users(tx: Transaction, request: Request) -> Response:
    """List the users of the organization by account id."""
    page = await rules.list_users(tx, request.caller, requested_window(request))
    return page_response(request, page, WindowToken, lambda account: user_body(request, account))


async def get_user(tx: Transaction, request: Request) -> Response:
    """Get a user."""
    found = await rules.get_user(tx, request.caller, request.parameters["accountId"])
    return json_response(DataBody(user_body(request, found)))


async def put_user(tx: Transaction, request: Request) -> Response:
    """Create a user or change one."""
    account_id, changes = request.parameters["accountId"], to_changes(request.body)
    found, created = await accounts.put_user(tx, request.caller, account_id, changes)
    return json_response(DataBody(user_body(request, found)), 201 if created else 200)


async def put_user_by_email(tx: Transaction, request: Request) -> Response:
    """Create a user without an id of the caller's own, or change the one with that e-mail address."""
    found, created = await accounts.put_user_by_email(tx, request.caller, to_changes(request.body))
    return json_response(DataBody(user_body(request, found)), 201 if created else 200)


ROUTES = (
    Route(
        method="GET",
        path=_USERS,
        operation="listFurnishedUsers",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="List users",
        permission=Permission.FULL_ACCESS,
        handler=list_users,
        query=ListQuery,
        answer=PageBody[FurnishedUserBody],
    ),
    Route(
        method="GET",
        path=_USER,
        operation="getFurnishedUser",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Get a user",
        permission=Permission.FULL_ACCESS,
        handler=get_user,
        answer=DataBody[FurnishedUserBody],
    ),
    Route(
        method="PUT",
        path=_USER,
        operation="furnishUser",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Create or change a user",
        permission=Permission.FULL_ACCESS,
        handler=put_user,
        writes=True,
        body=PutUserBody,
        answer=DataBody[FurnishedUserBody],
        other_answers=((201, DataBody[FurnishedUserBody]),),
        example=Example(
            path={"accountId": NEW_ACCOUNT}, body={"name": "Ada Abara", "email": "ada@acme.example"}
        ),
    ),
    Route(
        method="PUT",
        path=_USERS + "/by-email",
        operation="furnishUserByEmail",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Create or change a user by e-mail address",
        permission=Permission.FULL_ACCESS,
        handler=put_user_by_email,
        writes=True,
        body=PutUserBody,
        answer=DataBody[FurnishedUserBody],
        other_answers=((201, DataBody[FurnishedUserBody]),),
        example=Example(body={"name": "Ada Abara", "email": "ada@acme.example"}),
    ),
)
