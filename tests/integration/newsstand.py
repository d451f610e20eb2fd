"""A web server on loopback with feeds and pages of made-up words; it notes who asked for what."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from samples import prose

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Asked:
    """One request: who (by the first word of the user agent), and for what."""

    who: str
    path: str


@dataclass(frozen=True)
class Answer:
    """What is said to it."""

    status: int = 200
    body: str = ""
    raw: bytes | None = None  # in place of the body
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Newsstand:
    """The server while it runs: a context manager. ``routes`` come before the feeds and pages that it has by itself.

    ``/feed/N`` has the entries ``/page/N-0`` …; ``before`` is called with each request, and may hold it up.
    """

    entries: int = 1
    routes: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    before: Callable[[Asked], None] = lambda _: None

    def __enter__(self) -> Self:
        stand = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.headers.get("User-Agent", "").split("/")[0], self.path)
                stand.asked.append(asked)
                stand.before(asked)
                said = stand.routes.get(self.path) or stand.answer(self.path)
                body = said.body.encode() if said.raw is None else said.raw
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def feed(self, number: int) -> str:
        """Give the address of a feed."""
        return f"{self.url}/feed/{number}"

    def counts(self, kind: str = "/feed/", *, who: str | None = None) -> Counter[str]:
        """Count requests by path."""
        return Counter(each.path for each in list(self.asked) if each.path.startswith(kind) and who in (None, each.who))

    def answer(self, path: str) -> Answer:
        """Answer as a site does that has only these feeds and pages."""
        _, kind, name = path.split("/", 2) if path.count("/") == 2 else ("", "", "")
        if kind == "feed":
            items = "".join(self.item(f"{name}-{each}") for each in range(self.entries))
            return Answer(body=f'<rss version="2.0"><channel><title>Feed {name}</title>{items}</channel></rss>')
        if kind == "page":
            return Answer(body=page(name), headers={"Content-Type": "text/html; charset=utf-8"})
        return Answer(404)

    def item(self, name: str) -> str:
        """Give an entry of a feed."""
        return f"<item><title>Page {name}</title><link>{self.url}/page/{name}</link></item>"


def page(name: str) -> str:
    """Give a page whose text is its own."""
    paragraphs = "".join(f"<p>{prose(hash_of(f'{name} {each}'), 60)}.</p>" for each in range(3))
    article = f"<article><h1>{name}</h1>{paragraphs}</article>"
    return f"<html><head><title>Page {name}</title></head><body>{article}</body></html>"


def hash_of(name: str) -> int:
    """Give a number for a name, the same in every process."""
    return int.from_bytes(name.encode(), "big") % 2**61


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Keep quiet: a client may hang up, or be killed."""
