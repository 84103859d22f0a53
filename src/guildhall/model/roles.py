"""The role catalogue and what each role fits (contract 5)."""

import msgspec

USER = "atlassian/user"
ADMIN = "atlassian/admin"
USER_ACCESS_ADMIN = "atlassian/user-access-admin"
SITE_ADMIN = "atlassian/site-admin"
ORG_ADMIN = "atlassian/org-admin"

ADMIN_GRANTING = frozenset({ORG_ADMIN, SITE_ADMIN, ADMIN})
"""A group that holds one of these on anything grants admin access (contract 8, "Groups")."""

FULL_ACCESS_ONLY = frozenset({ADMIN, USER_ACCESS_ADMIN})
"""Giving or taking these needs a key without scopes (contract 1.2)."""

GUARDED = ADMIN_GRANTING | FULL_ACCESS_ONLY
"""A group that holds one of these is changed and deleted by keys without scopes only (contract 1.2)."""

PLATFORM = "platform"


class Role(msgspec.Struct, frozen=True):
    """A role of an organization's catalogue; `owners` None means every product."""

    role_key: int
    id: str
    display_name: str
    uses_seat: bool
    for_groups: bool
    owners: str | None
    """Resource owners that the role fits, separated by blanks."""

    def fits(self, owner: str) -> bool:
        """Whether the role can stand on a resource of that owner; the platform is no product."""
        return owner != PLATFORM if self.owners is None else owner in self.owners.split()

    @property
    def short_name(self) -> str:
        """The part behind the slash, as v1's messages print it."""
        return self.id.rpartition("/")[2]


_JIRA_FAMILY = "confluence jira jira-software jira-core"
_ADMINISTRATION = "platform jira-core"

BUILT_IN = (
    Role(1, USER, "User", uses_seat=True, for_groups=True, owners=None),
    Role(2, ADMIN, "App admin", uses_seat=True, for_groups=True, owners=None),
    Role(3, USER_ACCESS_ADMIN, "User access admin", uses_seat=False, for_groups=True, owners=None),
    Role(4, "atlassian/viewer", "Viewer", uses_seat=False, for_groups=True, owners=None),
    Role(5, "atlassian/basic", "Basic", uses_seat=False, for_groups=True, owners=None),
    Role(6, "atlassian/guest", "Guest", uses_seat=False, for_groups=True, owners=_JIRA_FAMILY),
    Role(
        7,
        "atlassian/contributor",
        "Contributor",
        uses_seat=False,
        for_groups=True,
        owners="jira-product-discovery",
    ),
    Role(8, "atlassian/customer", "Customer", uses_seat=False, for_groups=True, owners="jira-servicedesk"),
    Role(
        9, "atlassian/stakeholder", "Stakeholder", uses_seat=False, for_groups=True, owners="jira-servicedesk"
    ),
    Role(10, SITE_ADMIN, "Site admin", uses_seat=False, for_groups=False, owners=_ADMINISTRATION),
    Role(11, ORG_ADMIN, "Organization admin", uses_seat=False, for_groups=False, owners=_ADMINISTRATION),
    Role(12, "atlassian/ai-access", "AI access", uses_seat=False, for_groups=False, owners=PLATFORM),
)
"""What every organization starts with; an operator can add roles, with keys from 100 on."""

FIRST_OWN_ROLE_KEY = 100
