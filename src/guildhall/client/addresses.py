"""Where a server's routes begin."""

from urllib.parse import urlsplit

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
    """Read the base URL in every form that is passed around: bare, with `/admin`, or with the gateway."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidArgument(f"{url!r} is not the URL of a server; it begins with http:// or https://")
    if parts.query or parts.fragment:
        raise InvalidArgument(f"{url!r} has a query or a fragment, which the URL of a server cannot have")
    root = url.rstrip("/").removesuffix("/admin")
    if root.endswith(_GATEWAY):
        return Address(root.removesuffix(_GATEWAY), f"{_GATEWAY}/admin")
    return Address(root)
