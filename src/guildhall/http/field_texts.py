"""What the parameters of lists mean; their types say only which form they have (contract 1.4, 2.2)."""

from collections.abc import Mapping

FIELD_TEXTS: Mapping[str, str] = {
    "accountIds": "Only what at least one of these accounts belongs to.",
    "accountStatus": "Only users whose account is in one of these states.",
    "claimStatus": "Only users whose account is managed, or only those whose is not.",
    "counts": "Which counts each item shows.",
    "cursor": "Another page: `links.next` or `links.prev` of a page. Everything beside it is ignored.",
    "directoryIds": "Only what is in one of these directories.",
    "emailDomains": "Only users with an e-mail address in one of these domains.",
    "emails": "Only users with one of these e-mail addresses.",
    "expand": "What each item shows beyond its own fields.",
    "forceIfNotEmpty": "Whether to delete a group that has members.",
    "groupIds": "Only these groups, or what is in one of them.",
    "groupNames": "Only groups with one of these names; case does not matter.",
    "limit": "How many items a page has at most.",
    "membershipStatus": "Only users whose membership of the directory is in one of these states.",
    "mfaEnabled": "Only users with, or only those without, two-step verification.",
    "resourceIds": "Only what has a role on one of these resources. Commas do not split a value.",
    "resourceOwners": "Only what has a role on a resource of one of these products.",
    "roleIds": "Only what has one of these roles, on what the filters of resources name.",
    "searchTerm": "A part of the name, wherever it stands; case does not matter.",
    "sortBy": "The order of the list.",
    "status": "Only what is in one of these states.",
}
