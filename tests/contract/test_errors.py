"""Contract 1.6: the code of every condition, in both versions; its other parts are held by `refused`."""

import pytest

from guildhall.api.v1.errors import ERRORS as ERRORS_V1
from guildhall.api.v1.errors import V1
from guildhall.api.v2.errors import ERRORS as ERRORS_V2
from guildhall.api.v2.errors import V2
from guildhall.http.errors import error_response
from guildhall.model import errors
from tests.contract.answers import refused

TABLE = {
    errors.InvalidInput: ("400-24", "400-1", 400),
    errors.InvalidCursor: ("400-1", "400-1", 400),
    errors.InvalidResourceId: ("400-4", "400-1", 400),
    errors.MissingResourceId: ("400-4", "400-5", 400),
    errors.RoleDoesNotFit: ("400-4", "400-3", 400),
    errors.ResourceOffline: ("400-4", "400-4", 400),
    errors.UserDeactivated: ("400-24", "400-2", 400),
    errors.Unauthenticated: ("401-1", "401-1", 401),
    errors.GroupIsSynced: ("403-5", "403-1", 403),
    errors.GroupIsDefault: ("403-6", "403-1", 403),
    errors.GroupGrantsAdmin: ("403-7", "403-1", 403),
    errors.OrganizationNotFound: ("404-2", "404-2", 404),
    errors.DirectoryNotFound: ("404-1", "404-1", 404),
    errors.ResourceNotFound: ("404-1", "404-1", 404),
    errors.GroupNotFound: ("404-10", "404-3", 404),
    errors.UserNotFound: ("404-8", "404-1", 404),
    errors.NameTaken: ("409-28", "409-2", 409),
    errors.UserLimitExceeded: ("409-3", "409-3", 409),
    errors.BodyTooLarge: ("413-1", "413-1", 413),
    errors.AddressTooLong: ("414-1", "414-1", 414),
    errors.HeadTooLarge: ("431-1", "431-1", 431),
    errors.RequestTimedOut: ("408-1", "408-1", 408),
    errors.UnsupportedMediaType: ("415-1", "415-1", 415),
}
"""The rows that are one status in both versions and take a detail only."""


def leaves(kind=errors.GuildhallError):
    """Every class of the family without a class below it."""
    below = kind.__subclasses__()
    return [leaf for part in below for leaf in leaves(part)] or [kind]


@pytest.mark.parametrize("kind", TABLE)
def test_codes_of_the_table(kind):
    """Contract 1.6: each row, in both versions."""
    in_v1, in_v2, status = TABLE[kind]
    for wire, code in ((V1, f"ADMIN-{in_v1}"), (V2, f"ADMIN-UAM-{in_v2}")):
        form = wire.form_of(kind("why"))
        assert (form.status, form.code) == (status, code)


@pytest.mark.parametrize(
    ("error", "in_v1", "in_v2"),
    [
        (errors.ScopeMissing("why"), (401, "ADMIN-401-2"), (403, "ADMIN-UAM-403-1")),
        (errors.AlreadyMember("why"), (409, "ADMIN-409-28"), None),
        (errors.GroupNotEmpty("why"), (409, "ADMIN-409-5"), None),
        (errors.MethodNotAllowed("why", ["GET"]), (405, "ADMIN-405-1"), (405, "ADMIN-UAM-405-1")),
        (
            errors.RateLimited("why", limit=1, reset=0, retry_after=1),
            (429, "ADMIN-429-1"),
            (429, "ADMIN-UAM-429-1"),
        ),
        (ValueError("secret"), (500, "ADMIN-500-1"), (500, "ADMIN-UAM-500-1")),
    ],
)
def test_codes_of_the_other_rows(error, in_v1, in_v2):
    """Contract 1.6: rows that differ in status, or that one version does not have."""
    for wire, expected in ((V1, in_v1), (V2, in_v2)):
        form = wire.form_of(error)
        assert expected is None or (form.status, form.code) == expected


@pytest.mark.parametrize("table", [ERRORS_V1, ERRORS_V2])
def test_every_error_has_a_form(table):
    """Design 2.3: a class that is missing from a table fails here."""
    assert not [kind for kind in leaves() if kind not in table]


def test_own_fault_keeps_its_cause_to_itself():
    """Contract 1.6: without internals."""
    response = error_response(V2, ValueError("secret"), "0123abcd")
    assert b"secret" not in response.body
    assert b"0123abcd" in response.body


async def test_own_fault_is_500_with_an_id(world, monkeypatch):
    """Contract 1.6: the envelope holds for our own fault as well, and the log has its cause."""

    async def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(world.server.database, "read", fail)
    monkeypatch.setattr(world.server._application._database, "read", fail, raising=False)
    answer = await world.http.get(f"{world.v2()}/groups")
    refused(answer, 500, "ADMIN-UAM-500-1", "id")
    refused(await world.http.post(f"{world.v1()}/groups/search"), 500, "ADMIN-500-1", "id")
