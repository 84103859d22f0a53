"""A whole organization as a seed file, in and out (contract 6a; docs/seed-files.md)."""

from collections.abc import Sequence
from functools import partial

import msgspec

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.guildhall.schemas import ORGANIZATION
from guildhall.http.examples import Example
from guildhall.http.paging import DataBody
from guildhall.http.request import Request
from guildhall.http.response import JSON, Response, json_response
from guildhall.http.routing import Route
from guildhall.model.errors import InvalidInput
from guildhall.model.permissions import Permission
from guildhall.model.seeds import (
    Change,
    DirectorySeed,
    GroupSeed,
    KeySeed,
    OrganizationSeed,
    ResourceSeed,
    RoleSeed,
    SeedDocument,
    UserSeed,
)
from guildhall.operations import seed as rules
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


async def read_body(raw: bytes, media_type: str) -> Sequence[SeedDocument]:
    """Return the documents of a body; problems in YAML name lines, in JSON only fields."""
    return await read_seed(raw, "yaml" if media_type.endswith("yaml") else "json")


async def put_seed(tx: Transaction, request: Request) -> Response:
    """Make the organization what the file says, as a whole or not at all."""
    documents: Sequence[SeedDocument] = request.body
    if len(documents) != 1:
        raise InvalidInput("organizations: one organization is seeded here, that of the path.")
    report = await rules.seed_organization(tx, request.caller, documents[0])
    body = SeedReportBody(
        report.organization_id, report.organization_name, dict(report.totals), report.changes
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
