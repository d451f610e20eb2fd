"""Fetching: redirects, retries, turns and robots.txt around single requests.

What may be connected to is decided in ``addresses``; what a body means, by those who asked for it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Self

import httpx2

from indexer import __version__
from indexer.fetch import headers as read_headers
from indexer.fetch import robots
from indexer.fetch.addresses import resolve
from indexer.fetch.errors import FetchError, refused
from indexer.fetch.exchange import DEFAULT_LIMITS, Answer, Cap, Clock, Limits, TemporaryError, Wire, parse
from indexer.fetch.pacing import DEFAULT_PACING, Hosts, Pacing, PausedError
from indexer.models import Failure, Fetched, Reason, RejectedError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from indexer.fetch.addresses import Resolve

Kind = Literal["feed", "page"]

# Whoever runs this names themselves by the setting, so that a site's owner knows whom to write to. Where nobody did,
# the agent says what it is and which setting is missing, and claims no address that is not there.
DEFAULT_USER_AGENT = f"condensat/{__version__} (feed reader; no contact set in CONDENSAT_USER_AGENT)"

ACCEPT: dict[Kind, str] = {
    "feed": "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1",
    "page": "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5, */*;q=0.1",
}
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})
TEMPORARY_STATUSES = frozenset({502, 503, 504})  # worth another try in a moment
TOO_MANY, BUSY = 429, 503  # answers by which a server asks for rest
NOT_MODIFIED = 304

PAUSE_TOO_MANY = 30.0  # seconds for which a host is left alone after a 429 that does not say how long
PAUSE_CAP = 24 * 3600.0  # seconds; longer wishes are mistakes


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What all requests of one fetch have in common."""

    headers: dict[str, str]
    cap: Cap
    redirects: int
    obey_robots: bool


@dataclass(frozen=True, slots=True)
class _End:
    """Where a chain of redirects ended; the place of its connection is still taken."""

    answer: Answer
    target: httpx2.URL
    asked: tuple[str, ...]
    permanent: bool


