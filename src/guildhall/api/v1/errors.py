"""How version 1 says each error (contract 1.6)."""

from guildhall.http.errors import ErrorForm, Wire
from guildhall.http.routing import Deprecation
from guildhall.model import errors

ERRORS = {
    errors.InvalidInput: ErrorForm(400, "ADMIN-400-24", "Bad Request"),
    errors.Misplaced: ErrorForm(400, "ADMIN-400-24", "Bad Request"),
    errors.InvalidCursor: ErrorForm(400, "ADMIN-400-1", "Invalid Cursor"),
    errors.InvalidResourceId: ErrorForm(400, "ADMIN-400-4", "Invalid Resource"),
    errors.MissingResourceId: ErrorForm(400, "ADMIN-400-4", "Invalid Resource"),
    errors.RoleDoesNotFit: ErrorForm(400, "ADMIN-400-4", "Invalid Role"),
    errors.ResourceOffline: ErrorForm(400, "ADMIN-400-4", "Product Not Licensed"),
    errors.UserDeactivated: ErrorForm(400, "ADMIN-400-24", "User Deactivated"),
    errors.Unauthenticated: ErrorForm(401, "ADMIN-401-1", "Unauthorized"),
    errors.Forbidden: ErrorForm(403, "ADMIN-403-1", "Forbidden"),
    errors.ScopeMissing: ErrorForm(401, "ADMIN-401-2", "INSUFFICIENT_SCOPE"),
    errors.GroupIsSynced: ErrorForm(403, "ADMIN-403-5", "Group Is Synced"),
    errors.GroupIsDefault: ErrorForm(403, "ADMIN-403-6", "Group Is Default"),
    errors.GroupGrantsAdmin: ErrorForm(403, "ADMIN-403-7", "Group Grants Admin Access"),
    errors.GroupIsSystem: ErrorForm(403, "ADMIN-403-1", "Forbidden"),
    errors.NotFound: ErrorForm(404, "ADMIN-404-1", "Not Found"),
    errors.OrganizationNotFound: ErrorForm(404, "ADMIN-404-2", "Organization Not Found"),
    errors.DirectoryNotFound: ErrorForm(404, "ADMIN-404-1", "Directory Not Found"),
    errors.GroupNotFound: ErrorForm(404, "ADMIN-404-10", "Group Not Found"),
    errors.UserNotFound: ErrorForm(404, "ADMIN-404-8", "User Not Found"),
    errors.ResourceNotFound: ErrorForm(404, "ADMIN-404-1", "Not Found"),
    errors.Conflict: ErrorForm(409, "ADMIN-409-1", "Conflict"),
    errors.NameTaken: ErrorForm(409, "ADMIN-409-28", "Group Name Taken"),
    errors.AlreadyMember: ErrorForm(409, "ADMIN-409-28", "Already A Member"),
    errors.UserLimitExceeded: ErrorForm(409, "ADMIN-409-3", "User Limit Exceeded"),
    errors.GroupNotEmpty: ErrorForm(409, "ADMIN-409-5", "Group Not Empty"),
    errors.TooMuchAtOnce: ErrorForm(409, "ADMIN-409-1", "Conflict"),
    errors.TooManyRemovals: ErrorForm(409, "ADMIN-409-1", "Conflict"),
    errors.MethodNotAllowed: ErrorForm(405, "ADMIN-405-1", "Method Not Allowed"),
    errors.OperationNotServed: ErrorForm(501, "ADMIN-501-1", "Not Implemented"),
    errors.BodyTooLarge: ErrorForm(413, "ADMIN-413-1", "Payload Too Large"),
    errors.AddressTooLong: ErrorForm(414, "ADMIN-414-1", "URI Too Long"),
    errors.HeadTooLarge: ErrorForm(431, "ADMIN-431-1", "Request Header Fields Too Large"),
    errors.RequestTimedOut: ErrorForm(408, "ADMIN-408-1", "Request Timeout"),
    errors.UnsupportedMediaType: ErrorForm(415, "ADMIN-415-1", "Unsupported Media Type"),
    errors.RateLimited: ErrorForm(429, "ADMIN-429-1", "Too Many Requests"),
    errors.Unavailable: ErrorForm(503, "ADMIN-503-1", "Service Unavailable"),
}

V1 = Wire("v1", ERRORS, ErrorForm(500, "ADMIN-500-1", "Internal Server Error"))

DEPRECATED = Deprecation(since=1_751_328_000, sunset="Wed, 01 Jul 2026 00:00:00 GMT")
"""The operations of version 1 that version 2 replaces (contract 3)."""
