"""Users in the store: accounts, and their memberships of directories."""

from guildhall.model.users import DirectoryUser
from guildhall.store.statement import register

_MEMBER_OF_DIRECTORY = """
    SELECT u.user_key, u.account_id, u.name, u.email, m.status
    FROM users AS u CROSS JOIN directory_users AS m
    WHERE u.org_key = :org_key AND u.account_id = :account_id
      AND m.org_key = :org_key AND m.user_key = u.user_key AND m.directory_key = :directory_key
"""

SELECT_DIRECTORY_USER = register(_MEMBER_OF_DIRECTORY, DirectoryUser)

SELECT_DIRECTORY_USER_TO_JOIN = register(_MEMBER_OF_DIRECTORY, DirectoryUser, lock="FOR SHARE OF m")

SELECT_USER_KEYS = register(
    "SELECT user_key FROM users WHERE org_key = :org_key AND account_id IN (:account_ids...)"
)
