"""Scribes that write over HTTP, to a server that may be killed or lose its database at any moment."""

import httpx

from tests.ledger import Grant, Refused, Unknown
from tests.store.furnished import Furnished


class HTTPTarget:
    """Writes over HTTP; see `tests.ledger.Target`."""

    def __init__(self, http: httpx.AsyncClient, furnished: Furnished) -> None:
        self._http = http
        self._groups = f"/admin/v2/orgs/{furnished.caller.org_id}/directories/{furnished.directory_id}/groups"

    async def _send(self, method: str, path: str, status: int, body: dict[str, str] | None = None) -> str:
        try:
            answer = await self._http.request(method, self._groups + path, json=body)
        except httpx.TransportError as error:
            raise Unknown from error
        if answer.status_code == 409 and answer.json()["errors"][0]["code"] == "ADMIN-UAM-409-3":
            raise Refused
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0, answer.text
            raise Unknown
        assert answer.status_code == status, answer.text
        return answer.headers.get("location", "").rpartition("/")[2]

    async def create(self, name: str) -> str:
        return await self._send("POST", "", 201, {"name": name})

    async def rename(self, group_id: str, name: str) -> None:
        await self._send("PATCH", f"/{group_id}", 204, {"name": name})

    async def delete(self, group_id: str) -> None:
        await self._send("DELETE", f"/{group_id}", 204)

    async def add(self, group_id: str, account_id: str) -> None:
        await self._send("POST", f"/{group_id}/memberships", 204, {"accountId": account_id})

    async def remove(self, group_id: str, account_id: str) -> None:
        await self._send("DELETE", f"/{group_id}/memberships/{account_id}", 204)

    async def assign(self, group_id: str, grant: Grant) -> None:
        body = {"resourceId": grant.resource_id, "roleId": grant.role_id}
        await self._send("POST", f"/{group_id}/role-assignments/assign", 200, body)

    async def revoke(self, group_id: str, grant: Grant) -> None:
        body = {"resourceId": grant.resource_id, "roleId": grant.role_id}
        await self._send("POST", f"/{group_id}/role-assignments/revoke", 204, body)
