"""Every setting of the program, read once at the start, from the environment and the command line."""

import os
import re
import typing
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta


class SettingsError(Exception):
    """A setting that cannot be read; the text names it and what is right."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set; each field is also the environment variable `GUILDHALL_<FIELD>`."""

    database: Annotated[
        str, Meta(description="`sqlite:///path`, a path, or `postgresql://…`: where everything is kept.")
    ] = "sqlite:///guildhall.db"
    read_database: Annotated[
        str | None,
        Meta(description="`postgresql://…` of a streaming replica of the database, which takes reads."),
    ] = None
    read_lag_seconds: Annotated[
        int, Meta(ge=1, description="Seconds that a replica may be behind; one further behind is not read.")
    ] = 10
    host: Annotated[str, Meta(description="Address to listen on; loopback unless set.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 picks a free one.")] = 8080
    workers: Annotated[int, Meta(ge=1, le=64, description="Server processes.")] = 1
    public_url: Annotated[
        str | None,
        Meta(description="Base of the absolute URLs in answers, e.g. `https://directory.example.com`."),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses whose `X-Forwarded-For`, `-Proto` and `-Host` count."),
    ] = ()
    strict: Annotated[
        bool,
        Meta(description="Answer 400 to unknown parameters and fields, as `Prefer: handling=strict` does."),
    ] = False
    tls_certificate: Annotated[str | None, Meta(description="PEM file; serves HTTPS with `tls_key`.")] = None
    tls_key: Annotated[str | None, Meta(description="PEM file of the certificate's private key.")] = None
    cors_origins: Annotated[
        tuple[str, ...], Meta(description="Origins that browsers may call from; none unless set.")
    ] = ()
    events_days: Annotated[int, Meta(ge=1, description="Days that events are kept.")] = 180
    metrics_address: Annotated[
        str | None,
        Meta(description="`host:port` that serves `/metrics` instead of the main address."),
    ] = None
    lock_timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that a write may wait for others that write; it is answered 503 then. On"
            " SQLite all writes wait for each other, on PostgreSQL those of the same rows.",
        ),
    ] = 5.0
    postgres_connections: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000,
            description="Connections that a server has to PostgreSQL at most, shared out among its workers;"
            " each of them has two at least, and with a read database three.",
        ),
    ] = 9
    postgres_connect_timeout: Annotated[
        float, Meta(gt=0, description="Seconds that a request may wait for a connection to PostgreSQL.")
    ] = 5.0
    postgres_statement_timeout: Annotated[
        float, Meta(gt=0, description="Seconds that a statement of a request may take on PostgreSQL.")
    ] = 30.0
    log_level: Annotated[
        str,
        Meta(pattern="^(debug|info|warning|error)$", description="`debug`, `info`, `warning` or `error`."),
    ] = "info"


PREFIX = "GUILDHALL_"


def read_settings(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Return the settings of `given`, then of the environment, then the defaults.

    A `given` value of None counts as not given. Raises SettingsError that names the variable.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        text = variables.get(PREFIX + field.name.upper())
        if given.get(field.name) is not None:
            values[field.name] = given[field.name]
        elif text:
            values[field.name] = text.split(",") if field.name in _LISTS else text
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(_explain(error)) from error


_PLACE = re.compile(r"(.*) - at `\$\.(\w+)")


def _explain(error: msgspec.ValidationError) -> str:
    """Name the variable, which is the option too, and say what is right."""
    found = _PLACE.match(str(error))
    if found is None:
        return str(error)
    kinds = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    meta = next((part for part in typing.get_args(kinds[found[2]]) if isinstance(part, Meta)), None)
    described = f" {meta.description}" if meta is not None else ""
    return f"{PREFIX}{found[2].upper()}: {found[1]}.{described}"


_LISTS = frozenset({"trusted_proxies", "cors_origins"})
