"""Resources in the store, with their user limits and seats in use."""

from guildhall.model.resources import Resource, SeatTotals
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
