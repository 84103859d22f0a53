"""Events in the store: one clustered key, no further index (design 2.2)."""

from guildhall.store.statement import register

INSERT_EVENT = register(
    """
    INSERT INTO events (org_key, event_key, time, action, actor_id, actor_name, ip, product, message, context)
    VALUES (:org_key,
            (SELECT COALESCE(MAX(e.event_key), 0) + 1 FROM events AS e WHERE e.org_key = :org_key),
            :time, :action, :actor_id, :actor_name, :ip, :product, :message, :context)
    """,
    postgres="""
    INSERT INTO events (org_key, time, action, actor_id, actor_name, ip, product, message, context)
    VALUES (:org_key, :time, :action, :actor_id, :actor_name, :ip, :product, :message, :context)
    """,
)
"""On SQLite the newest event is never pruned, so that its key is never given again."""
