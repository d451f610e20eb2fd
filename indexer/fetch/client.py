"""The HTTP client: one GET with its redirects, retries and limits.

What may be connected to is decided in ``addresses``; what a body means, by those who asked for it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self
from weakref import WeakValueDictionary

import httpcore2
import httpx2

from indexer import __version__
from indexer.fetch.addresses import GuardedNetwork, NoSuchHostError, resolve
from indexer.models import Fetched, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from indexer.fetch.addresses import Resolve

Kind = Literal["feed", "page"]

DEFAULT_USER_AGENT = f"condensat/{__version__} (+feed reader and news index)"

ACCEPT: dict[Kind, str] = {
    "feed": "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1",
    "page": "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5, */*;q=0.1",
}
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})
TEMPORARY_STATUSES = frozenset({502, 503, 504})
NOT_MODIFIED = 304

# Names, IDNA-encoded, of labels of up to 63 characters (underscores do occur), and addresses of either version.
HOST = re.compile(rb"(?:[A-Za-z0-9_~-]{1,63}\.)*[A-Za-z0-9_~-]{1,63}\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
MAX_PORT = 65535


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one fetch may cost. Times in seconds, sizes in bytes."""

    connect: float = 10.0  # name look-up, TCP and TLS each
    read: float = 20.0  # between two pieces of the answer
    total: float = 45.0  # redirects, retries and their pauses included; waiting for a free connection is not
    # 6 % of 683 real feeds are over 1 MB, none over 10; the largest of 1,429 real pages has 2.2 MB. Counted on the
    # wire and again decompressed.
    feed_bytes: int = 10_000_000
    page_bytes: int = 5_000_000
    redirects: int = 8
    retry_pauses: tuple[float, ...] = (0.5, 1.5)  # as many further tries after temporary errors as there are pauses


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Answer:
    """One HTTP answer, its body read unless it redirects."""

    status: int
    headers: httpx2.Headers
    body: bytes


class _TemporaryError(Exception):
    """Something that may be otherwise in a moment; carries the rejection for when it is not."""

    def __init__(self, rejection: RejectedError) -> None:
        super().__init__(str(rejection))
        self.rejection = rejection


class _CappedStream(httpx2.AsyncByteStream):
    """A body as it comes over the wire, which ends in RejectedError TOO_LARGE at ``cap`` bytes."""

    def __init__(self, response: httpcore2.Response, cap: int) -> None:
        self._response = response
        self._cap = cap

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._response.aiter_stream():
            size += len(part)
            if size > self._cap:
                raise _too_large(self._cap)
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


class Fetcher:
    """Fetches over HTTP/1.1 and 2; an async context manager, safe for any number of ``get`` at once.

    ``concurrency`` and ``per_host`` bound the requests under way; more wait their turn without a connection.
    Nothing is taken from the environment (no proxy, no certificates), and no cookie outlives its redirect chain.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        user_agent: str = DEFAULT_USER_AGENT,
        concurrency: int = 32,
        per_host: int = 2,
        limits: Limits = DEFAULT_LIMITS,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._per_host = per_host
        self._free = asyncio.Semaphore(concurrency)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or httpx2.create_ssl_context(trust_env=False),
            max_connections=concurrency,
            max_keepalive_connections=concurrency,
            keepalive_expiry=15.0,
            http2=True,
            network_backend=GuardedNetwork(allow_private=allow_private, resolve=resolve),
        )

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, value, trace)

    async def get(self, url: str, *, kind: Kind, etag: str | None = None, last_modified: str | None = None) -> Fetched:
        """Fetch ``url`` and what it redirects to.

        ``etag`` and ``last_modified`` are those of an earlier answer: where they still hold, the status is 304 and
        the body empty. Any other status than 2xx raises. Raises RejectedError with one of UNREACHABLE, TIMEOUT,
        HTTP_STATUS (the detail is the number), TOO_LARGE, FORBIDDEN_ADDRESS, BAD_URL, TOO_MANY_REDIRECTS,
        BAD_ENCODING.
        """
        headers = {"User-Agent": self._user_agent, "Accept": ACCEPT[kind], "Accept-Encoding": ACCEPT_ENCODING}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        cap = self._limits.feed_bytes if kind == "feed" else self._limits.page_bytes
        clock = _Clock(self._limits.total)
        cookies = httpx2.Cookies()
        target = _parse(url)
        asked: list[str] = []
        asked_with: set[tuple[str, str]] = set()
        permanent = True
        while True:
            request = _build(target, headers, cookies, self._limits)
            # Sites that set a cookie and redirect to the same address are common: a loop is the same question again.
            question = (str(target), request.headers.get("Cookie", ""))
            if question in asked_with:
                raise RejectedError(Reason.TOO_MANY_REDIRECTS, f"a loop at {target}")
            asked_with.add(question)
            answer = await self._ask(request, cookies, cap, clock)
            if answer.status not in REDIRECTS or "Location" not in answer.headers:
                break
            asked.append(str(target))
            if len(asked) > self._limits.redirects:
                raise RejectedError(Reason.TOO_MANY_REDIRECTS, f"more than {self._limits.redirects}")
            permanent = permanent and answer.status in PERMANENT_REDIRECTS
            target = _parse(answer.headers["Location"], base=target)
        if not (200 <= answer.status < 300 or (answer.status == NOT_MODIFIED and (etag or last_modified))):
            raise RejectedError(Reason.HTTP_STATUS, str(answer.status))
        return Fetched(
            url=url,
            final_url=str(target),
            status=answer.status,
            body=answer.body,
            content_type=answer.headers.get("Content-Type"),
            etag=answer.headers.get("ETag"),
            last_modified=answer.headers.get("Last-Modified"),
            redirects=tuple(asked),
            moved_permanently_to=str(target) if asked and permanent else None,
        )

    async def _ask(self, request: httpx2.Request, cookies: httpx2.Cookies, cap: int, clock: _Clock) -> _Answer:
        """Send one request, again after temporary errors."""
        for pause in self._limits.retry_pauses:
            try:
                return await self._try(request, cookies, cap, clock)
            except _TemporaryError as error:
                if clock.left <= pause:
                    raise error.rejection from error
            clock.left -= pause
            await asyncio.sleep(pause)
        try:
            return await self._try(request, cookies, cap, clock)
        except _TemporaryError as error:
            raise error.rejection from error

    async def _try(self, request: httpx2.Request, cookies: httpx2.Cookies, cap: int, clock: _Clock) -> _Answer:
        """Send one request once, when it is its host's turn."""
        async with self._turn(request.url.host), clock:
            try:
                answer = await self._exchange(request, cookies, cap)
            except httpcore2.TimeoutException as error:
                raise RejectedError(Reason.TIMEOUT, _describe_timeout(error, self._limits)) from error
            except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
                rejection = RejectedError(Reason.UNREACHABLE, str(error) or type(error).__name__)
                if _is_lasting(error):
                    raise rejection from error
                raise _TemporaryError(rejection) from error
            except httpx2.DecodingError as error:
                raise RejectedError(Reason.BAD_ENCODING, str(error)) from error
        if answer.status in TEMPORARY_STATUSES:
            raise _TemporaryError(RejectedError(Reason.HTTP_STATUS, str(answer.status)))
        return answer

    async def _exchange(self, request: httpx2.Request, cookies: httpx2.Cookies, cap: int) -> _Answer:
        raw = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        response = httpx2.Response(raw.status, headers=raw.headers, stream=_CappedStream(raw, cap), request=request)
        try:
            cookies.extract_cookies(response)
            body = await _read(response, cap) if 200 <= response.status_code < 300 else b""
        finally:
            await response.aclose()
        return _Answer(response.status_code, response.headers, body)

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """Wait until ``host`` may be asked. Pauses between requests to one host have their place here."""
        gate = self._hosts.get(host)
        if gate is None:
            gate = self._hosts[host] = asyncio.Semaphore(self._per_host)
        # The host first: what waits for a slow host must not hold the connections of the others.
        async with gate, self._free:
            yield


