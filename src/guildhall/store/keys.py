"""API keys in the store; of the key itself only its hash."""

from guildhall.model.keys import APIKey
from guildhall.store.listings import Listing
from guildhall.store.statement import register

_KEY = """
    SELECT id, name, hash, scopes, rate_limit, created_at, expires_at, last_used_at FROM api_keys
    WHERE org_key = :org_key
"""

SELECT_KEY_BY_HASH = register(f"{_KEY} AND hash = :hash", APIKey)

SELECT_KEY = register(f"{_KEY} AND id = :key_id", APIKey)

SELECT_EXPIRING_KEYS = register(f"{_KEY} AND expires_at > :now AND expires_at <= :latest", APIKey)

KEYS = Listing(_KEY, ("id",), APIKey)
"""All keys of the organization by id."""

INSERT_KEY = register(
    """
    INSERT INTO api_keys (org_key, id, name, hash, scopes, rate_limit, created_at, expires_at)
    VALUES (:org_key, :key_id, :name, :hash, :scopes, :rate_limit, :created_at, :expires_at)
    ON CONFLICT DO NOTHING
    """
)

DELETE_KEY = register("DELETE FROM api_keys WHERE org_key = :org_key AND id = :key_id")

UPDATE_KEY_USED = register(
    """
    UPDATE api_keys SET last_used_at = :used_at
    WHERE org_key = :org_key AND id = :key_id AND (last_used_at IS NULL OR last_used_at < :used_at)
    """
)
"""Another worker may have stored a later use."""
