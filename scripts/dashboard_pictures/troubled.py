"""Feeds on loopback in every state that a feed can be in, and entries that are rejected for many reasons."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from dashboard_pictures.stories import prose

HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"
SILENT_DAYS = (14, 26)  # how long ago the silent feed brought something: every day, and then no more


@dataclass
class Troubled:
    """The server while it runs: a context manager. ``now`` is the day on which its feeds are as they are."""

    now: datetime
    _server: ThreadingHTTPServer = field(init=False, repr=False)

    def __enter__(self) -> Self:
        """Listen on a free port of an address of its own."""
        troubled = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, kind, body, location = troubled.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def feeds(self) -> list[str]:
        """The addresses of the feeds."""
        names = ("well", "silent", "empty", "gone", "broken", "moved", "mixed")
        return [f"{self.url}/{name}.xml" for name in names]

    def answer(self, path: str) -> tuple[int, str, bytes, str | None]:
        """Give status, content type, body and where else it is."""
        fixed: dict[str, tuple[int, str, str, str | None]] = {
            "/robots.txt": (200, "text/plain", "User-agent: *\nDisallow: /kept-out/\n", None),
            "/well.xml": (200, RSS, self._rss("Lock news", [self._whole("well", day) for day in range(6)]), None),
            "/silent.xml": (
                200,
                RSS,
                self._rss("Quay diary", [self._whole("silent", day) for day in range(*SILENT_DAYS)]),
                None,
            ),
            "/empty.xml": (200, RSS, self._rss("Empty basin", []), None),
            "/gone.xml": (410, HTML, "gone", None),
            "/broken.xml": (500, HTML, "broken", None),
            "/moved.xml": (301, HTML, "", "/home.xml"),
            "/home.xml": (200, RSS, self._rss("Moved tide", [self._whole("moved", day) for day in range(2)]), None),
            "/mixed.xml": (200, RSS, self._rss("Mixed cargo", self._mixed()), None),
            "/loop/1": (302, HTML, "", "/loop/2"),
            "/loop/2": (302, HTML, "", "/loop/1"),
            "/paper.pdf": (200, "application/pdf", "%PDF-1.4", None),
            "/thin": (200, HTML, "<html><title>Thin</title><body><nav>Home</nav></body></html>", None),
            "/wall": (
                200,
                HTML,
                "<html><title>Just a moment...</title><body>Checking your browser</body></html>",
                None,
            ),
        }
        status, kind, body, location = fixed.get(path) or self._page(path)
        return status, kind, body.encode(), location

    def _page(self, path: str) -> tuple[int, str, str, str | None]:
        if not path.startswith("/page/"):
            return 404, HTML, "not here", None
        text = prose(path, 120)
        return (
            200,
            HTML,
            f"<html lang='en'><title>{path}</title><body><article><p>{text}</p></article></body></html>",
            None,
        )

    def _rss(self, title: str, items: list[str]) -> str:
        return f'<rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'

    def _whole(self, name: str, day: int) -> str:
        text = prose(f"{name} {day}", 120)
        at = self.now - timedelta(days=day, hours=1)
        return self._item(f"/page/{name}-{day}", f"{name.title()} {day}", at, text)

    def _item(self, path: str, title: str, at: datetime, text: str = "") -> str:
        said = f"<description>{text}</description>" if text else ""
        return (
            f"<item><title>{title}</title><link>{self.url}{path}</link>"
            f"<pubDate>{format_datetime(at)}</pubDate>{said}</item>"
        )

    def _mixed(self) -> list[str]:
        paths = ("/missing/1", "/missing/2", "/kept-out/1", "/loop/1", "/paper.pdf", "/thin", "/wall", "/page/cargo")
        return [
            self._item(path, path.strip("/").replace("/", " "), self.now - timedelta(hours=number))
            for number, path in enumerate((*paths, "/missing/1"), 1)
        ]
