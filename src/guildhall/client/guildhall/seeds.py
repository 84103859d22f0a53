"""A whole organization as a seed file (contract 6a)."""

from typing import Any

from guildhall.client.answers import nothing, whole
from guildhall.client.calls import FURNISHING, Call
from guildhall.client.subjects import S, Subject, operation, streaming


class Seeds(Subject[S]):
    """Seed files."""

    @operation
    def put(
        self,
        seed: bytes,
        *,
        media_type: str = "application/yaml",
        dry_run: bool = False,
        allow_removals: bool = False,
        prune: bool = False,
        prune_users: bool = False,
    ) -> Call[dict[str, Any]]:
        """Apply a seed file as a whole or not at all, and tell what changed; a dry run changes nothing.

        A prune removes what the file does not name: groups and direct roles of users, and with `prune_users`
        users from directories. Raises Conflict when it would take away more than 20 groups, members, roles
        and users unallowed.
        """
        given = {
            "dryRun": dry_run,
            "allowRemovals": allow_removals,
            "prune": prune,
            "pruneUsers": prune_users,
        }
        return Call(
            method="PUT",
            path=(*FURNISHING, "seed"),
            query={name: value for name, value in given.items() if value},
            body=seed,
            headers={"content-type": media_type},
            decode=whole(dict[str, Any]),
        )

    @streaming
    def export(self) -> Call[None]:
        """Get the organization as a seed file, piece by piece."""
        path = (*FURNISHING, "export")
        return Call(method="GET", path=path, headers={"accept": "application/yaml"}, decode=nothing)
