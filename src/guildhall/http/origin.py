"""Where a request came from and by which address clients reach the server (contract 1.1)."""

import ipaddress
import re
from typing import Protocol

import msgspec

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)


class _Headers(Protocol):
    client: str
    scheme: str

    def header(self, name: bytes) -> str | None: ...


class Origin(msgspec.Struct, frozen=True):
    """Builds absolute URLs that a forged `Host` cannot send elsewhere.

    The public URL wins. Without it the bound address counts, and the `Host` header on loopback only,
    where whoever could forge it is on this machine. Forwarded headers count from trusted addresses.
    """

    bound_url: str
    public_url: str | None = None
    loopback: bool = True
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may read answers in a browser."""

    def base_url(self, request: _Headers) -> str:
        """Return scheme, host and port, without a slash behind."""
        if self.public_url:
            return self.public_url.rstrip("/")
        if request.client in self.trusted_proxies:
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
        """Return the address of the client: of the last hop that is not a trusted proxy."""
        if request.client not in self.trusted_proxies:
            return request.client
        hops = (request.header(b"x-forwarded-for") or "").split(",")
        for hop in reversed([hop.strip() for hop in hops]):
            if _is_address(hop) and hop not in self.trusted_proxies:
                return hop
        return request.client


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reachable from this machine only."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
