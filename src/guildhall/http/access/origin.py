"""Where a request came from and by which address clients reach the server (contract 1.1)."""

import ipaddress
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

import msgspec

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)


class _Headers(Protocol):
    client: str
    scheme: str

    def header(self, name: bytes) -> str | None: ...

    def every_header(self, name: bytes) -> Iterator[str]: ...


class Origin(msgspec.Struct, frozen=True, dict=True):
    """Builds absolute URLs that a forged `Host` cannot send elsewhere.

    The public URL wins. Without it the bound address counts, and the `Host` header on loopback only,
    where whoever could forge it is on this machine. Forwarded headers count from trusted addresses.
    """

    bound_url: str
    public_url: str | None = None
    loopback: bool = True
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may read answers in a browser."""

    def base_url(self, request: _Headers) -> str:
        """Return scheme, host and port, without a slash behind."""
        if self.public_url:
            return self.public_url.rstrip("/")
        if self.trusts(request.client):
            host = request.header(b"x-forwarded-host")
            if host and _HOST.fullmatch(host):
                return f"{self._scheme(request)}://{host}"
        host = request.header(b"host")
        if self.loopback and host and _HOST.fullmatch(host):
            return f"{request.scheme}://{host}"
        return self.bound_url

    def _scheme(self, request: _Headers) -> str:
        return "https" if request.header(b"x-forwarded-proto") == "https" else "http"

    def client(self, request: _Headers) -> str:
        """Return the address of the client, as far as trusted proxies vouch for it (contract 8, "Proxies").

        All `X-Forwarded-For` lines are one list. It is read from the right, for as long as the address that
        added an entry is trusted and the entry is an address; a proxy may add ports and brackets.
        """
        nearest = _read_address(request.client)
        if nearest is None or not self._trusts(nearest):
            return request.client
        for hop in reversed(",".join(request.every_header(b"x-forwarded-for")).split(",")):
            address = _read_address(_without_port(hop.strip()))
            if address is None:
                break
            nearest = address
            if not self._trusts(address):
                break
        return str(nearest)

    def trusts(self, address: str) -> bool:
        """Whether an address is that of a trusted proxy."""
        return self._trusts(_read_address(address))

    def _trusts(self, address: _Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)

    @cached_property
    def _networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(proxy) for proxy in self.trusted_proxies]


_WITH_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?", re.ASCII)
"""An address in brackets or of version 4, and perhaps a port."""


def _without_port(hop: str) -> str:
    found = _WITH_PORT.fullmatch(hop)
    return hop if found is None else found[1] or found[2] or ""


def _read_address(text: str) -> _Address | None:
    """Return an address, version 4 also where it is written as version 6; None for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reachable from this machine only."""
    address = _read_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
