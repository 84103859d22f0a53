"""Pages as version 2 sends them: links are tokens, never URLs (contract 1.4)."""

from guildhall.http.paging import DataBody, ItemLinks, PageBody, page_response

__all__ = ["DataBody", "ItemLinks", "PageBody", "page_response"]
