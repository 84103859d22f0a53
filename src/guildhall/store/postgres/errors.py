"""What an error of PostgreSQL means for the transaction that meets it (ADR 17)."""

import asyncpg

from guildhall.model.errors import Unavailable

CONFLICTS = (
    # Of the class 40: serialization failures and deadlocks, on a replica also a conflict with its recovery.
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    # Two writers passed the same look-up; the one that comes second finds the other on its next try.
    asyncpg.UniqueViolationError,
    # What a writer had looked up was deleted before it referred to it; its next try does not find it.
    asyncpg.ForeignKeyViolationError,
)
"""Nothing was changed, and the same again may well succeed: the transaction is repeated as a whole."""


class TookTooLong(Exception):
    """This side gave up on a statement that the server has no limit for: nothing is known of other links."""


LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.IdleSessionTimeoutError,
    # After a failover the connection may still lead to the server that was the primary one.
    asyncpg.ReadOnlySQLTransactionError,
    # Statements that were prepared before a migration, or that a proxy has lost.
    asyncpg.exceptions.InvalidCachedStatementError,
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.DuplicatePreparedStatementError,
    # "connection is closed" and the like.
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""The connection is of no use any more, and the others may be no better; nothing was committed on it."""

_TROUBLE = (
    *CONFLICTS,
    *LOST,
    TookTooLong,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InternalServerError,
    asyncpg.SnapshotTooOldError,
)
"""What the server's state or its operator is the cause of; everything else is a mistake of ours."""

CONNECTING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What opening a connection may raise."""

_SECONDS_TO_COME_BACK = 1


def is_trouble(error: BaseException) -> bool:
    """Whether the database could not do its work now, as opposed to a mistake of this program."""
    # What the driver cannot encode or does not understand, it calls a ValueError as well.
    return isinstance(error, _TROUBLE) and not isinstance(error, ValueError)


def is_worth_another(error: BaseException) -> bool:
    """Whether the same may succeed at once on a new connection; what took too long would do so again."""
    return isinstance(error, LOST) and not isinstance(error, TimeoutError)


def cannot_connect(error: BaseException) -> Unavailable:
    """The answer to a request that got no connection."""
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return _unavailable("The database takes no more connections now; nothing was changed.")
    return _unavailable("The database cannot be reached now; nothing was changed.")


def without_outcome(error: BaseException) -> Unavailable:
    """The answer to a request whose transaction ended by an error before its commit was sent."""
    if isinstance(error, asyncpg.LockNotAvailableError):
        return _unavailable("Others hold what this request needs for too long; nothing was changed.")
    if isinstance(error, CONFLICTS):
        return _unavailable("Too many requests change the same thing at once; nothing was changed.")
    if isinstance(error, asyncpg.QueryCanceledError | TookTooLong | TimeoutError):
        return _unavailable("The database took too long for this request; nothing was changed.")
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return _unavailable("The database takes no writes now; nothing was changed.")
    if isinstance(error, asyncpg.InsufficientResourcesError):
        return _unavailable("The database is out of memory or space; nothing was changed.")
    return _unavailable("The database cannot do its work now; nothing was changed.")


def unknown_outcome() -> Unavailable:
    """The answer to a request whose commit was sent and not confirmed."""
    return _unavailable(
        "The connection to the database was lost while the request was being committed: whether it was"
        " carried out is not known. Look before you repeat it."
    )


def is_undone(error: BaseException) -> bool:
    """Whether an error of what was sent to be committed says for sure that nothing was.

    It was not sent at all, or the server refused it. What ends the connection may come when the commit was
    done; so may, as an error, what a coordinator has heard of a connection of its own.
    """
    refused = isinstance(error, asyncpg.PostgresError) and error.severity_en == "ERROR"
    told = refused and not isinstance(error, asyncpg.PostgresConnectionError)
    return told or isinstance(error, asyncpg.InterfaceError)


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(detail, _SECONDS_TO_COME_BACK)
