"""Memberships in the store."""

from guildhall.model.groups import GroupType
from guildhall.model.memberships import Joined, JoinedTogether, Joining, Member
from guildhall.model.users import UserStatus
from guildhall.store.events import FIRST_KEY, INSERTED_EVENT
from guildhall.store.groups import GROUP_COLUMNS
from guildhall.store.statement import Statement, register

_TO_JOIN = f"SELECT {GROUP_COLUMNS}, u.user_key, u.account_id, u.name, u.email, m.status"
_JOINING = """
    groups AS g CROSS JOIN users AS u CROSS JOIN directory_users AS m
    CROSS JOIN directories AS d CROSS JOIN group_counts AS c
    WHERE g.org_key = :org_key AND u.org_key = :org_key
      AND m.org_key = :org_key AND m.user_key = u.user_key AND m.directory_key = g.directory_key
      AND d.org_key = :org_key AND d.directory_key = g.directory_key
      AND c.org_key = :org_key AND c.group_key = g.group_key
"""


def _unnest(**types: str) -> str:
    """Return rows of lists. Were their lengths not hidden, each would seem to be worth a plan of its own."""
    lists = ", ".join(f"(SELECT CAST(:{name}s... AS {kind}[]))" for name, kind in types.items())
    return f"unnest({lists}) AS a ({', '.join(types)})"


_SELECT_SEVERAL_TO_JOIN = Statement(
    f"""
    {_TO_JOIN}
    FROM {_unnest(group_id="TEXT", account_id="TEXT")} CROSS JOIN {_JOINING}
      AND g.id = a.group_id AND u.account_id = a.account_id
    """,
    Joining,
)

SELECT_TO_JOIN = register(
    f"{_TO_JOIN} FROM {_JOINING} AND g.id = :group_id AND u.account_id = :account_id",
    Joining,
    lock="FOR SHARE OF m, g",
    several=_SELECT_SEVERAL_TO_JOIN,
    found_by=("id", "account_id"),
)
"""A user and a group that stand still from now on; what is counted may be older than the lock. Several of
them, on PostgreSQL, do not: `JOIN_SEVERAL` looks whether they did."""

JOIN = Statement(
    f"""
    WITH added AS (
        INSERT INTO memberships (org_key, group_key, user_key, added_at)
        VALUES (:org_key, :group_key, :user_key, :added_at)
        ON CONFLICT DO NOTHING RETURNING group_key
    ), recorded AS (
        {INSERTED_EVENT} HAVING EXISTS (SELECT 1 FROM added)
    )
    SELECT CAST((SELECT count(*) FROM added) AS BIGINT), c.resources
    FROM group_counts AS c WHERE c.org_key = :org_key AND c.group_key = :group_key
    """,
    Joined,
)
"""A member with its event, in one round trip to PostgreSQL (ADR 17); its count follows with the commit."""

_ADDITION = {
    "group_key": "BIGINT",
    "group_name": "TEXT",
    "user_key": "BIGINT",
    "user_name": "TEXT",
    "email": "TEXT",
    "time": "BIGINT",
    "actor_id": "TEXT",
    "actor_name": "TEXT",
    "ip": "TEXT",
    "message": "TEXT",
    "context": "TEXT",
}
"""What is said of each addition to `JOIN_SEVERAL`, in lists of these names in the plural."""

MOST_MS_WAITED = 250
"""So long, at most, several additions wait for what somebody else needs for one of them, as a count."""

JOIN_SEVERAL = Statement(
    f"""
    WITH asked AS (
        SELECT a.* FROM {_unnest(**_ADDITION)}
        CROSS JOIN (SELECT set_config('lock_timeout', '{MOST_MS_WAITED}', TRUE)) AS limited
    ), held AS (
        SELECT a.*
        FROM asked AS a CROSS JOIN groups AS g CROSS JOIN users AS u CROSS JOIN directory_users AS m
        WHERE g.org_key = :org_key AND g.group_key = a.group_key AND g.name = a.group_name
          AND g.type = {GroupType.GROUP:d} AND g.synced = 0 AND g.grants_admin = 0
          AND u.org_key = :org_key AND u.user_key = a.user_key AND u.name = a.user_name AND u.email = a.email
          AND m.org_key = :org_key AND m.user_key = a.user_key AND m.directory_key = g.directory_key
          AND m.status = {UserStatus.ACTIVE:d}
        FOR SHARE OF m, g SKIP LOCKED
    ), added AS (
        INSERT INTO memberships (org_key, group_key, user_key, added_at)
        SELECT :org_key, h.group_key, h.user_key, h.time FROM held AS h ORDER BY h.group_key, h.user_key
        ON CONFLICT DO NOTHING RETURNING group_key, user_key
    ), recorded AS (
        INSERT INTO events
            (org_key, event_key, time, action, actor_id, actor_name, ip, product, message, context)
        SELECT :org_key, f.first_key + row_number() OVER (ORDER BY h.time, h.group_key, h.user_key) - 1,
               h.time, :action, h.actor_id, h.actor_name, h.ip, :product, h.message, h.context
        FROM ({FIRST_KEY}) AS f CROSS JOIN added AS n CROSS JOIN held AS h
        WHERE h.group_key = n.group_key AND h.user_key = n.user_key
    ), counted AS (
        UPDATE group_counts AS c SET users = CASE WHEN c.resources = 0 THEN c.users + t.added END
        FROM (SELECT x.group_key, n.added
              FROM (SELECT group_key, count(*) AS added FROM added GROUP BY group_key) AS n
              CROSS JOIN group_counts AS x WHERE x.org_key = :org_key AND x.group_key = n.group_key
              ORDER BY x.group_key FOR NO KEY UPDATE OF x) AS t
        WHERE c.org_key = :org_key AND c.group_key = t.group_key
    )
    SELECT h.group_key, h.user_key, n.user_key IS NOT NULL FROM held AS h
    LEFT JOIN added AS n ON n.group_key = h.group_key AND n.user_key = h.user_key
    """,
    JoinedTogether,
)
"""Members of groups that give nothing, all that follows included, in one statement for PostgreSQL (ADR 17).

Only those come in of whom nothing has changed since it was read, and whom nobody else holds. A group that was
given a role since then gets no count, which its column refuses: then nothing is stored at all."""

INSERT_MEMBERSHIP = register(
    """
    INSERT INTO memberships (org_key, group_key, user_key, added_at)
    VALUES (:org_key, :group_key, :user_key, :added_at)
    ON CONFLICT DO NOTHING
    """
)

DELETE_MEMBERSHIP = register(
    "DELETE FROM memberships WHERE org_key = :org_key AND group_key = :group_key AND user_key = :user_key"
)

DELETE_MEMBERSHIPS = register("DELETE FROM memberships WHERE org_key = :org_key AND group_key = :group_key")

_MEMBERS = """
    SELECT u.user_key, u.account_id, u.name, u.email, s.status, m.added_at
    FROM memberships AS m CROSS JOIN users AS u CROSS JOIN directory_users AS s
    WHERE m.org_key = :org_key AND m.group_key = :group_key
      AND u.org_key = :org_key AND u.user_key = m.user_key
      AND s.org_key = :org_key AND s.user_key = m.user_key AND s.directory_key = :directory_key
"""

SELECT_MEMBERS = register(
    f"{_MEMBERS} AND m.user_key > :start ORDER BY m.user_key LIMIT :most",
    Member,
)

SELECT_MEMBERS_BACKWARD = register(
    f"{_MEMBERS} AND m.user_key < :start ORDER BY m.user_key DESC LIMIT :most",
    Member,
)
