"""A typed client of Guildhall, and of every server that speaks the same contract.

    from guildhall.client import Guildhall

    with Guildhall("http://127.0.0.1:8080", key) as client:
        for group in client.groups.list_all(search_term="jira"):
            print(group.name)

`AsyncGuildhall` is the same with `await` and `async for`. Everything that goes wrong is a
`ClientError` (`guildhall.client.errors`). The names are loaded on first use, because httpx takes
longer to load than most programs take to decide that they do not need it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guildhall.client.clients import AsyncGuildhall as AsyncGuildhall
    from guildhall.client.clients import Guildhall as Guildhall
    from guildhall.client.clients import Options as Options
    from guildhall.client.conversations import LATEST as LATEST
    from guildhall.client.errors import ClientError as ClientError
    from guildhall.client.retries import NO_RETRIES as NO_RETRIES
    from guildhall.client.retries import RetryPolicy as RetryPolicy

_PLACES = {
    "AsyncGuildhall": "clients",
    "ClientError": "errors",
    "Guildhall": "clients",
    "LATEST": "conversations",
    "NO_RETRIES": "retries",
    "Options": "clients",
    "RetryPolicy": "retries",
}

__all__ = ["LATEST", "NO_RETRIES", "AsyncGuildhall", "ClientError", "Guildhall", "Options", "RetryPolicy"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
