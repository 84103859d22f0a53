"""How version 2 says each error (contract 1.6)."""

from guildhall.http.errors import ErrorForm, Wire
from guildhall.http.routing import Deprecation
from guildhall.model import errors

ERRORS = {
    errors.InvalidInput: ErrorForm(400, "ADMIN-UAM-400-1", "Bad Request"),
    errors.Misplaced: ErrorForm(400, "ADMIN-UAM-400-1", "Bad Request"),
    errors.InvalidCursor: ErrorForm(400, "ADMIN-UAM-400-1", "Bad Request"),
    errors.InvalidResourceId: ErrorForm(400, "ADMIN-UAM-400-1", "Bad Request"),
    errors.MissingResourceId: ErrorForm(400, "ADMIN-UAM-400-5", "Resource Id Missing"),
    errors.RoleDoesNotFit: ErrorForm(400, "ADMIN-UAM-400-3", "Invalid Role"),
    errors.ResourceOffline: ErrorForm(400, "ADMIN-UAM-400-4", "Product Not Licensed"),
    errors.UserDeactivated: ErrorForm(400, "ADMIN-UAM-400-2", "User Deactivated"),
    errors.Unauthenticated: ErrorForm(401, "ADMIN-UAM-401-1", "Unauthorized"),
    errors.Forbidden: ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden"),
    errors.ScopeMissing: ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden"),
    errors.GroupIsSynced: ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden"),
    errors.GroupIsDefault: ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden"),
    errors.GroupGrantsAdmin: ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden"),
    errors.GroupIsSystem: ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden"),
    errors.NotFound: ErrorForm(404, "ADMIN-UAM-404-1", "Not Found"),
    errors.OrganizationNotFound: ErrorForm(404, "ADMIN-UAM-404-2", "Organization Not Found"),
    errors.DirectoryNotFound: ErrorForm(404, "ADMIN-UAM-404-1", "Directory Not Found"),
    errors.GroupNotFound: ErrorForm(404, "ADMIN-UAM-404-3", "Group Not Found"),
    errors.UserNotFound: ErrorForm(404, "ADMIN-UAM-404-1", "One or more user not found in the directory"),
    errors.ResourceNotFound: ErrorForm(404, "ADMIN-UAM-404-1", "Not Found"),
    errors.Conflict: ErrorForm(409, "ADMIN-UAM-409-1", "Conflict"),
    errors.NameTaken: ErrorForm(409, "ADMIN-UAM-409-2", "Group Name Taken"),
    errors.AlreadyMember: ErrorForm(409, "ADMIN-UAM-409-1", "Conflict"),
    errors.UserLimitExceeded: ErrorForm(409, "ADMIN-UAM-409-3", "User Limit Exceeded"),
    errors.GroupNotEmpty: ErrorForm(409, "ADMIN-UAM-409-1", "Conflict"),
    errors.TooMuchAtOnce: ErrorForm(409, "ADMIN-UAM-409-1", "Conflict"),
    errors.TooManyRemovals: ErrorForm(409, "ADMIN-UAM-409-1", "Conflict"),
    errors.MethodNotAllowed: ErrorForm(405, "ADMIN-UAM-405-1", "Method Not Allowed"),
    errors.OperationNotServed: ErrorForm(501, "ADMIN-UAM-501-1", "Not Implemented"),
    errors.BodyTooLarge: ErrorForm(413, "ADMIN-UAM-413-1", "Payload Too Large"),
    errors.AddressTooLong: ErrorForm(414, "ADMIN-UAM-414-1", "URI Too Long"),
    errors.HeadTooLarge: ErrorForm(431, "ADMIN-UAM-431-1", "Request Header Fields Too Large"),
    errors.RequestTimedOut: ErrorForm(408, "ADMIN-UAM-408-1", "Request Timeout"),
    errors.UnsupportedMediaType: ErrorForm(415, "ADMIN-UAM-415-1", "Unsupported Media Type"),
    errors.RateLimited: ErrorForm(429, "ADMIN-UAM-429-1", "Too Many Requests"),
    errors.Unavailable: ErrorForm(503, "ADMIN-UAM-503-1", "Service Unavailable"),
}

V2 = Wire("v2", ERRORS, ErrorForm(500, "ADMIN-UAM-500-1", "Internal Server Error"))

DEPRECATED_LISTS = Deprecation(since=1_751_328_000, sunset="Thu, 01 Jul 2027 00:00:00 GMT")
"""The GET lists that have a search as their successor (contract 3)."""
