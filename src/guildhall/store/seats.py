"""Seats in the store: of one user, and of all members of a group at once (design 2.2).

Every statement costs what it changes, never the size of the organization.
"""

from guildhall.store.statement import register

HOLD_SEAT = register(
    """
    INSERT INTO seats (org_key, resource_key, user_key, holds)
    VALUES (:org_key, :resource_key, :user_key, :holds)
    ON CONFLICT (org_key, resource_key, user_key) DO UPDATE SET holds = seats.holds + excluded.holds
    RETURNING holds
    """
)

RELEASE_SEAT = register(
    """
    UPDATE seats SET holds = holds - CAST(:holds AS BIGINT)
    WHERE org_key = :org_key AND resource_key = :resource_key AND user_key = :user_key
    RETURNING holds
    """
)

DELETE_SEAT = register(
    "DELETE FROM seats WHERE org_key = :org_key AND resource_key = :resource_key AND user_key = :user_key"
)

TAKE_SEATS = register(
    """
    UPDATE resource_seats SET seats_used = seats_used + CAST(:seats AS BIGINT)
    WHERE org_key = :org_key AND resource_key = :resource_key
      AND (user_limit IS NULL OR seats_used + CAST(:seats AS BIGINT) <= user_limit)
    """
)

FREE_SEATS = register(
    """
    UPDATE resource_seats SET seats_used = seats_used - CAST(:seats AS BIGINT)
    WHERE org_key = :org_key AND resource_key = :resource_key
    """
)

_ACTIVE_MEMBERS = """
    FROM memberships AS m CROSS JOIN directory_users AS u
    WHERE m.org_key = :org_key AND m.group_key = :group_key
      AND u.org_key = :org_key AND u.user_key = m.user_key AND u.directory_key = :directory_key
      AND u.status = 0
"""

HOLD_SEATS_OF_MEMBERS = register(
    f"""
    INSERT INTO seats (org_key, resource_key, user_key, holds)
    SELECT m.org_key, CAST(:resource_key AS BIGINT), m.user_key, 1 {_ACTIVE_MEMBERS}
    ORDER BY m.user_key
    ON CONFLICT (org_key, resource_key, user_key) DO UPDATE SET holds = seats.holds + 1
    """
)
"""In the order of locks, as `LOCK_SEATS_OF_MEMBERS`: two who change the seats of shared members queue up."""

COUNT_NEW_SEATS_OF_MEMBERS = register(
    f"""
    SELECT count(*) {_ACTIVE_MEMBERS}
      AND EXISTS (SELECT 1 FROM seats AS s
                  WHERE s.org_key = :org_key AND s.resource_key = :resource_key
                    AND s.user_key = m.user_key AND s.holds = 1)
    """
)
"""After `HOLD_SEATS_OF_MEMBERS`: it has locked the rows, so that nobody counts a seat twice."""

_SEATS_OF_MEMBERS = f"""
    SELECT count(*) FROM (SELECT s.user_key FROM seats AS s
                          WHERE s.org_key = :org_key AND s.resource_key = :resource_key
                            AND s.user_key IN (SELECT m.user_key {_ACTIVE_MEMBERS})
                          ORDER BY s.user_key {{lock}}) AS locked
"""

LOCK_SEATS_OF_MEMBERS = register(
    _SEATS_OF_MEMBERS.format(lock=""), postgres=_SEATS_OF_MEMBERS.format(lock="FOR UPDATE")
)
"""First, where others write meanwhile: a seat that two release at once must be freed by one of them."""

DELETE_LAST_SEATS_OF_MEMBERS = register(
    f"""
    DELETE FROM seats
    WHERE org_key = :org_key AND resource_key = :resource_key AND holds = 1
      AND user_key IN (SELECT m.user_key {_ACTIVE_MEMBERS})
    """
)
"""Seats held for the group only; before `RELEASE_SEATS_OF_MEMBERS`, which then writes to few rows."""

RELEASE_SEATS_OF_MEMBERS = register(
    f"""
    UPDATE seats SET holds = holds - 1
    WHERE org_key = :org_key AND resource_key = :resource_key
      AND user_key IN (SELECT m.user_key {_ACTIVE_MEMBERS})
    """
)
