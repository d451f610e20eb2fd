"""Serve the small news world from loopback, each publisher on an address of its own, so that they count as different.

Linux answers on all of 127.0.0.0/8. Elsewhere (macOS) only the names below are there: the first three publishers keep a
host of their own and the rest share one, on other ports.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from demo_site import feeds, pages
from demo_site.content import HERE, SOURCES, Article, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from email.message import Message
    from types import TracebackType

LOOPBACKS = tuple(f"127.0.0.{number}" for number in range(2, 2 + len(SOURCES)))
FEW_LOOPBACKS = ("127.0.0.1", "localhost", "[::1]", "127.0.0.1", "127.0.0.1", "127.0.0.1")
RELATED_LINKS = 4


class PortTakenError(Exception):
    """Something else listens on the port that was asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is said to one request."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    modified: datetime | None = None
    location: str | None = None

    @property
    def etag(self) -> str:
        """Name the body by its content."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


NOT_FOUND = Answer(status=HTTPStatus.NOT_FOUND, body=b"<!doctype html><title>404</title><h1>Not found</h1>")


def expected() -> dict[str, Any]:
    """Read what an index should say of this world: pairs, counts, reasons. Articles are named by ``source/slug``."""
    table: dict[str, Any] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
    return table


def answer(source: str, path: str, articles: Mapping[str, Article], bases: Mapping[str, str]) -> Answer:
    """Answer a GET for ``path`` on the host of ``source``; ``articles`` are those published so far, by key."""
    publisher = pages.PUBLISHER[source]
    home = bases[source]
    own = feeds.newest_first(each for each in articles.values() if each.source == source)
    atom = publisher.form == "atom"
    fixed: dict[str, Callable[[], Answer]] = {
        publisher.feed: lambda: _answer(
            (feeds.atom if atom else feeds.rss)(publisher, own, home=home),
            own,
            f"application/{'atom' if atom else 'rss'}+xml; charset=utf-8",
        ),
        feeds.JSON_FEED[1]: lambda: _answer(
            feeds.json_feed(publisher, own[:3], home=home), own, "application/feed+json"
        ),
        "/feeds.opml": lambda: _answer(feeds.opml(bases), (), "text/x-opml; charset=utf-8"),
        "/": lambda: _answer(pages.front(publisher, home=home, articles=own), own),
        "/wire/newsletter": lambda: _answer(pages.front(publisher, home=home, articles=own), own),
        "/lab/empty.xml": lambda: Answer(content_type="application/atom+xml"),
    }
    if path in fixed:
        return fixed[path]()
    article = articles.get(f"{source}/{path.removesuffix('.html').rpartition('/')[2]}")
    if article and path == f"/{source}/go/{article.slug}":
        return Answer(status=HTTPStatus.MOVED_PERMANENTLY, location=home + article.path)
    if article and path == article.path and article.page != "missing":
        others = [each for each in own if each is not article][:RELATED_LINKS]
        return _answer(pages.page(article, bases=bases, others=others), (article,))
    return NOT_FOUND


def _answer(body: str, articles: Iterable[Article], content_type: str = "text/html; charset=utf-8") -> Answer:
    dates = [each.updated or each.published for each in articles if each.slug != "far-future"]
    modified = max((each for each in dates if each is not None), default=None)
    return Answer(body=body.encode(), content_type=content_type, modified=modified)


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered."""

    url: str
    status: int


@dataclass(kw_only=True)
class Site:
    """The news world while it is served: a context manager.

    ``port`` 0 takes free ports; any other number makes the URLs, and so the ids of the articles, the same every time.
    ``requests`` grows with each request.
    """

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    _servers: list[ThreadingHTTPServer] = field(default_factory=list, repr=False)
    _bases: dict[str, str] = field(default_factory=dict, repr=False)

    def __enter__(self) -> Self:
        """Start listening; raises PortTakenError."""
        everything, self._edits = load()
        self._held = {key: each for key, each in everything.items() if each.held}
        self._articles = {key: each for key, each in everything.items() if not each.held}
        hosts = LOOPBACKS if _has_all_loopbacks() else FEW_LOOPBACKS
        try:
            for place, (source, host) in enumerate(zip(SOURCES, hosts, strict=True)):
                port = self.port + hosts[:place].count(host) if self.port else 0
                server = _listen(self, source.key, host, port)
                self._servers.append(server)
                self._bases[source.key] = f"http://{host}:{server.server_address[1]}"
        except OSError as error:
            self._close()
            raise PortTakenError(f"port {port} on {host} cannot be used: {error.strerror}") from error
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        for server in self._servers:
            server.shutdown()
        self._close()

    def _close(self) -> None:
        for server in self._servers:
            server.server_close()
        self._servers.clear()

    @property
    def opml_url(self) -> str:
        """Where the list of all feeds is."""
        return f"{self._bases[SOURCES[0].key]}/feeds.opml"

    @property
    def keys(self) -> dict[str, str]:
        """Map the URL of each published article's page to its key."""
        return {self.url(key): key for key in self._articles}

    def url(self, key: str) -> str:
        """Give the URL of an article's page."""
        article = self._articles.get(key) or self._held[key]
        return self._bases[article.source] + article.path

    def feed(self, source: str) -> str:
        """Give the URL of a publisher's feed."""
        return self._bases[source] + pages.PUBLISHER[source].feed

    def base(self, source: str) -> str:
        """Give the start of a publisher's URLs, without a slash at the end."""
        return self._bases[source]

    def opml(self) -> str:
        """Give the list of all feeds, as it is served at ``opml_url``."""
        return feeds.opml(self._bases)

    def edit(self, key: str) -> None:
        """Let the publisher of an article replace it by its second version, at the same URL."""
        self._articles = {**self._articles, key: self._edits[key]}

    def release(self, key: str) -> None:
        """Publish an article that was held back, with the (older) date that stands in it."""
        self._articles = {**self._articles, key: self._held[key]}

    def answer(self, source: str, path: str) -> Answer:
        """Answer a request as the world stands now."""
        return answer(source, urlsplit(path).path, self._articles, self._bases)


def _is_fresh(said: Answer, headers: Message) -> bool:
    """Tell whether a conditional request already has what would be said; an entity tag decides alone where given."""
    if tags := headers.get("If-None-Match"):
        return said.etag in tags
    since = headers.get("If-Modified-Since")
    if not since or not said.modified:
        return False
    try:
        return said.modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _has_all_loopbacks() -> bool:
    try:
        with socket.socket() as probe:
            probe.bind((LOOPBACKS[-1], 0))
    except OSError:
        return False
    return True


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Keep quiet: a client may hang up when it has seen enough."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _listen(site: Site, source: str, host: str, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_GET(self) -> None:
            said = site.answer(source, self.path)
            fresh = said.status is HTTPStatus.OK and _is_fresh(said, self.headers)
            status = HTTPStatus.NOT_MODIFIED if fresh else said.status
            site.requests.append(Request(site.base(source) + self.path, status))
            self.send_response(status)
            if said.location:
                self.send_header("Location", said.location)
            if said.status is HTTPStatus.OK:
                self.send_header("ETag", said.etag)
                if said.modified:
                    self.send_header("Last-Modified", format_datetime(said.modified))
            self.send_header("Content-Type", said.content_type)
            if not fresh:
                self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if not fresh:
                self.wfile.write(said.body)

        def log_message(self, *_: object) -> None:
            """Keep quiet: what was asked stands in ``Site.requests``."""

    return (_Server6 if host.startswith("[") else _Server)((host.strip("[]"), port), Handler)
