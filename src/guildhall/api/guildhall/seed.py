"""A whole organization as a seed file, in and out (contract 6a; docs/seed-files.md)."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.schemas import ORGANIZATION
from guildhall.http.docs.examples import Example
from guildhall.http.paging import DataBody
from guildhall.http.request import Request
from guildhall.http.response import JSON, Response, Unchanged, json_response
from guildhall.http.routing import Route
from guildhall.model.errors import InvalidInput
from guildhall.model.permissions import Permission
from guildhall.model.seeds import (
    MOST_REMOVALS,
    Change,
    DirectorySeed,
    GroupSeed,
    Kept,
    KeySeed,
    OrganizationSeed,
    ResourceSeed,
    RoleSeed,
    SeedDocument,
    SeedOptions,
    SeedReport,
    UserSeed,
)
from guildhall.operations.seeding import organizations as rules
from guildhall.seeds.processes import read_seed
from guildhall.seeds.writing import write_export
from guildhall.store.database import Transaction

YAML = "application/yaml"
MEDIA_TYPES = (JSON, YAML, "application/x-yaml", "text/yaml", "text/x-yaml")


class SeedBody(msgspec.Struct, frozen=True):
    """What a seed file says of one organization; docs/seed-files.md explains every field."""

    organization: OrganizationSeed | None = None
    roles: list[RoleSeed] | None = None
    directories: list[DirectorySeed] | None = None
    resources: list[ResourceSeed] | None = None
    users: list[UserSeed] | None = None
    groups: list[GroupSeed] | None = None
    keys: list[KeySeed] | None = None


class SeedReportBody(msgspec.Struct, frozen=True, rename="camel"):
    """What a seed changed: nothing, when the organization was as the file says already."""

    organization_id: str
    organization_name: str
    totals: dict[str, int]
    changes: Sequence[Change]
    removals: Annotated[int, Meta(description="Groups, members, roles and users that were taken away.")]
    left_out: Annotated[
        int, Meta(description="Changes and differences that are counted but not listed: beyond 100,000.")
    ]
    kept: Annotated[
        Sequence[Kept], Meta(description="What a prune left, since the rules forbid to remove it.")
    ]
    dry_run: Annotated[bool, Meta(description="Whether nothing was changed, as was asked for.")]


class SeedQuery(msgspec.Struct, frozen=True, rename="camel"):
    """How a seed file is applied."""

    dry_run: Annotated[bool, Meta(description="Change nothing; tell what would change.")] = False
    allow_removals: Annotated[
        bool,
        Meta(
            description="Take away more than 20 groups, members, roles and users; without it that is refused."
        ),
    ] = False
    prune: Annotated[
        bool,
        Meta(description="Remove groups, and direct roles of users, that the seed file does not name."),
    ] = False
    prune_users: Annotated[
        bool, Meta(description="With prune: remove users whom the file does not name from directories.")
    ] = False


async def read_body(raw: bytes, media_type: str) -> Sequence[SeedDocument]:
    """Return the documents of a body; problems in YAML name lines, in JSON only fields."""
    return await read_seed(raw, "yaml" if media_type.endswith("yaml") else "json")


async def put_seed(tx: Transaction, request: Request) -> Response:
    """Make the organization what the file says, as a whole or not at all."""
    documents: Sequence[SeedDocument] = request.body
    if len(documents) != 1:
        raise InvalidInput("organizations: one organization is seeded here, that of the path.")
    query: SeedQuery = request.query
    if query.prune_users and not query.prune:
        raise InvalidInput("pruneUsers: goes with prune=true.")
    most = None if query.allow_removals else MOST_REMOVALS
    options = SeedOptions(
        dry_run=query.dry_run, most_removals=most, prune=query.prune, prune_users=query.prune_users
    )
    try:
        report = await rules.seed_organization(tx, request.caller, documents[0], options)
    except rules.DryRun as end:
        raise Unchanged(_answer(end.reports[0], dry_run=True)) from None
    return _answer(report, dry_run=False)


def _answer(report: SeedReport, *, dry_run: bool) -> Response:
    body = SeedReportBody(
        organization_id=report.organization_id,
        organization_name=report.organization_name,
        totals=dict(report.totals),
        changes=report.changes,
        removals=report.removals,
        left_out=report.left_out,
        kept=report.kept,
        dry_run=dry_run,
    )
    return json_response(DataBody(body))


async def get_export(tx: Transaction, request: Request) -> Response:
    """Write the organization as a seed file; it is read from one snapshot of its own."""
    del tx
    return Response(media_type=YAML, stream=partial(write_export, callers=[request.caller]))


ROUTES = (
    Route(
        method="PUT",
        path=ORGANIZATION + "/seed",
        operation="putSeed",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Apply a seed file",
        permission=Permission.FULL_ACCESS,
        handler=put_seed,
        writes=True,
        query=SeedQuery,
        body=SeedBody,
        reader=read_body,
        media_types=MEDIA_TYPES,
        answer=DataBody[SeedReportBody],
        example=Example(
            body={"groups": [{"name": "release-notes-readers", "description": "Who reads them"}]}
        ),
    ),
    Route(
        method="GET",
        path=ORGANIZATION + "/export",
        operation="getExport",
        mount="",
        wire=GUILDHALL,
        contract="6a",
        summary="Get the organization as a seed file",
        permission=Permission.FULL_ACCESS,
        handler=get_export,
        answer=str,
        answer_media_type=YAML,
    ),
)
