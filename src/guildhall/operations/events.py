"""Recording what happened, in the transaction that makes it happen (no event, no change)."""

from collections.abc import Sequence

import msgspec

from guildhall.model.events import EventAction, Subject
from guildhall.model.permissions import Caller
from guildhall.store import events
from guildhall.store.database import Transaction


async def record_event(
    tx: Transaction,
    caller: Caller,
    action: EventAction,
    message: str,
    subjects: Sequence[Subject],
    *,
    product: str | None = None,
) -> None:
    """Write one event; `message` is plain text, `subjects` hold the values as they were."""
    await tx.run(
        events.INSERT_EVENT,
        org_key=caller.org_key,
        time=tx.now,
        action=action,
        actor_id=caller.key_id,
        actor_name=caller.name,
        ip=caller.address,
        product=product,
        message=message,
        context=msgspec.json.encode(subjects).decode(),
    )
