"""`guildhall keys`: create, list and revoke API keys in the database, also beside a running server."""

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from guildhall.cli.database import choose_org, database_option, in_database
from guildhall.cli.output import Column, show_done, show_rows
from guildhall.model.keys import DEFAULT_DAYS, MOST_DAYS, SOON_DAYS, APIKey
from guildhall.model.paging import Window
from guildhall.model.permissions import GRANTABLE
from guildhall.model.times import to_text
from guildhall.operations import keys as rules
from guildhall.operations.orgs import system_caller
from guildhall.store.database import Transaction

_PAGE = 500
_DAY = 86_400_000
_SCOPES = [permission.value for permission in GRANTABLE]

_ORG = click.option("--org", help="The organization's id or name, when the database has several.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


class KeyRow(msgspec.Struct, frozen=True, rename="camel"):
    """A key as it is listed: everything but the key itself."""

    id: str
    name: str
    scopes: list[str] | None
    rate_limit: int | None
    created_at: str
    expires_at: str | None
    expires_in_days: int | None
    """Whole days that are left; negative once it has expired."""
    last_used_at: str | None


def _expiry(key: KeyRow) -> str:
    if key.expires_at is None or key.expires_in_days is None:
        return "never"
    if key.expires_in_days < 0:
        return f"{key.expires_at} (expired)"
    soon = key.expires_in_days < SOON_DAYS
    return f"{key.expires_at} (soon)" if soon else key.expires_at


_COLUMNS = (
    Column[KeyRow]("ID", lambda key: key.id, whole=True),
    Column[KeyRow]("NAME", lambda key: key.name),
    Column[KeyRow]("SCOPES", lambda key: key.scopes or "all"),
    Column[KeyRow]("REQUESTS A MINUTE", lambda key: key.rate_limit),
    Column[KeyRow]("CREATED", lambda key: key.created_at, whole=True),
    Column[KeyRow]("EXPIRES", _expiry, whole=True),
    Column[KeyRow]("LAST USED", lambda key: key.last_used_at, whole=True),
)


@click.group(name="keys")
def command() -> None:
    """Create, list and revoke API keys.

    A running server knows a new key at once, and a revoked one fails there within a second.
    """


@command.command("create")
@click.argument("name")
@database_option
@_ORG
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(_SCOPES), help="Once for each; none: all."
)
@click.option(
    "--expires-days",
    type=click.IntRange(1, MOST_DAYS),
    help=f"Days until it expires.  [default: {DEFAULT_DAYS}]",
)
@click.option("--no-expiry", is_flag=True, help="It does not expire.")
@click.option("--rate-limit", type=click.IntRange(1), help="Requests a minute.  [default: no limit]")
@_JSON
def create(
    database_url: str, *, expires_days: int | None, no_expiry: bool, as_json: bool, **given: Any
) -> None:
    """Create a key; it is shown this once, and only its hash is kept."""
    if expires_days is not None and no_expiry:
        raise click.UsageError("--expires-days and --no-expiry exclude each other.")
    days = None if no_expiry else (expires_days or DEFAULT_DAYS)
    made = in_database(database_url, lambda database: database.write(_create, days, given))
    show_done(
        f"id   {made['id']}",
        made,
        f"key  {made['key']}",
        "Keep the key: it is not shown again.",
        _term(made["expiresAt"]),
        as_json=as_json,
    )


def _term(expires_at: str | None) -> str:
    if expires_at is None:
        return "It does not expire."
    return (
        f"It expires at {expires_at}. For another term: --expires-days (at most {MOST_DAYS}) or --no-expiry."
    )


async def _create(tx: Transaction, days: int | None, given: dict[str, Any]) -> dict[str, str | None]:
    caller = system_caller(await choose_org(tx, given["org"]))
    new = rules.NewKey(
        name=given["name"],
        expires_at=rules.NEVER if days is None else rules.expiry_after(tx, days),
        scopes=given["scopes"] or None,
        rate_limit=given["rate_limit"],
    )
    created = await rules.create_key(tx, caller, new)
    expires_at = created.key.expires_at
    return {
        "id": created.key.id,
        "key": created.secret or "",
        "expiresAt": None if expires_at is None else to_text(expires_at),
    }


@command.command("list")
@database_option
@_ORG
@_JSON
def list_(database_url: str, org: str | None, *, as_json: bool) -> None:
    """List the keys of the organization, without what they are made of."""
    keys, now = in_database(database_url, lambda database: database.read(_select, org))
    show_rows(_rows(keys, now), _COLUMNS, as_json=as_json)


async def _select(tx: Transaction, org_id: str | None) -> tuple[list[APIKey], int]:
    caller = system_caller(await choose_org(tx, org_id))
    window: Window | None = Window(_PAGE)
    keys: list[APIKey] = []
    while window is not None:
        page = await rules.list_keys(tx, caller, window)
        keys += page.items
        window = page.next
    return keys, tx.now


def _rows(keys: list[APIKey], now: int) -> Iterator[KeyRow]:
    for key in keys:
        yield KeyRow(
            key.id,
            key.name,
            key.scopes.split() if key.scopes else None,
            key.rate_limit,
            key.created_at,
            to_text(key.expires_at) if key.expires_at else None,
            (key.expires_at - now) // _DAY if key.expires_at else None,
            to_text(key.last_used_at) if key.last_used_at else None,
        )


@command.command("revoke")
@click.argument("key_id")
@database_option
@_ORG
@_JSON
def revoke(database_url: str, key_id: str, org: str | None, *, as_json: bool) -> None:
    """Revoke the key with that id; on running servers it fails within a second."""
    in_database(database_url, lambda database: database.write(_revoke, org, key_id))
    show_done(f"revoked {key_id}", {"id": key_id, "revoked": True}, as_json=as_json)


async def _revoke(tx: Transaction, org_id: str | None, key_id: str) -> None:
    await rules.revoke_key(tx, system_caller(await choose_org(tx, org_id)), key_id)
