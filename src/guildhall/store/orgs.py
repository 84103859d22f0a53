"""Organizations in the store."""

from guildhall.model.orgs import Org
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
