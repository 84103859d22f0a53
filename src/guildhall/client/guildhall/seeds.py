"""A whole organization as a seed file (contract 6a)."""

from typing import Any

from guildhall.client.answers import nothing, whole
from guildhall.client.calls import FURNISHING, Call
from guildhall.client.subjects import S, Subject, operation, streaming


class Seeds(Subject[S]):
    """Seed files."""

    @operation
    def put(self, seed: bytes, *, media_type: str = "application/yaml") -> Call[dict[str, Any]]:
        """Apply a seed file as a whole or not at all, and tell what changed."""
        headers = {"content-type": media_type}
        return Call(
            method="PUT", path=(*FURNISHING, "seed"), body=seed, headers=headers, decode=whole(dict[str, Any])
        )

    @streaming
    def export(self) -> Call[None]:
        """Get the organization as a seed file, piece by piece."""
        path = (*FURNISHING, "export")
        return Call(method="GET", path=path, headers={"accept": "application/yaml"}, decode=nothing)
