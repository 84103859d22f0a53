"""Events in the store: one clustered key, and an index that finds what is of a time (ADR 9, ADR 23).

The order of events is that of their keys. SQLite commits one transaction after the other, so the
next number does. PostgreSQL commits in any order: there a key is the id of its transaction and a
number within, so that all keys below the oldest running transaction are known to be final.
"""

from guildhall.model.events import Event
from guildhall.store.statement import register

KEYS_OF_TRANSACTION = 65_536
"""Keys that a transaction has for its events of one organization on PostgreSQL."""

_OFFSET = "(SELECT o.event_offset FROM orgs AS o WHERE o.org_key = :org_key)"

INSERT_EVENT = register(
    """
    INSERT INTO events (org_key, event_key, time, action, actor_id, actor_name, ip, product, message, context)
    VALUES (:org_key,
            (SELECT COALESCE(MAX(e.event_key), 0) + 1 FROM events AS e WHERE e.org_key = :org_key),
            :time, :action, :actor_id, :actor_name, :ip, :product, :message, :context)
    """,
    postgres=f"""
    INSERT INTO events (org_key, event_key, time, action, actor_id, actor_name, ip, product, message, context)
    SELECT :org_key, COALESCE(MAX(e.event_key) + 1, f.first_key),
           :time, :action, :actor_id, :actor_name, :ip, :product, :message, :context
    FROM (SELECT (writing_transaction() + o.event_offset) * {KEYS_OF_TRANSACTION} AS first_key
          FROM orgs AS o WHERE o.org_key = :org_key) AS f
    LEFT JOIN events AS e ON e.org_key = :org_key
     AND e.event_key >= f.first_key AND e.event_key < f.first_key + {KEYS_OF_TRANSACTION}
    GROUP BY f.first_key
    """,
)
"""On SQLite the newest event is never pruned, so that its key is never given again. On PostgreSQL no value
is a subquery, which a distributed table does not take."""

_EVENTS = """
    SELECT event_key, time, action, actor_id, actor_name, ip, product, message, context FROM events
    WHERE org_key = :org_key
"""

_BETWEEN = f"""
    {_EVENTS} AND event_key > :above AND event_key < :below
"""

SELECT_EVENT = register(f"{_EVENTS} AND event_key = :event_key AND time = :time", Event)

SELECT_EVENTS_UPWARD = register(f"{_BETWEEN} ORDER BY event_key LIMIT :most", Event)

SELECT_EVENTS_DOWNWARD = register(f"{_BETWEEN} ORDER BY event_key DESC LIMIT :most", Event)

SELECT_SETTLED_EVENTS_UPWARD = register(
    f"{_BETWEEN} ORDER BY event_key LIMIT :most",
    Event,
    postgres=f"""
    {_BETWEEN} AND event_key < (oldest_transaction() + {_OFFSET}) * {KEYS_OF_TRANSACTION}
    ORDER BY event_key LIMIT :most
    """,
)
"""Nothing can come to stand before an event of this list any more."""

_BETWEEN_TIMES = """
    FROM events WHERE org_key = :org_key AND time >= :since AND time < :until
      AND event_key > :above AND event_key < :below
"""

SELECT_FIRST_KEY_BETWEEN = register(f"SELECT MIN(event_key + 0) {_BETWEEN_TIMES}")
"""The sum keeps the engines from walking in the order of the keys, where the times may be far away."""

SELECT_LAST_KEY_BETWEEN = register(f"SELECT MAX(event_key + 0) {_BETWEEN_TIMES}")

SELECT_NEWEST_KEY = register(
    "SELECT event_key FROM events WHERE org_key = :org_key ORDER BY event_key DESC LIMIT 1"
)

SELECT_EXPIRED_KEYS = register(
    """
    SELECT event_key FROM events WHERE org_key = :org_key AND time < :before
    ORDER BY time, event_key LIMIT :most
    """
)

DELETE_EVENTS = register("DELETE FROM events WHERE org_key = :org_key AND event_key IN (:event_keys...)")
