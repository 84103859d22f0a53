"""Operations that the vendor documents and the program does not have (contract 4).

They answer 501, so that no script takes "not implemented" for "already gone". That nobody serves an
operation is said by its path and method alone, so 501 stands where 404 and 405 stand: before the key.
"""

import msgspec

from guildhall.model.errors import OperationNotServed

ANY_METHOD = "*"


class Unserved(msgspec.Struct, frozen=True):
    """One operation; with method and path ending in `*`, everything below a path."""

    method: str
    path: str
    """As that of a route, below `mount`."""
    summary: str
    """The vendor's words for it."""
    planned: bool = False
    """Whether the contract has it."""
    mount: str = "/admin"

    @property
    def is_prefix(self) -> bool:
        """Whether it stands for every method and path below its own."""
        return self.method == ANY_METHOD

    def error(self) -> OperationNotServed:
        """Return what is raised when it is called."""
        method = "" if self.is_prefix else f"{self.method} "
        return OperationNotServed(
            f"Guildhall does not implement the vendor's operation {self.summary!r} "
            f"({method}{self.mount}{self.path}). Nothing was read or changed."
        )
