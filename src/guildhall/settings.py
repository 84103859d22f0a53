"""Every setting of the program, read once at the start, from the environment and the command line."""

import difflib
import ipaddress
import os
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

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
        Meta(description="Addresses and networks whose `X-Forwarded-For`, `-Proto` and `-Host` count."),
    ] = ()
    strict: Annotated[
        bool,
        Meta(description="Answer 400 to unknown parameters and fields, as `Prefer: handling=strict` does."),
    ] = False
    tls_certificate: Annotated[str | None, Meta(description="PEM file; serves HTTPS with `tls_key`.")] = None
    tls_key: Annotated[str | None, Meta(description="PEM file of the certificate's private key.")] = None
    cors_origins: Annotated[
        tuple[str, ...],
        Meta(description="Origins that browsers may call from, e.g. `https://a.example`; none unless set."),
    ] = ()
    events_days: Annotated[int, Meta(ge=1, description="Days that events are kept.")] = 180
    metrics_address: Annotated[
        str | None,
        Meta(description="`host:port` that serves `/metrics` instead of the main address."),
    ] = None
    export_timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that an export over HTTP may take; it is broken off then. Until its end the"
            " database keeps what has changed since its beginning.",
        ),
    ] = 300.0
    lock_timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that a write may wait for others that write; it is answered 503 then. On"
            " SQLite all writes wait for each other, on PostgreSQL those of the same rows.",
        ),
    ] = 5.0
    handshake_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a client may take for a TLS handshake.")
    ] = 10.0
    first_byte_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a new connection may be silent.")
    ] = 10.0
    head_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a client may take for the headers of a request.")
    ] = 10.0
    body_stalled_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a body may arrive without progress.")
    ] = 30.0
    body_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a client may take for a whole body.")
    ] = 120.0
    idle_seconds: Annotated[
        float,
        Meta(gt=0, description="Seconds between requests of a connection, and to take what was answered."),
    ] = 60.0
    connections_per_address: Annotated[
        int,
        Meta(
            ge=1,
            description="Connections of one address to each worker; one more closes the one that has waited"
            " longest for its client. Trusted proxies may have any number.",
        ),
    ] = 512
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
    log_requests: Annotated[
        Literal["all", "errors", "none"],
        Meta(
            description="`all`, `errors` or `none`: which requests have a line in the log. `--demo` logs all"
            " unless this is set. Answers of 500 and above always have one."
        ),
    ] = "errors"
    log_level: Annotated[
        str,
        Meta(pattern="^(debug|info|warning|error)$", description="`debug`, `info`, `warning` or `error`."),
    ] = "info"


PREFIX = "GUILDHALL_"

NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})

_OF_COMMANDS = ("URL", "KEY", "ORG", "DIRECTORY")
"""What commands that call a server read from the environment."""

_URL = re.compile(
    r"https?://(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?:/[!$-&'-;=@-~]*)?", re.ASCII
)
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):([0-9]{1,5})", re.ASCII)
_MOST_PORT = 65_535


def read_settings(
    environment: Mapping[str, str] | None = None, defaults: Mapping[str, Any] = NO_DEFAULTS, **given: Any
) -> Settings:
    """Return the settings of `given`, then of the environment, then of `defaults`, then their own.

    A `given` value of None counts as not given. Raises SettingsError that names the variable.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = dict(defaults)
    for field in msgspec.structs.fields(Settings):
        text = variables.get(PREFIX + field.name.upper())
        if given.get(field.name) is not None:
            values[field.name] = given[field.name]
        elif text:
            values[field.name] = _split(text) if field.name in _LISTS else text
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(_explain(error)) from error
    _check(settings)
    return settings


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that looks like a setting and is none; it names the nearest."""
    known = [*map(str.upper, Settings.__struct_fields__), *_OF_COMMANDS]
    given = [name.removeprefix(PREFIX) for name in sorted(environment) if name.startswith(PREFIX)]
    return [_unknown(name, known) for name in given if name not in known]


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {PREFIX}{near[0]}?" if near else ""
    return f"The variable {PREFIX}{name} is unknown and does nothing.{hint}"


def read_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port`; an IPv6 address stands in brackets. Raises ValueError."""
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found[3]) > _MOST_PORT:
        raise ValueError(f"must be host:port, as 127.0.0.1:9100 or [::1]:9100, not {text!r}")
    return found[1] or found[2], int(found[3])


def _split(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _check(settings: Settings) -> None:
    """Refuse what cannot be meant; raises SettingsError that names the variable."""
    for entry in settings.trusted_proxies:
        _require("trusted_proxies", ipaddress.ip_network, entry)
    if settings.public_url is not None:
        _require("public_url", _read_url, settings.public_url)
    for entry in settings.cors_origins:
        _require("cors_origins", _read_origin, entry)
    if settings.metrics_address is not None:
        _require("metrics_address", read_address, settings.metrics_address)
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        there, lacking = ("CERTIFICATE", "KEY") if settings.tls_certificate else ("KEY", "CERTIFICATE")
        raise SettingsError(
            f"{PREFIX}TLS_{there} is set and {PREFIX}TLS_{lacking} is not: HTTPS needs both."
            " Set both, here or as --tls-certificate and --tls-key, or neither."
        )


def _require(name: str, read: Callable[[str], object], entry: str) -> None:
    try:
        read(entry)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name.upper()}: {error}. {_describe(name)}") from error


def _read_url(text: str) -> None:
    if not _URL.fullmatch(text):
        raise ValueError(f"{text!r} is no URL of a server: https://host, with a port and a path if need be")


def _read_origin(text: str) -> None:
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f"{text!r} is no origin: https://host or https://host:port, all in lower case")


_PLACE = re.compile(r"(.*) - at `\$\.(\w+)")


def _explain(error: msgspec.ValidationError) -> str:
    """Name the variable, which is the option too, and say what is right."""
    found = _PLACE.match(str(error))
    if found is None:
        return str(error)
    return f"{PREFIX}{found[2].upper()}: {found[1]}. {_describe(found[2])}".rstrip()


def _describe(name: str) -> str:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    meta = next((part for part in typing.get_args(kinds[name]) if isinstance(part, Meta)), None)
    return meta.description or "" if meta is not None else ""


_LISTS = frozenset({"trusted_proxies", "cors_origins"})
