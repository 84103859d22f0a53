"""What the vendor documents outside version 1 and nobody has built (contract 4): it answers 501."""

from guildhall.http.unserved import Unserved

_ORG = "/v2/orgs/{orgId}"
_TOKENS = "/api-access/v1/orgs/{orgId}"
_ACCOUNT = "/users/{accountId}/manage"
_PROVISIONED = "/user-provisioning/v1/org/{orgId}"

UNSERVED = (
    Unserved("POST", _ORG + "/users/invite", "Invite users to an organization", planned=True),
    Unserved("GET", _ORG + "/domains", "Get domains in an organization"),
    Unserved("GET", _ORG + "/domains/{domainId}", "Get a domain by id"),
    Unserved("GET", _TOKENS + "/api-tokens", "Get the API tokens of an organization", planned=True),
    Unserved("GET", _TOKENS + "/api-keys", "Get the API keys of an organization", planned=True),
    Unserved("*", "/api-access/*", "API access: tokens, keys and OAuth clients"),
    Unserved("GET", _PROVISIONED + "/user/{accountId}/get-scim-links", "Get SCIM links", planned=True),
    Unserved("POST", _PROVISIONED + "/get-scim-links-for-email", "Get SCIM links by e-mail", planned=True),
    Unserved(
        "PATCH",
        _PROVISIONED + "/scimDirectoryId/{directoryId}/scimUserId/{userId}/unlink",
        "Unlink a SCIM user",
        planned=True,
    ),
    Unserved(
        "DELETE",
        _PROVISIONED + "/user/{accountId}/onlyDeleteUserInDB",
        "Delete a SCIM user from the database",
        planned=True,
    ),
    Unserved("*", "/user-provisioning/*", "User provisioning"),
    Unserved("*", "/dlp/*", "Data loss prevention: classification levels"),
    Unserved("*", "/control/*", "Admin control: policies and authentication policies"),
    Unserved("GET", _ACCOUNT, "Get a managed account's permissions", planned=True, mount=""),
    Unserved("GET", _ACCOUNT + "/profile", "Get a managed account's profile", planned=True, mount=""),
    Unserved("PATCH", _ACCOUNT + "/profile", "Update a managed account's profile", planned=True, mount=""),
    Unserved("PUT", _ACCOUNT + "/email", "Set a managed account's e-mail", planned=True, mount=""),
    Unserved("POST", _ACCOUNT + "/lifecycle/enable", "Activate a managed account", planned=True, mount=""),
    Unserved("POST", _ACCOUNT + "/lifecycle/disable", "Deactivate a managed account", planned=True, mount=""),
    Unserved("POST", _ACCOUNT + "/lifecycle/delete", "Delete a managed account", planned=True, mount=""),
    Unserved(
        "POST",
        _ACCOUNT + "/lifecycle/cancel-delete",
        "Cancel the deletion of a managed account",
        planned=True,
        mount="",
    ),
    Unserved("GET", _ACCOUNT + "/api-tokens", "Get a managed account's API tokens", mount=""),
    Unserved("DELETE", _ACCOUNT + "/api-tokens/{tokenId}", "Delete a managed account's API token", mount=""),
    Unserved("*", _ACCOUNT + "/*", "User management", mount=""),
    Unserved("*", "/user-provisioning/*", "User provisioning", mount=""),
    Unserved("*", "/scim/*", "User provisioning (SCIM)", planned=True, mount=""),
)
