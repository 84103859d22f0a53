"""The HTTP server: connections and their limits, HTTP/1.1 to ASGI, and the worker processes (ADR 24)."""
