"""Rules of workspaces: the resources of the organization but itself (contract 4, 8)."""

import msgspec

from guildhall.model.paging import Page, Window
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource
from guildhall.model.workspaces import WorkspaceView
from guildhall.operations.walks import walk_page
from guildhall.store import resources
from guildhall.store.database import Transaction


async def list_workspaces(
    tx: Transaction, caller: Caller, view: WorkspaceView, window: Window
) -> Page[Resource]:
    """Return a page of workspaces by name, then by id."""

    async def read(part: Window) -> list[Resource]:
        backward = part.backward is not view.descending
        turned = msgspec.structs.replace(part, backward=backward)
        return await resources.RESOURCES.page(tx, turned, org_key=caller.org_key)

    return await walk_page(read, window, view.shows, lambda found: (found.name_key, found.id))
