"""The two clients: the same subjects, asked synchronously or asynchronously."""

import platform
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx
import msgspec

from guildhall.client.addresses import parse_address
from guildhall.client.calls import Known
from guildhall.client.conversations import Session
from guildhall.client.errors import InvalidArgument
from guildhall.client.guildhall.default_roles import DefaultRoles
from guildhall.client.guildhall.directories import FurnishingDirectories
from guildhall.client.guildhall.keys import Keys
from guildhall.client.guildhall.resources import Resources
from guildhall.client.guildhall.seeds import Seeds
from guildhall.client.guildhall.users import FurnishingUsers
from guildhall.client.retries import RetryPolicy
from guildhall.client.senders import AsyncSender, Sender
from guildhall.client.subjects import S
from guildhall.client.v1.events import Events
from guildhall.client.v1.groups import GroupsV1
from guildhall.client.v1.memberships import MembershipsV1
from guildhall.client.v1.orgs import Organizations
from guildhall.client.v1.role_assignments import RoleAssignmentsV1
from guildhall.client.v1.users import UsersV1
from guildhall.client.v2.directories import Directories
from guildhall.client.v2.groups import Groups
from guildhall.client.v2.memberships import Memberships
from guildhall.client.v2.role_assignments import RoleAssignments
from guildhall.client.v2.users import Users
from guildhall.client.v2.workspaces import Workspaces

H = TypeVar("H")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may be told; without ids it looks up the key's organization and its first directory.

    `timeout` is in seconds, for connecting and for each wait within an answer. `verify` False accepts
    any certificate, and a path names a file of certificates to trust. `position` is what another client
    has seen, which this one then sees as well where replicas answer; LATEST is all that there is.
    """

    org_id: str | None = None
    directory_id: str | None = None
    retries: RetryPolicy = RetryPolicy()
    timeout: float = 30.0
    verify: bool | str = True
    position: str = ""


class V1(Generic[S]):
    """What the vendor deprecated or never carried over to version 2."""

    def __init__(self, sender: S) -> None:
        self.groups: GroupsV1[S] = GroupsV1(sender)
        self.memberships: MembershipsV1[S] = MembershipsV1(sender)
        self.role_assignments: RoleAssignmentsV1[S] = RoleAssignmentsV1(sender)
        self.users: UsersV1[S] = UsersV1(sender)


class Furnishing(Generic[S]):
    """Guildhall's own: what fills an organization. It needs a key without scopes."""

    def __init__(self, sender: S) -> None:
        self.directories: FurnishingDirectories[S] = FurnishingDirectories(sender)
        self.users: FurnishingUsers[S] = FurnishingUsers(sender)
        self.resources: Resources[S] = Resources(sender)
        self.default_roles: DefaultRoles[S] = DefaultRoles(sender)
        self.keys: Keys[S] = Keys(sender)
        self.seeds: Seeds[S] = Seeds(sender)


class _Subjects(Generic[S]):
    """Everything that can be asked."""

    def __init__(self, sender: S) -> None:
        self.orgs: Organizations[S] = Organizations(sender)
        self.directories: Directories[S] = Directories(sender)
        self.groups: Groups[S] = Groups(sender)
        self.memberships: Memberships[S] = Memberships(sender)
        self.role_assignments: RoleAssignments[S] = RoleAssignments(sender)
        self.users: Users[S] = Users(sender)
        self.workspaces: Workspaces[S] = Workspaces(sender)
        self.events: Events[S] = Events(sender)
        self.v1: V1[S] = V1(sender)
        self.furnishing: Furnishing[S] = Furnishing(sender)


class Guildhall(_Subjects[Sender]):
    """A synchronous client of any server of this contract; safe to use from several threads."""

    def __init__(self, url: str, key: str, options: Options = Options()) -> None:  # noqa: B008 - frozen
        self._session = _session(url, key, options)
        self._http = _open(httpx.Client, self._session, options)
        super().__init__(Sender(self._session, self._http))

    @property
    def position(self) -> str:
        """What this client has seen, for the options of another one; empty where no replica answers."""
        return self._session.position

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncGuildhall(_Subjects[AsyncSender]):
    """An asynchronous client of any server of this contract."""

    def __init__(self, url: str, key: str, options: Options = Options()) -> None:  # noqa: B008 - frozen
        self._session = _session(url, key, options)
        self._http = _open(httpx.AsyncClient, self._session, options)
        super().__init__(AsyncSender(self._session, self._http))

    @property
    def position(self) -> str:
        """What this client has seen, for the options of another one; empty where no replica answers."""
        return self._session.position

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _open(kind: Callable[..., H], session: Session, options: Options) -> H:
    """Open a client of httpx, which reads proxies and certificates from the environment."""
    # Loading the trusted certificates takes longer than most calls, and plain HTTP has none to verify:
    # redirects, which could lead to HTTPS, are not followed.
    verify = options.verify if session.address.root.startswith("https") else False
    try:
        return kind(timeout=options.timeout, verify=verify)
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
        raise InvalidArgument(f"{_NETWORK} cannot be used: {error}") from error


_NETWORK = (
    "what the environment says about the network (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY,"
    " SSL_CERT_FILE, SSL_CERT_DIR) or the file of trusted certificates"
)


def _session(url: str, key: str, options: Options) -> Session:
    given = {
        Known.ORGANIZATION: options.org_id,
        Known.DIRECTORY: options.directory_id,
        Known.DIRECTORIES: options.directory_id or "-",
    }
    return Session(
        address=parse_address(url),
        key=_clean_key(key),
        agent=f"guildhall-client python/{platform.python_version()}",
        known={segment: value for segment, value in given.items() if value},
        policy=options.retries,
        position=options.position,
    )


def _clean_key(key: str) -> str:
    """Take off what copying leaves around a key; InvalidArgument where it cannot stand in a header."""
    clean = key.strip()
    if not clean or not clean.isascii() or not clean.isprintable() or " " in clean:
        raise InvalidArgument("the API key is empty or holds characters that no key has")
    return clean