class _Clock:
    """The time that is left for a fetch; runs while it is entered, and ends what takes too long."""

    def __init__(self, total: float) -> None:
        self.total = total
        self.left = total

    async def __aenter__(self) -> None:
        self._started = asyncio.get_running_loop().time()
        self._timeout = asyncio.timeout(max(self.left, 0.0))
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.left -= asyncio.get_running_loop().time() - self._started
        try:
            await self._timeout.__aexit__(kind, value, trace)
        except TimeoutError as error:
            raise RejectedError(Reason.TIMEOUT, f"took more than {self.total:g} s") from error


def _parse(link: str, *, base: httpx2.URL | None = None) -> httpx2.URL:
    """Make an URL that can be asked, or raise BAD_URL."""
    try:
        url = httpx2.URL(link) if base is None else base.join(link)
        host = url.raw_host
    except (httpx2.InvalidURL, ValueError) as error:
        raise RejectedError(Reason.BAD_URL, f"{error}: {link[:200]!r}") from error
    if url.scheme not in {"http", "https"} or not host:
        raise RejectedError(Reason.BAD_URL, f"not http or https: {link[:200]!r}")
    if not HOST.fullmatch(host) or not (url.port is None or 0 < url.port <= MAX_PORT):
        raise RejectedError(Reason.BAD_URL, f"no such host or port: {link[:200]!r}")
    return url


def _build(url: httpx2.URL, headers: dict[str, str], cookies: httpx2.Cookies, limits: Limits) -> httpx2.Request:
    timeouts = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": None}
    try:
        return httpx2.Request("GET", url, headers=headers, cookies=cookies, extensions={"timeout": timeouts})
    except UnicodeEncodeError as error:  # an etag of another client, say
        raise RejectedError(Reason.BAD_URL, f"a header cannot be sent: {error}") from error


async def _read(response: httpx2.Response, cap: int) -> bytes:
    """Read a body piece by piece, so that a decompression bomb grows no further than ``cap`` and one piece."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > cap:
        raise _too_large(cap)
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > cap:
            raise _too_large(cap)
        parts.append(part)
    return b"".join(parts)


def _too_large(cap: int) -> RejectedError:
    return RejectedError(Reason.TOO_LARGE, f"more than {cap / 1_000_000:g} MB")


def _is_lasting(error: Exception) -> bool:
    """Tell whether the same would happen again in a moment: no such host, or TLS objects (to a certificate, say)."""
    cause = error.args[0] if error.args else None  # httpcore2 wraps the operating system's error so
    return isinstance(error, NoSuchHostError | httpcore2.LocalProtocolError) or isinstance(cause, ssl.SSLError)


def _describe_timeout(error: httpcore2.TimeoutException, limits: Limits) -> str:
    if isinstance(error, httpcore2.ConnectTimeout):
        return f"no connection within {limits.connect:g} s"
    return f"nothing came for {limits.read:g} s"
