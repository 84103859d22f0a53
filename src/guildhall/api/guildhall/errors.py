"""How our own operations say each error: in version 2's form and codes (contract 1.6, 6a)."""

from guildhall.http.errors import ErrorForm, Wire
from guildhall.model import errors

_BAD_REQUEST = ErrorForm(400, "ADMIN-UAM-400-1", "Bad Request")
_FORBIDDEN = ErrorForm(403, "ADMIN-UAM-403-1", "Forbidden")
_NOT_FOUND = ErrorForm(404, "ADMIN-UAM-404-1", "Not Found")
_CONFLICT = ErrorForm(409, "ADMIN-UAM-409-1", "Conflict")

ERRORS = {
    errors.InvalidInput: _BAD_REQUEST,
    errors.Misplaced: _BAD_REQUEST,
    errors.InvalidCursor: _BAD_REQUEST,
    errors.InvalidResourceId: _BAD_REQUEST,
    errors.MissingResourceId: ErrorForm(400, "ADMIN-UAM-400-5", "Resource Id Missing"),
    errors.RoleDoesNotFit: ErrorForm(400, "ADMIN-UAM-400-3", "Invalid Role"),
    errors.ResourceOffline: ErrorForm(400, "ADMIN-UAM-400-4", "Product Not Licensed"),
    errors.UserDeactivated: ErrorForm(400, "ADMIN-UAM-400-2", "User Deactivated"),
    errors.Unauthenticated: ErrorForm(401, "ADMIN-UAM-401-1", "Unauthorized"),
    errors.Forbidden: _FORBIDDEN,
    errors.ScopeMissing: _FORBIDDEN,
    errors.GroupIsSynced: _FORBIDDEN,
    errors.GroupIsDefault: _FORBIDDEN,
    errors.GroupGrantsAdmin: _FORBIDDEN,
    errors.GroupIsSystem: _FORBIDDEN,
    errors.NotFound: _NOT_FOUND,
    errors.OrganizationNotFound: ErrorForm(404, "ADMIN-UAM-404-2", "Organization Not Found"),
    errors.DirectoryNotFound: ErrorForm(404, "ADMIN-UAM-404-1", "Directory Not Found"),
    errors.GroupNotFound: ErrorForm(404, "ADMIN-UAM-404-3", "Group Not Found"),
    errors.UserNotFound: ErrorForm(404, "ADMIN-UAM-404-1", "User Not Found"),
    errors.ResourceNotFound: _NOT_FOUND,
    errors.Conflict: _CONFLICT,
    errors.NameTaken: ErrorForm(409, "ADMIN-UAM-409-2", "Name Taken"),
    errors.AlreadyMember: _CONFLICT,
    errors.UserLimitExceeded: ErrorForm(409, "ADMIN-UAM-409-3", "User Limit Exceeded"),
    errors.GroupNotEmpty: _CONFLICT,
    errors.TooMuchAtOnce: _CONFLICT,
    errors.TooManyRemovals: _CONFLICT,
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

GUILDHALL = Wire("guildhall", ERRORS, ErrorForm(500, "ADMIN-UAM-500-1", "Internal Server Error"), strict=True)
