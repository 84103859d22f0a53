"""Moto's identity store, the service that AWS calls IAM Identity Center, as its server mode offers it."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from benchmarks.peers import draws
from benchmarks.peers.draws import Addition
from benchmarks.peers.environments import environment
from benchmarks.peers.http_load import Scenario
from benchmarks.peers.http_peers import Client, HTTPPeer, run
from benchmarks.peers.portions import Group, User
from benchmarks.peers.processes import ADDRESS, Server, free_port, started

_STORE = "d-0000000001"
_TARGET = "AWSIdentityStore."
# Moto reads the service and the region out of the signature's scope, and checks nothing else of it.
_SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/identitystore/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class Moto(HTTPPeer):
    """Moto's server with one identity store."""

    name = "moto"
    groups = 300
    largest = 2_000
    notes = (
        "Everything is in memory and gone when the server stops: nothing is durable.",
        "Requests are not authenticated: any signature will do.",
        "There is no substring search.",
        "Pages are in order of creation, and the groups in them tell neither members nor their number.",
        "The groups of a user come as pairs of ids, without names.",
        "Adding somebody twice makes two memberships; it is not refused.",
    )

    def started(self) -> AbstractContextManager[Server]:
        """Start moto's server."""
        port = free_port()
        program = str(environment(self.name, self.options.work) / "moto_server")
        return started([program, "--host", ADDRESS, "--port", str(port)], port, self.folder)

    def headers(self) -> dict[str, str]:
        """Return what makes moto take a request for one of the identity store."""
        return {"Content-Type": "application/x-amz-json-1.1", "Authorization": _SIGNATURE}

    def load(self, client: Client) -> None:
        """Create users, groups and memberships, one request each: there is no other way."""
        self.user_ids = {user.key: self._create_user(client, user) for user in self.portion.users}
        self.group_ids = {
            group.key: self._call(client, "CreateGroup", DisplayName=group.name)["GroupId"]
            for group in self.portion.groups
        }
        for group, users in self.portion.members.items():
            for user in users:
                self._call(client, "CreateGroupMembership", **self._pair(group, user))

    def _create_user(self, client: Client, user: User) -> str:
        given, _, family = user.name.rpartition(" ")
        answer = self._call(
            client,
            "CreateUser",
            UserName=user.account_id,
            DisplayName=user.name,
            Name={"GivenName": given or family, "FamilyName": family},
            Emails=[{"Value": user.email, "Primary": True}],
        )
        return str(answer["UserId"])

    def reads(self, client: Client) -> Iterator[Scenario]:
        """Return what an identity store can be asked about groups."""
        names = [
            {"AttributePath": "DisplayName", "AttributeValue": g.name} for g in draws.groups(self.portion)
        ]
        by_name = [self._encode("ListGroups", Filters=[name]) for name in names]
        yield Scenario("get group by name", by_name, expected='"GroupId"')
        for size in (20, 100):
            pages = [self._encode("ListGroups", MaxResults=size, **page) for page in self._walk(client, size)]
            yield Scenario(f"page of {size}", pages, expected='"GroupId"')
        people = [{"UserId": self.user_ids[user.key]} for user in draws.members(self.portion)]
        of_user = [self._encode("ListGroupMembershipsForMember", MemberId=person) for person in people]
        yield Scenario("groups of a user", of_user, expected='"MembershipId"')

    def _walk(self, client: Client, size: int) -> Iterator[dict[str, str]]:
        """Return what asks for each page; a page's token stands on the page before it."""
        page: dict[str, str] = {}
        while True:
            yield page
            token = self._call(client, "ListGroups", MaxResults=size, **page)["NextToken"]
            if token is None:
                return
            page = {"NextToken": token}

    def addition(self, addition: Addition) -> bytes:
        """Return a request that makes a membership."""
        return self._encode("CreateGroupMembership", **self._pair(addition.group.key, addition.user.key))

    def member(self, addition: Addition) -> str:
        """Return the id of the user."""
        return self.user_ids[addition.user.key]

    def members(self, client: Client, group: Group) -> set[str]:
        """Return the ids of the members, which come in pages of a hundred."""
        found: set[str] = set()
        page: dict[str, str] = {}
        while True:
            asked = {"GroupId": self.group_ids[group.key], **page}
            answer = self._call(client, "ListGroupMemberships", **asked)
            found |= {membership["MemberId"]["UserId"] for membership in answer["GroupMemberships"]}
            if answer["NextToken"] is None:
                return found
            page = {"NextToken": answer["NextToken"]}

    def _pair(self, group: int, user: int) -> dict[str, Any]:
        return {"GroupId": self.group_ids[group], "MemberId": {"UserId": self.user_ids[user]}}

    def _call(self, client: Client, operation: str, **body: Any) -> Any:
        headers = {"X-Amz-Target": _TARGET + operation}
        return client.ask("POST", "/", {"IdentityStoreId": _STORE, **body}, headers)

    def _encode(self, operation: str, **body: Any) -> bytes:
        headers = {"X-Amz-Target": _TARGET + operation}
        return self.request("POST", "/", {"IdentityStoreId": _STORE, **body}, **headers)


if __name__ == "__main__":
    sys.exit(run(Moto))
