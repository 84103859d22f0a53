"""What a shell completes beyond commands and options: names of groups, as the server has them."""

import click

from guildhall.client.clients import Guildhall, Options
from guildhall.client.errors import ClientError
from guildhall.client.retries import NO_RETRIES
from guildhall.model.names import fold

_SECONDS = 1.0
"""Nobody waits longer for a completion."""
_MOST = 50


def complete_group(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return names of groups that begin so; none where the server does not answer in time."""
    given = context.params
    if not given.get("url") or not given.get("key"):
        return []
    options = Options(org_id=given.get("org"), timeout=_SECONDS, retries=NO_RETRIES)
    try:
        with Guildhall(given["url"], given["key"], options) as client:
            found = client.groups.search(search_term=incomplete or None, limit=_MOST).data
    except ClientError:
        return []
    return [group.name for group in found if fold(group.name).startswith(fold(incomplete))]
