"""Folded texts in the store, beside what they are folds of (contract 8, "Text")."""

from typing import Any

import msgspec

from guildhall.store.statement import Statement, register


class NameFold(msgspec.Struct, frozen=True):
    """A name with its fold; `scope` is the key within which it is unique, where it is."""

    key: int
    id: str
    scope: int
    name: str
    name_key: str


class UserFold(msgspec.Struct, frozen=True):
    """The texts of a user with their folds; `profile` is JSON."""

    key: int
    id: str
    scope: int
    name: str
    email: str
    profile: str
    name_key: str
    nickname_key: str
    email_key: str
    email_fold: str
    email_domain: str


def _select(table: str, key: str, columns: str, row: type[Any]) -> Statement[Any]:
    return register(
        f"SELECT {key}, {columns} FROM {table} WHERE org_key = :org_key AND {key} > :start"
        f" ORDER BY {key} LIMIT :most",
        row,
    )


SELECT_GROUP_FOLDS: Statement[NameFold] = _select(
    "groups", "group_key", "id, directory_key, name, name_key", NameFold
)
SELECT_DIRECTORY_FOLDS: Statement[NameFold] = _select(
    "directories", "directory_key", "id, 0, name, name_key", NameFold
)
SELECT_RESOURCE_FOLDS: Statement[NameFold] = _select(
    "resources", "resource_key", "id, 0, name, name_key", NameFold
)
SELECT_USER_FOLDS: Statement[UserFold] = _select(
    "users",
    "user_key",
    "account_id, 0, name, email, profile, name_key, nickname_key, email_key, email_fold, email_domain",
    UserFold,
)


def _update(table: str, key: str) -> Statement[Any]:
    return register(f"UPDATE {table} SET name_key = :name_key WHERE org_key = :org_key AND {key} = :key")


UPDATE_GROUP_FOLD = _update("groups", "group_key")
UPDATE_DIRECTORY_FOLD = _update("directories", "directory_key")
UPDATE_RESOURCE_FOLD = _update("resources", "resource_key")
UPDATE_USER_FOLD: Statement[Any] = register(
    """
    UPDATE users SET name_key = :name_key, nickname_key = :nickname_key, email_key = :email_key,
                     email_fold = :email_fold, email_domain = :email_domain
    WHERE org_key = :org_key AND user_key = :key
    """
)

SELECT_GROUPS_OF_FOLDS: Statement[NameFold] = register(
    """
    SELECT group_key, id, directory_key, name, name_key FROM groups
    WHERE org_key = :org_key AND directory_key = :scope AND name_key IN (:folds...)
    """,
    NameFold,
)
SELECT_USERS_OF_FOLDS: Statement[NameFold] = register(
    """
    SELECT user_key, account_id, CAST(:scope AS BIGINT), email, email_key FROM users
    WHERE org_key = :org_key AND email_key IN (:folds...)
    """,
    NameFold,
)
