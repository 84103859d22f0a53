"""A typed client of Guildhall, and of every server that speaks the same contract.

    from guildhall.client import Guildhall

    with Guildhall("http://127.0.0.1:8080", key) as client:
        for group in client.groups.list_all(search_term="jira"):
            print(group.name)

`AsyncGuildhall` is the same with `await` and `async for`. Everything that goes wrong is a
`ClientError`, and each error can be imported from here. The names are loaded on first use, because httpx
takes longer to load than most programs take to decide that they do not need it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guildhall.client.clients import AsyncGuildhall as AsyncGuildhall
    from guildhall.client.clients import Guildhall as Guildhall
    from guildhall.client.clients import Options as Options
    from guildhall.client.conversations import LATEST as LATEST
    from guildhall.client.errors import BadRequest as BadRequest
    from guildhall.client.errors import ClientError as ClientError
    from guildhall.client.errors import Conflict as Conflict
    from guildhall.client.errors import ConnectionFailed as ConnectionFailed
    from guildhall.client.errors import ErrorAnswer as ErrorAnswer
    from guildhall.client.errors import InvalidArgument as InvalidArgument
    from guildhall.client.errors import MethodNotAllowed as MethodNotAllowed
    from guildhall.client.errors import NotFound as NotFound
    from guildhall.client.errors import NotListedYet as NotListedYet
    from guildhall.client.errors import PermissionDenied as PermissionDenied
    from guildhall.client.errors import RateLimited as RateLimited
    from guildhall.client.errors import ServerFailed as ServerFailed
    from guildhall.client.errors import Unauthorized as Unauthorized
    from guildhall.client.errors import UnexpectedAnswer as UnexpectedAnswer
    from guildhall.client.retries import NO_RETRIES as NO_RETRIES
    from guildhall.client.retries import RetryPolicy as RetryPolicy
    from guildhall.client.senders import MemberResult as MemberResult

_PLACES = {
    "LATEST": "conversations",
    "NO_RETRIES": "retries",
    "AsyncGuildhall": "clients",
    "BadRequest": "errors",
    "ClientError": "errors",
    "Conflict": "errors",
    "ConnectionFailed": "errors",
    "ErrorAnswer": "errors",
    "Guildhall": "clients",
    "InvalidArgument": "errors",
    "MemberResult": "senders",
    "MethodNotAllowed": "errors",
    "NotFound": "errors",
    "NotListedYet": "errors",
    "Options": "clients",
    "PermissionDenied": "errors",
    "RateLimited": "errors",
    "RetryPolicy": "retries",
    "ServerFailed": "errors",
    "Unauthorized": "errors",
    "UnexpectedAnswer": "errors",
}

__all__ = [
    "LATEST",
    "NO_RETRIES",
    "AsyncGuildhall",
    "BadRequest",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "ErrorAnswer",
    "Guildhall",
    "InvalidArgument",
    "MethodNotAllowed",
    "NotFound",
    "NotListedYet",
    "Options",
    "PermissionDenied",
    "RateLimited",
    "RetryPolicy",
    "ServerFailed",
    "Unauthorized",
    "UnexpectedAnswer",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
