"""Organizations (contract 4)."""

from guildhall.client.answers import data, page
from guildhall.client.calls import Call, Known, Segment
from guildhall.client.paging import Page
from guildhall.client.records import Record
from guildhall.client.subjects import S, Subject, operation, walking


class OrganizationAttributes(Record, frozen=True):
    """What an organization says of itself."""

    name: str | None = None


class Organization(Record, frozen=True):
    """An organization."""

    id: str
    type: str | None = None
    attributes: OrganizationAttributes = OrganizationAttributes()


class Organizations(Subject[S]):
    """Organizations of version 1, which has no successor."""

    def _list(self, cursor: str | None = None) -> Call[Page[Organization]]:
        """Get a page of organizations: the one of the key."""
        query = {"cursor": cursor} if cursor else {}
        return Call(method="GET", path=("admin", "v1", "orgs"), query=query, decode=page(Organization))

    list = operation(_list)
    list_all = walking(_list)

    @operation
    def get(self, org_id: str | None = None) -> Call[Organization]:
        """Get one organization; without an id the client's."""
        segment: Segment = org_id or Known.ORGANIZATION
        return Call(method="GET", path=("admin", "v1", "orgs", segment), decode=data(Organization))
