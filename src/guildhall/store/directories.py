"""Directories in the store."""

from guildhall.model.directories import Directory
from guildhall.store.statement import register

SELECT_DIRECTORY = register(
    """
    SELECT directory_key, id, name, name_key, icon, rank FROM directories
    WHERE org_key = :org_key AND id = :directory_id
    """,
    Directory,
)

SELECT_DEFAULT_DIRECTORY = register(
    """
    SELECT directory_key, id, name, name_key, icon, rank FROM directories
    WHERE org_key = :org_key AND rank = 0
    """,
    Directory,
)

SELECT_DIRECTORY_KEYS = register(
    "SELECT directory_key FROM directories WHERE org_key = :org_key AND id IN (:directory_ids...)"
)

SELECT_DIRECTORY_IDS = register(
    "SELECT id FROM directories WHERE org_key = :org_key ORDER BY rank, name_key, id LIMIT :most"
)

INSERT_DIRECTORY = register(
    """
    INSERT INTO directories (org_key, id, name, name_key, icon, rank)
    VALUES (:org_key, :directory_id, :name, :name_key, :icon, :rank)
    ON CONFLICT DO NOTHING RETURNING directory_key
    """
)
