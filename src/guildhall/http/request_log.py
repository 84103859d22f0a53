"""A line of the log for each request: what a client called, and what came of it."""

import logging
import re

from guildhall.http.exchange import Exchange
from guildhall.http.response import Response
from guildhall.model.errors import GuildhallError

_LOG = logging.getLogger("guildhall.requests")
_MOST_PATH = 500
_API_KEY = re.compile("ghk_[0-9A-Za-z_]+")
_FAULT = 500
_REFUSED = 400


class RequestLog:
    """Writes down requests: `all` of them, those that end in `errors`, or `none`.

    Answers of 500 and above are always written, with the cause. A line has the path with its ids, never the
    query, a header or a body: those hold names, addresses and keys.
    """

    def __init__(self, which: str) -> None:
        self._least = {"all": 0, "errors": _REFUSED, "none": _FAULT}[which]

    def note(self, exchange: Exchange, response: Response, seconds: float) -> None:
        """Write the line of a request that was answered after so many seconds."""
        status = response.status
        if status < self._least:
            return
        path = _API_KEY.sub("ghk_…", exchange.path[:_MOST_PATH])
        fields = {
            "request_id": exchange.id,
            "method": exchange.method,
            "path": path,
            "operation": exchange.operation if exchange.match else None,
            "status": status,
            "code": response.error_code,
            "key": exchange.caller.name if exchange.caller.key_id else None,
            "duration_ms": round(seconds * 1_000, 3),
        }
        if status < _FAULT:
            _LOG.info("%s %s %d", exchange.method, path, status, extra=fields)
        elif exchange.failure is None or isinstance(exchange.failure, GuildhallError):
            _LOG.error("%s", exchange.failure or "not ready", extra=fields)
        else:
            _LOG.error("request failed", exc_info=exchange.failure, extra=fields)
