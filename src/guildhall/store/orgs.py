"""Organizations in the store."""

from guildhall.model.orgs import Org, OrgRows, OrgSize
from guildhall.store.statement import register

SELECT_ORG = register("SELECT org_key, id, name, secret, created_at FROM orgs WHERE id = :org_id", Org)

SELECT_ORG_BY_KEY = register(
    "SELECT org_key, id, name, secret, created_at FROM orgs WHERE org_key = :org_key", Org
)

SELECT_ORG_TO_FURNISH = register(
    "SELECT org_key, id, name, secret, created_at FROM orgs WHERE org_key = :org_key",
    Org,
    lock="FOR NO KEY UPDATE",
)
"""For changes that concern several directories at once; inserts that refer to the row do not wait."""

SELECT_ORGS = register("SELECT org_key, id, name, secret, created_at FROM orgs ORDER BY id", Org)

INSERT_ORG = register(
    """
    INSERT INTO orgs (id, name, secret, created_at) VALUES (:org_id, :name, :secret, :created_at)
    ON CONFLICT DO NOTHING RETURNING org_key
    """
)

UPDATE_ORG = register("UPDATE orgs SET name = :name WHERE org_key = :org_key")


def _count(*tables: str) -> str:
    """Return the number of rows of an organization in some tables together."""
    return " + ".join(f"(SELECT count(*) FROM {table} WHERE {table}.org_key = :org_key)" for table in tables)


SELECT_ORG_SIZE = register(
    f"""
    SELECT {_count("directories")}, {_count("users")}, {_count("groups")}, {_count("resources")},
           {_count("api_keys")}
    FROM orgs AS o WHERE o.org_key = :org_key
    """,
    OrgSize,
)
"""Counted, not stored: an organization whose deletion was stopped has wrong totals."""

SELECT_ORG_ROWS = register(
    f"""
    SELECT {_count("memberships")}, {_count("role_assignments", "user_roles")}, {_count("events")}
    FROM orgs AS o WHERE o.org_key = :org_key
    """,
    OrgRows,
)
