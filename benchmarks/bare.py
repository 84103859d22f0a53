"""The floor of the HTTP server: the product's own, with an application that sends prepared answers.

`python -m benchmarks.bare FILE WORKERS`, where FILE holds answers by their paths; `/` followed by a name.
"""

import json
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from guildhall.server.limits import Limits
from guildhall.server.supervisor import Supervisor
from guildhall.server.workers import Address, Lines, run_worker

Answers = dict[str, tuple[int, list[tuple[bytes, bytes]], bytes]]
"""Status, headers and body by path."""


class Application:
    """Sends the answer of the path, whatever was asked."""

    def __init__(self, answers: Answers) -> None:
        self._messages = {
            path: (
                {"type": "http.response.start", "status": status, "headers": headers},
                {"type": "http.response.body", "body": body},
            )
            for path, (status, headers, body) in answers.items()
        }

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request, or say that the application lives."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["method"] in ("POST", "PUT", "PATCH"):
            await receive()
        start, body = self._messages[scope["path"]]
        await send(start)
        await send(body)

    async def start(self) -> None:
        """Begin: the answers are there."""

    async def stop(self) -> None:
        """End: nothing was begun."""


async def _live(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Follow the start and stop of another ASGI server (benchmarks/http_servers.py)."""
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


def read_answers(path: str) -> Answers:
    """Return the answers that a file holds."""
    return msgspec.msgpack.decode(Path(path).read_bytes(), type=Answers)


def main() -> None:
    """Serve on a free port, which is printed as JSON once the server answers."""
    application = Application(read_answers(sys.argv[1]))
    with socket.create_server(("127.0.0.1", 0), backlog=1_024) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        supervisor = Supervisor(partial(_work, listening, application), int(sys.argv[2]))
        supervisor.run(partial(print, json.dumps({"url": address}), flush=True), on_stop=listening.close)


def _work(listening: socket.socket, application: Application, lines: Lines) -> None:
    run_worker(application, [Address(listening, application)], Limits(), lines)


if __name__ == "__main__":
    main()
