"""Log lines: JSON objects, or text on a terminal."""

import logging
import traceback
from typing import Any

import msgspec

from guildhall.model.escapes import harmless
from guildhall.model.times import to_text

_OF_REQUEST = ("request_id", "method", "path", "operation", "status", "code", "key", "duration_ms")


class JSONFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message, what is known of the request, and the error."""
        line: dict[str, Any] = {
            "time": to_text(int(record.created * 1_000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _OF_REQUEST if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))
        return msgspec.json.encode(line).decode()


class TextFormatter(logging.Formatter):
    """Writes a record as a line that is read on a terminal, where nothing in it can steer."""

    default_time_format = "%H:%M:%S"
    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the time and what a request came to, or else level and message; the error below."""
        parts = [self.formatTime(record)]
        is_request = hasattr(record, "duration_ms")
        if is_request:
            parts += _request_parts(record)
        if record.levelno > logging.INFO or not is_request:
            parts.append(f"{record.levelname.lower()}: {record.getMessage()}")
        line = harmless("  ".join(parts), terminal=True)
        if record.exc_info and record.exc_info[0]:
            error = "".join(traceback.format_exception(*record.exc_info)).splitlines()
            line = "\n".join([line, *(harmless(said, terminal=True) for said in error)])
        return line


def _request_parts(request: Any) -> list[str]:
    parts = [str(request.status), f"{request.duration_ms:7.1f} ms", f"{request.method:6} {request.path}"]
    parts += [request.code] if request.code else []
    parts += [f"key {request.key}"] if request.key else []
    return [*parts, request.request_id]


def log_configuration(level: str, *, as_text: bool) -> dict[str, Any]:
    """Return the configuration of the standard library's logging, for this process and its workers.

    Which requests are written is a setting of its own, whatever the level.
    """
    kind = "TextFormatter" if as_text else "JSONFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": f"guildhall.http.monitoring.logs.{kind}"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            "guildhall": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "guildhall.requests": {"level": "INFO"},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }
