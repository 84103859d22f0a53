"""Users in the store: accounts, and their memberships of directories."""

from guildhall.model.users import DirectoryUser, User
from guildhall.store.listings import Listing
from guildhall.store.statement import register

USER_COLUMNS = """
    u.user_key, u.account_id, u.name, u.name_key, u.email, u.email_key, u.claim_status, u.mfa_enabled,
    u.closed, u.profile
"""
"""The columns of `User`, of users u."""

_USER = f"SELECT {USER_COLUMNS} FROM users AS u WHERE u.org_key = :org_key"

SELECT_USER = register(f"{_USER} AND u.account_id = :account_id", User)

SELECT_USER_TO_CHANGE = register(
    f"{_USER} AND u.account_id = :account_id", User, lock="FOR NO KEY UPDATE OF u"
)

SELECT_USER_BY_EMAIL = register(f"{_USER} AND u.email_key = :email_key", User)

USERS = Listing(_USER, ("u.account_id",), User)
"""All accounts of the organization by id."""

SELECT_USER_TO_JOIN = register(
    """
    SELECT u.user_key, u.account_id, u.name, u.email, m.status
    FROM groups AS g CROSS JOIN users AS u CROSS JOIN directory_users AS m
    WHERE g.org_key = :org_key AND g.id = :group_id AND u.org_key = :org_key AND u.account_id = :account_id
      AND m.org_key = :org_key AND m.user_key = u.user_key AND m.directory_key = g.directory_key
    """,
    DirectoryUser,
    lock="FOR SHARE OF m, g",
)
"""A user in the directory of a group that the user is about to join or to leave; both stand still.

What else there is of the group is read in a statement behind this one, so that it is what the lock's last
holder left.
"""

SELECT_USER_KEYS = register(
    "SELECT user_key FROM users WHERE org_key = :org_key AND account_id IN (:account_ids...)"
)

_INSERT_USER = """
    INSERT INTO users (org_key, account_id, name, name_key, nickname_key, email, email_key, email_fold,
                       email_domain, claim_status, mfa_enabled, closed, profile)
    VALUES (:org_key, :account_id, :name, :name_key, :nickname_key, :email, :email_key, :email_fold,
            :email_domain, :claim_status, :mfa_enabled, :closed, :profile)
"""

INSERT_USER = register(f"{_INSERT_USER} RETURNING user_key")
"""Whoever inserts has looked first; a transaction that another one overtook is repeated as a whole."""

INSERT_USERS = register(_INSERT_USER)
"""The same for many at once, whose keys are read afterwards."""

UPDATE_USER = register(
    """
    UPDATE users SET name = :name, name_key = :name_key, nickname_key = :nickname_key, email = :email,
                     email_key = :email_key, email_fold = :email_fold, email_domain = :email_domain,
                     claim_status = :claim_status, mfa_enabled = :mfa_enabled, closed = :closed,
                     profile = :profile
    WHERE org_key = :org_key AND user_key = :user_key
    """
)