class Fetcher:
    """Fetches over HTTP/1.1 and 2; an async context manager, safe for any number of fetches at once.

    More of them than ``pacing`` allows wait their turn without a connection. Nothing is taken from the environment (no
    proxy, no certificates), and no cookie outlives its redirect chain.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        user_agent: str = DEFAULT_USER_AGENT,
        pacing: Pacing = DEFAULT_PACING,
        limits: Limits = DEFAULT_LIMITS,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._now = now
        self._hosts = Hosts(pacing)
        self._places = asyncio.Semaphore(pacing.connections)
        self._wire = Wire(
            allow_private=allow_private, connections=pacing.connections, limits=limits, tls=tls, resolve=resolve
        )
        self._robots = robots.Robots(
            self._robots_txt, user_agent=user_agent, clock=lambda: asyncio.get_running_loop().time()
        )
        self._stopped = False
        self._under_way: set[asyncio.Timeout] = set()

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.__aexit__(kind, value, trace)

    def stop(self) -> None:
        """Let every fetch that is under way, and all that follow, end in RejectedError INTERRUPTED."""
        self._stopped = True
        for each in self._under_way:
            each.reschedule(asyncio.get_running_loop().time())

    async def get(
        self,
        url: str,
        *,
        kind: Kind,
        etag: str | None = None,
        last_modified: str | None = None,
        obey_robots: bool = False,
    ) -> Fetched:
        """Fetch ``url`` and what it redirects to; see ``open``."""
        opened = self.open(url, kind=kind, etag=etag, last_modified=last_modified, obey_robots=obey_robots)
        async with opened as fetched:
            return fetched

    @asynccontextmanager
    async def open(
        self,
        url: str,
        *,
        kind: Kind,
        etag: str | None = None,
        last_modified: str | None = None,
        obey_robots: bool = False,
    ) -> AsyncIterator[Fetched]:
        """Fetch ``url`` and what it redirects to, and keep the place of its connection until the block ends.

        So bodies are not read in faster than the block deals with them, and never more of them lie in memory than
        there are connections.

        ``etag`` and ``last_modified`` are those of an earlier answer: where they still hold, the status is 304 and
        the body empty. Any other status than 2xx raises. ``obey_robots`` asks each site on the way for its rules
        first. Raises RejectedError with one of UNREACHABLE, TIMEOUT, HTTP_STATUS (the detail is the number),
        TOO_LARGE, FORBIDDEN_ADDRESS, BAD_URL, TOO_MANY_REDIRECTS, BAD_ENCODING, ROBOTS, INTERRUPTED; as a FetchError
        where it says more than the reason.
        """
        headers = {"User-Agent": self._user_agent, "Accept": ACCEPT[kind], "Accept-Encoding": ACCEPT_ENCODING}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        size = self._limits.feed_bytes if kind == "feed" else self._limits.page_bytes
        end = await self._until_stopped(url, _Wanted(headers, Cap(size), self._limits.redirects, obey_robots))
        try:
            answer = end.answer
            unchanged = answer.status == NOT_MODIFIED and bool(etag or last_modified)
            if not (200 <= answer.status < 300 or unchanged):
                raise refused(answer.status, retry_after=self._retry_after(answer))
            yield Fetched(
                url=url,
                final_url=str(end.target),
                status=answer.status,
                body=answer.body,
                content_type=answer.headers.get("Content-Type"),
                etag=answer.headers.get("ETag"),
                last_modified=answer.headers.get("Last-Modified"),
                redirects=end.asked,
                moved_permanently_to=str(end.target) if end.asked and end.permanent else None,
                max_age=read_headers.max_age(answer.headers),
                headers=tuple(answer.headers.multi_items()),
            )
        finally:
            self._places.release()

    async def _until_stopped(self, url: str, wanted: _Wanted) -> _End:
        if self._stopped:
            raise RejectedError(Reason.INTERRUPTED, "stopped before it was asked")
        try:
            async with asyncio.timeout(None) as stopping:
                self._under_way.add(stopping)
                try:
                    return await self._follow(url, wanted)
                finally:
                    self._under_way.discard(stopping)
        except TimeoutError as error:
            raise RejectedError(Reason.INTERRUPTED, "stopped while it was asked") from error

    async def _robots_txt(self, url: str) -> robots.Answer:
        headers = {
            "User-Agent": self._user_agent,
            "Accept": "text/plain, */*;q=0.1",
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        end = await self._follow(url, _Wanted(headers, Cap(robots.SIZE, cut=True), robots.REDIRECTS, obey_robots=False))
        self._places.release()
        return robots.Answer(end.answer.status, end.answer.body)

    async def _follow(self, url: str, wanted: _Wanted) -> _End:
        """Ask, and ask where that redirects to; whoever gets the end gives its place back."""
        clock = Clock(self._limits.total)
        cookies = httpx2.Cookies()
        target = parse(url)
        asked: list[str] = []
        asked_with: set[tuple[str, str]] = set()
        permanent = True
        while True:
            delay = await self._robots.delay(str(target)) if wanted.obey_robots else 0.0
            request = self._wire.build(target, wanted.headers, cookies)
            # Sites that set a cookie and redirect to the same address are common: a loop is the same question again.
            question = (str(target), request.headers.get("Cookie", ""))
            if question in asked_with:
                raise RejectedError(Reason.TOO_MANY_REDIRECTS, f"a loop at {target}")
            asked_with.add(question)
            answer = await self._ask(request, cookies, wanted.cap, clock, delay)
            if answer.status not in REDIRECTS or "Location" not in answer.headers:
                return _End(answer, target, tuple(asked), permanent)
            self._places.release()
            asked.append(str(target))
            if len(asked) > wanted.redirects:
                raise RejectedError(Reason.TOO_MANY_REDIRECTS, f"more than {wanted.redirects}")
            permanent = permanent and answer.status in PERMANENT_REDIRECTS
            target = parse(answer.headers["Location"], base=target)

    async def _ask(
        self, request: httpx2.Request, cookies: httpx2.Cookies, cap: Cap, clock: Clock, delay: float
    ) -> Answer:
        """Send one request, again after temporary errors; the place of an answer's connection stays taken."""
        for pause in self._limits.retry_pauses:
            try:
                return await self._try(request, cookies, cap, clock, delay)
            except TemporaryError as error:
                if clock.left <= pause:
                    raise error.rejection from error
            clock.left -= pause
            await asyncio.sleep(pause)
        try:
            return await self._try(request, cookies, cap, clock, delay)
        except TemporaryError as error:
            raise error.rejection from error

    async def _try(
        self, request: httpx2.Request, cookies: httpx2.Cookies, cap: Cap, clock: Clock, delay: float
    ) -> Answer:
        """Send one request once, when it is its host's turn."""
        host = request.url.host
        try:
            # The host first: what waits for a slow host must not hold the connections of the others.
            async with self._hosts.turn(host, delay=delay):
                await self._places.acquire()
                try:
                    async with clock:
                        answer = await self._wire.send(request, cookies, cap)
                    self._heed(host, answer)
                except BaseException:
                    self._places.release()
                    raise
                return answer
        except PausedError as error:
            raise FetchError(
                Reason.HTTP_STATUS,
                f"{TOO_MANY}: {host} {error}",
                failure=Failure.TEMPORARY,
                status=TOO_MANY,
                retry_after=error.seconds,
            ) from error

    def _heed(self, host: str, answer: Answer) -> None:
        """Leave a host alone that asks for it; raises TemporaryError for an answer that may be another in a moment."""
        wish = self._retry_after(answer) if answer.status in {TOO_MANY, BUSY} else None
        if answer.status == TOO_MANY and wish is None:
            wish = PAUSE_TOO_MANY
        if wish:
            self._hosts.pause(host, min(wish, PAUSE_CAP))
        elif answer.status in TEMPORARY_STATUSES and wish is None:
            raise TemporaryError(refused(answer.status))

    def _retry_after(self, answer: Answer) -> float | None:
        return read_headers.retry_after(answer.headers, now=self._now())
