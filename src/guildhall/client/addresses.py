"""Where a server's routes begin."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx
import msgspec

from guildhall.client.errors import InvalidArgument

_GATEWAY = "/gateway/api"


class Address(msgspec.Struct, frozen=True):
    """A server's root, and the mount that its administration routes are asked under."""

    root: str
    mount: str = "/admin"

    def url(self, path: str) -> str:
        """Give the URL of a path that starts with `/admin` or with `/guildhall`."""
        if path.startswith("/admin/"):
            path = self.mount + path.removeprefix("/admin")
        return self.root + path


def parse_address(url: str) -> Address:
    """Read the base URL in every form that is passed around: bare, with `/admin`, or with the gateway.

    A user and a password in it are left out: HTTP would send them in the place of the key.
    """
    parts = _split(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidArgument(f"{_shown(url)} is not the URL of a server; it begins with http:// or https://")
    if parts.query or parts.fragment:
        raise InvalidArgument(
            f"{_shown(url)} has a query or a fragment, which the URL of a server cannot have"
        )
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    root = bare.rstrip("/").removesuffix("/admin")
    if root.endswith(_GATEWAY):
        return Address(root.removesuffix(_GATEWAY), f"{_GATEWAY}/admin")
    return Address(root)


def _split(url: str) -> SplitResult:
    """Take a URL apart; InvalidArgument for one that no connection could be opened to."""
    try:
        parts = urlsplit(url)
        if parts.hostname:
            # Looking a host up encodes its name in this way: labels of 1 to 63 characters.
            httpx.URL(url).raw_host.decode().encode("idna")
        if parts.port == 0:
            raise ValueError("port 0 is none")  # noqa: TRY301 - told like the others
    except (ValueError, httpx.InvalidURL) as error:
        raise InvalidArgument(f"{_shown(url)} is not the URL of a server: {error}") from error
    return parts


def _shown(url: str) -> str:
    """Return a URL for a message: without what may be a password."""
    scheme, separator, rest = url.rpartition("://")
    return repr(scheme + separator + rest.rpartition("@")[2])
