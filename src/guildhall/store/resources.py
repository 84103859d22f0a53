"""Resources in the store, with their user limits and seats in use."""

from guildhall.model.resources import Resource, SeatTotals
from guildhall.store.listings import Listing
from guildhall.store.statement import register

RESOURCE_COLUMNS = """
    r.resource_key, r.id, r.owner, r.name, r.name_key, r.type, r.status, s.user_limit, r.host_url,
    r.created_at, r.updated_at, s.seats_used
"""
"""The columns of `Resource`, of resources r and resource_seats s."""

RESOURCE_PARTS = """
    CROSS JOIN resource_seats AS s
    WHERE r.org_key = :org_key AND s.org_key = :org_key AND s.resource_key = r.resource_key
"""
"""What `RESOURCE_COLUMNS` needs beside `FROM resources AS r`; more conditions can follow."""

SELECT_RESOURCE = register(
    f"SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS} AND r.id = :resource_id",
    Resource,
)

SELECT_RESOURCES_BY_ID = register(
    f"SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS} AND r.id IN (:resource_ids...)",
    Resource,
)

SELECT_RESOURCE_BY_KEY = register(
    f"SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS} AND r.resource_key = :resource_key",
    Resource,
)

SELECT_SEAT_TOTALS = register(
    """
    SELECT CAST(COALESCE(SUM(seats_used), 0) AS BIGINT),
           CAST(COALESCE(SUM(CASE WHEN seats_used >= user_limit THEN 1 ELSE 0 END), 0) AS BIGINT)
    FROM resource_seats
    """,
    SeatTotals,
)
"""Of all organizations together, for the metrics."""

SELECT_RESOURCE_KEYS = register(
    "SELECT resource_key FROM resources WHERE org_key = :org_key AND id IN (:resource_ids...)"
)

_RESOURCE = f"SELECT {RESOURCE_COLUMNS} FROM resources AS r {RESOURCE_PARTS}"

LOCK_RESOURCE_TO_CHANGE = register(
    "SELECT resource_key FROM resources WHERE org_key = :org_key AND id = :resource_id", lock="FOR UPDATE"
)
"""What is read in the statements behind it is what the lock's last holder left, the limit included."""

RESOURCES = Listing(_RESOURCE, ("r.name_key", "r.id"), Resource)
"""All resources by name, then by id."""

INSERT_RESOURCE = register(
    """
    INSERT INTO resources (org_key, id, owner, name, name_key, type, status, host_url, created_at, updated_at)
    VALUES (:org_key, :resource_id, :owner, :name, :name_key, :type, :status, :host_url, :created_at,
            :created_at)
    RETURNING resource_key
    """
)
"""Whoever inserts has looked first; a transaction that another one overtook is repeated as a whole."""

INSERT_RESOURCE_SEATS = register(
    """
    INSERT INTO resource_seats (org_key, resource_key, user_limit, seats_used)
    VALUES (:org_key, :resource_key, :user_limit, 0)
    """
)

UPDATE_RESOURCE = register(
    """
    UPDATE resources SET name = :name, name_key = :name_key, type = :type, status = :status,
                         host_url = :host_url, updated_at = :updated_at
    WHERE org_key = :org_key AND resource_key = :resource_key
    """
)

UPDATE_USER_LIMIT = register(
    """
    UPDATE resource_seats SET user_limit = :user_limit
    WHERE org_key = :org_key AND resource_key = :resource_key
    """
)

SELECT_RESOURCE_IS_USED = register(
    """
    SELECT 1 FROM resources AS r
    WHERE r.org_key = :org_key AND r.resource_key = :resource_key
      AND (EXISTS (SELECT 1 FROM role_assignments AS a
                   WHERE a.org_key = :org_key AND a.resource_key = :resource_key)
           OR EXISTS (SELECT 1 FROM user_roles AS u
                      WHERE u.org_key = :org_key AND u.resource_key = :resource_key))
    """
)

DELETE_RESOURCE_SEATS = register(
    "DELETE FROM resource_seats WHERE org_key = :org_key AND resource_key = :resource_key"
)

DELETE_RESOURCE = register("DELETE FROM resources WHERE org_key = :org_key AND resource_key = :resource_key")
