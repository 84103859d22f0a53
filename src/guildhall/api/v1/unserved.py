"""Operations of version 1 that the vendor documents and nobody has built (contract 4): they answer 501."""

from guildhall.http.unserved import Unserved

_ORG = "/v1/orgs/{orgId}"
_DIRECTORY_USER = _ORG + "/directory/users/{accountId}"
_USER = _ORG + "/users/{userId}"
_POLICY = _ORG + "/policies/{policyId}"

UNSERVED = (
    Unserved("GET", _ORG + "/users", "Get managed accounts in an organization", planned=True),
    Unserved("POST", _ORG + "/users/search", "Search for users in an organization", planned=True),
    Unserved("GET", _ORG + "/users/search", "Search for users in an organization, as older clients do"),
    Unserved("POST", _ORG + "/users/invite", "Invite users to an organization", planned=True),
    Unserved("POST", _USER + "/roles/assign", "Grant user access", planned=True),
    Unserved("POST", _USER + "/roles/revoke", "Revoke user access", planned=True),
    Unserved("POST", _USER + "/role-assignments/assign", "Assign an organization-level role", planned=True),
    Unserved("POST", _USER + "/role-assignments/revoke", "Revoke an organization-level role", planned=True),
    Unserved("GET", _DIRECTORY_USER + "/last-active-dates", "Get a user's last active dates", planned=True),
    Unserved("POST", _DIRECTORY_USER + "/suspend-access", "Suspend user access", planned=True),
    Unserved("POST", _DIRECTORY_USER + "/restore-access", "Restore user access", planned=True),
    Unserved("DELETE", _DIRECTORY_USER, "Remove a user", planned=True),
    Unserved("GET", _ORG + "/domains", "Get domains in an organization", planned=True),
    Unserved("GET", _ORG + "/domains/{domainId}", "Get a domain by id", planned=True),
    Unserved("GET", _ORG + "/policies", "Get policies", planned=True),
    Unserved("GET", _POLICY, "Get a policy by id", planned=True),
    Unserved("POST", _ORG + "/policies", "Create a policy"),
    Unserved("PUT", _POLICY, "Update a policy"),
    Unserved("DELETE", _POLICY, "Delete a policy"),
    Unserved("GET", _POLICY + "/validate", "Validate a policy"),
    Unserved("POST", _POLICY + "/resources", "Add a resource to a policy"),
    Unserved("PUT", _POLICY + "/resources/{resourceId}", "Update a resource of a policy"),
    Unserved("DELETE", _POLICY + "/resources/{resourceId}", "Delete a resource from a policy"),
)
