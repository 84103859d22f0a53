"""Paths, bodies and replies that the tests of several operations share."""

from guildhall.client.v1.role_assignments import RoleAssociation
from tests.client.remote import DIRECTORY, ORG, Reply, group, page

V1 = f"/admin/v1/orgs/{ORG}"
V2 = f"/admin/v2/orgs/{ORG}"
D = f"{V2}/directories/{DIRECTORY}"
OURS = f"/guildhall/v1/orgs/{ORG}"
ARI = "ari:cloud:jira::site/1"
ARI_IN_PATH = "ari:cloud:jira::site%2F1"

ONE_GROUP = Reply(body={"data": group("a", counts={"users": 1, "resources": 2})})
ONE_USER = Reply(body={"data": {"accountId": "u", "status": "active", "timeZone": None}})
A_PAGE = page([])
SAID = Reply(body={"message": "Group g was removed", "groupId": "g"})
DONE = Reply(204)
A_DIRECTORY = Reply(body={"data": {"directoryId": DIRECTORY, "name": "n"}})
A_RESOURCE = Reply(body={"data": {"resourceId": ARI, "userLimit": 5}})
A_KEY = Reply(201, {"data": {"id": "k", "secret": "s"}})
ROLE = {"resourceId": ARI, "roleId": "atlassian/user"}
ROLES = {"roleAssociations": [{"resource": ARI, "role": "atlassian/user"}]}
ASSOCIATIONS = [RoleAssociation(resource=ARI, role="atlassian/user")]
