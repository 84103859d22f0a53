"""The floor of the HTTP server: Granian with an application that sends prepared answers.

`python -m benchmarks.bare FILE WORKERS`, where FILE holds answers by their paths; `/` followed by a name.
"""

import json
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

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
        scope: dict[str, Any],
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


async def _live(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


def main() -> None:
    """Serve on a free port, which is printed as JSON once the server answers."""
    answers = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Answers)
    with socket.socket() as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind(("127.0.0.1", 0))
        port = reservation.getsockname()[1]
        threading.Thread(target=_announce, args=(port,), daemon=True).start()
        # The settings of `guildhall serve`.
        MPServer(
            "bare",
            address="127.0.0.1",
            port=port,
            interface=Interfaces.ASGI,
            workers=int(sys.argv[2]),
            websockets=False,
            log_level=LogLevels.warning,
        ).serve(target_loader=lambda _target: Application(answers))


def _announce(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
                return
        threading.Event().wait(0.01)


if __name__ == "__main__":
    main()
