"""Directories in the store."""

from guildhall.model.directories import Directory
from guildhall.store.listings import Listing
from guildhall.store.statement import register

DIRECTORY_COLUMNS = "d.directory_key, d.id, d.name, d.name_key, d.icon, d.rank"
"""The columns of `Directory`, of directories d."""

KEY_BY_ID = (
    "(SELECT n.directory_key FROM directories AS n WHERE n.org_key = :org_key AND n.id = :directory_id)"
)
"""The key of the directory with an id, as a value within a statement; NULL, which equals nothing, of none."""

_DIRECTORY = f"SELECT {DIRECTORY_COLUMNS} FROM directories AS d WHERE d.org_key = :org_key"

SELECT_DIRECTORY = register(f"{_DIRECTORY} AND d.id = :directory_id", Directory)

SELECT_DIRECTORY_BY_KEY = register(f"{_DIRECTORY} AND d.directory_key = :directory_key", Directory)

SELECT_DIRECTORY_TO_CHANGE = register(
    f"{_DIRECTORY} AND d.id = :directory_id", Directory, lock="FOR UPDATE OF d"
)

SELECT_DEFAULT_DIRECTORY = register(f"{_DIRECTORY} AND d.rank = 0", Directory)

DIRECTORIES = Listing(_DIRECTORY, ("d.rank", "d.name_key", "d.id"), Directory)
"""All directories, the default one first, the others by name."""

SELECT_DIRECTORY_KEYS = register(
    "SELECT directory_key FROM directories WHERE org_key = :org_key AND id IN (:directory_ids...)"
)

SELECT_ALL_DIRECTORY_KEYS = register("SELECT directory_key FROM directories WHERE org_key = :org_key")

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

UPDATE_DIRECTORY = register(
    """
    UPDATE directories SET name = :name, name_key = :name_key, icon = :icon, rank = :rank
    WHERE org_key = :org_key AND directory_key = :directory_key
    """
)

DEMOTE_DEFAULT_DIRECTORY = register("UPDATE directories SET rank = 1 WHERE org_key = :org_key AND rank = 0")

SELECT_DIRECTORY_IS_USED = register(
    """
    SELECT 1 FROM directories AS d
    WHERE d.org_key = :org_key AND d.directory_key = :directory_key
      AND (EXISTS (SELECT 1 FROM directory_users AS u
                   WHERE u.org_key = :org_key AND u.directory_key = :directory_key)
           OR EXISTS (SELECT 1 FROM groups AS g
                      WHERE g.org_key = :org_key AND g.directory_key = :directory_key))
    """
)

_OF_DIRECTORY = "WHERE org_key = :org_key AND directory_key = :directory_key"

DELETE_GROUP_TOTALS = register(f"DELETE FROM group_totals {_OF_DIRECTORY}")

DELETE_USER_TOTALS = register(f"DELETE FROM user_totals {_OF_DIRECTORY}")

DELETE_ROLE_TOTALS = register(f"DELETE FROM role_totals {_OF_DIRECTORY}")

DELETE_DIRECTORY = register(f"DELETE FROM directories {_OF_DIRECTORY}")
