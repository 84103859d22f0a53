"""The far side: a real HTTP server that plays prepared answers and remembers what it was asked."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ORG = "0e5ee2f6-0d0f-4b7d-8f5e-0d6c9c1c2b11"
DIRECTORY = "6b0c5a5e-7d0a-4c69-9a5b-b0ba8ba1a6a1"


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query)

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None


@dataclass
class Reply:
    """One prepared answer; `cut` closes the connection instead, after having read the request."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


CUT = Reply(cut=True)


def error(status: int, code: str, detail: str = "What was wrong.", **headers: str) -> Reply:
    """An error answer of contract 1.6."""
    item = {"id": "0badcafe", "code": code, "status": str(status), "title": "T", "detail": detail}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"errors": [{**item, "message": detail}]}, named)


def page(items: Sequence[Any], next_link: str | None = None, **more: Any) -> Reply:
    """A page of contract 1.4."""
    return Reply(body={"data": list(items), "links": {"self": "s", "prev": None, "next": next_link}, **more})


def group(name: str, **more: Any) -> dict[str, Any]:
    """A group as the documentation prints it, with a member that no client knows."""
    access = {"deletable": True, "modifiable": True, "readable": True}
    given = {"id": f"id-{name}", "name": name, "directoryId": DIRECTORY, "managementAccess": access, "new": 1}
    return {**given, **more}


class Remote:
    """Plays its replies in order and repeats the last one."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def play(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def next_reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(remote: Remote) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            reply = remote.next_reply(Asked(self.command, self.path, self.headers, content))
            if reply.cut:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"content-length": str(len(reply.content())), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing: the test looks at what was asked."""

    return Handler
