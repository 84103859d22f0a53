"""Rules of workspaces: the resources of the organization but itself (contract 4, 8)."""

from guildhall.model.paging import Page, Window, cut_page
from guildhall.model.permissions import Caller
from guildhall.model.resources import Resource
from guildhall.model.workspaces import WorkspaceView
from guildhall.store.database import Transaction
from guildhall.store.workspaces import select_workspaces


async def list_workspaces(
    tx: Transaction, caller: Caller, view: WorkspaceView, window: Window
) -> Page[Resource]:
    """Return a page of workspaces by name, then by id."""
    rows = await select_workspaces(tx, caller.org_key, view, window)
    return cut_page(rows, window, lambda found: (found.name_key, found.id))
