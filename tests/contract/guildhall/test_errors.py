"""Contract 6a: our own operations say every error in version 2's form and codes."""

import pytest

from guildhall.api.guildhall.errors import GUILDHALL
from guildhall.api.v2.errors import V2
from guildhall.model import errors
from tests.contract.answers import refused


def family(kind=errors.GuildhallError):
    return [part for below in kind.__subclasses__() for part in (below, *family(below))]


@pytest.mark.parametrize("kind", family())
def test_errors_are_those_of_version_2(kind):
    error = kind.__new__(kind)
    ours, theirs = GUILDHALL.form_of(error), V2.form_of(error)
    assert (ours.status, ours.code) == (theirs.status, theirs.code)


async def test_unknown_paths_answer_in_that_form(world):
    refused(await world.http.get(f"{world.ours()}/nothing"), 404, "ADMIN-UAM-404-1")
    refused(await world.http.patch(f"{world.ours()}/users/a"), 405, "ADMIN-UAM-405-1", "GET", "PUT")
    refused(await world.http.get(f"{world.ours()}/users/by-email"), 405, "ADMIN-UAM-405-1", "PUT")


async def test_bodies_are_checked(world):
    url = f"{world.ours()}/users/abc"
    refused(await world.http.put(url, json={}), 400, "ADMIN-UAM-400-1", "name", "email")
    refused(await world.http.put(url, content=b"{"), 400, "ADMIN-UAM-400-1")
    refused(
        await world.http.put(url, content=b"{}", headers={"content-type": "text/plain"}),
        415,
        "ADMIN-UAM-415-1",
    )
    body = {"name": "A", "email": "a@example.com", "jobtitle": "x"}
    strict = {"prefer": "handling=strict"}
    refused(
        await world.http.put(url, json=body, headers=strict), 400, "ADMIN-UAM-400-1", "jobtitle", "jobTitle"
    )
