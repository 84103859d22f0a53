"""Operations of Guildhall's own: what is called, what is answered, what must have been asked."""

from tests.client.remote import Reply
from tests.client.samples import (
    A_DIRECTORY,
    A_KEY,
    A_PAGE,
    A_RESOURCE,
    ARI,
    ARI_IN_PATH,
    DONE,
    ONE_USER,
    OURS,
)

OPERATIONS = {
    "furnishDirectory": (
        lambda c: c.furnishing.directories.put("d", "n", default=True),
        A_DIRECTORY,
        "PUT",
        f"{OURS}/directories/d",
        {"name": "n", "default": True},
    ),
    "getFurnishedDirectory": (
        lambda c: c.furnishing.directories.get("d"),
        A_DIRECTORY,
        "GET",
        f"{OURS}/directories/d",
        None,
    ),
    "listFurnishedDirectories": (
        lambda c: c.furnishing.directories.list(limit=1),
        A_PAGE,
        "GET",
        f"{OURS}/directories?limit=1",
        None,
    ),
    "deleteDirectory": (
        lambda c: c.furnishing.directories.delete("d"),
        DONE,
        "DELETE",
        f"{OURS}/directories/d",
        None,
    ),
    "furnishUser": (
        lambda c: c.furnishing.users.put("u", "n", "n@x", directories=["d"], job_title="j"),
        ONE_USER,
        "PUT",
        f"{OURS}/users/u",
        {"name": "n", "email": "n@x", "directories": ["d"], "jobTitle": "j"},
    ),
    "furnishUserByEmail": (
        lambda c: c.furnishing.users.put_by_email("n", "n@x"),
        ONE_USER,
        "PUT",
        f"{OURS}/users/by-email",
        {"name": "n", "email": "n@x"},
    ),
    "getFurnishedUser": (lambda c: c.furnishing.users.get("u"), ONE_USER, "GET", f"{OURS}/users/u", None),
    "listFurnishedUsers": (lambda c: c.furnishing.users.list(), A_PAGE, "GET", f"{OURS}/users", None),
    "furnishResource": (
        lambda c: c.furnishing.resources.put(ARI, "n", user_limit=5),
        A_RESOURCE,
        "PUT",
        f"{OURS}/resources/{ARI_IN_PATH}",
        {"name": "n", "userLimit": 5},
    ),
    "getResource": (
        lambda c: c.furnishing.resources.get(ARI),
        A_RESOURCE,
        "GET",
        f"{OURS}/resources/{ARI_IN_PATH}",
        None,
    ),
    "listResources": (lambda c: c.furnishing.resources.list(), A_PAGE, "GET", f"{OURS}/resources", None),
    "deleteResource": (
        lambda c: c.furnishing.resources.delete(ARI),
        DONE,
        "DELETE",
        f"{OURS}/resources/{ARI_IN_PATH}",
        None,
    ),
    "putDefaultRole": (
        lambda c: c.furnishing.default_roles.put("g", ARI, "atlassian/user"),
        Reply(201, {"data": {"groupId": "g", "resourceId": ARI, "roleId": "r"}}),
        "PUT",
        f"{OURS}/groups/g/default-roles/{ARI_IN_PATH}",
        {"roleId": "atlassian/user"},
    ),
    "deleteDefaultRole": (
        lambda c: c.furnishing.default_roles.delete("g", ARI),
        DONE,
        "DELETE",
        f"{OURS}/groups/g/default-roles/{ARI_IN_PATH}",
        None,
    ),
    "createKey": (
        lambda c: c.furnishing.keys.create("n", scopes=["read:groups:admin"]),
        A_KEY,
        "POST",
        f"{OURS}/keys",
        {"name": "n", "scopes": ["read:groups:admin"]},
    ),
    "listKeys": (lambda c: c.furnishing.keys.list(), A_PAGE, "GET", f"{OURS}/keys", None),
    "revokeKey": (lambda c: c.furnishing.keys.revoke("k"), DONE, "DELETE", f"{OURS}/keys/k", None),
    "putSeed": (
        lambda c: c.furnishing.seeds.put(
            b"{}", media_type="application/json", dry_run=True, allow_removals=True
        ),
        Reply(body={"data": []}),
        "PUT",
        f"{OURS}/seed?dryRun=true&allowRemovals=true",
        {},
    ),
}
