"""One request on the wire and its answer, within limits of time and size; whom it asks, and whether again, it is told.

The HTTP library is known here and nowhere else.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpcore2
import httpx2

from indexer.fetch.addresses import GuardedNetwork, NoSuchHostError
from indexer.fetch.errors import FetchError
from indexer.models import Failure, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from types import TracebackType

    from indexer.fetch.addresses import Resolve

# Names, IDNA-encoded, of labels of up to 63 characters (underscores do occur), and addresses of either version.
HOST = re.compile(rb"(?:[A-Za-z0-9_~-]{1,63}\.)*[A-Za-z0-9_~-]{1,63}\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
MAX_PORT = 65535
PIECE = 4_096  # bytes of a packed body that are unpacked at once; brotli makes up to 40 MB of so many

# Content encodings that may lie in each other; two are seen, by servers that pack what is packed already.
MAX_ENCODINGS = 3
SLICE = 65_536  # bytes that are unpacked at a time, so that a fetch can be ended in between


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one fetch may cost. Times in seconds, sizes in bytes."""

    connect: float = 10.0  # name look-up, TCP and TLS each
    read: float = 20.0  # between two pieces of the answer
    total: float = 45.0  # redirects, retries and their pauses included; waiting for a turn is not
    # 6 % of 683 real feeds are over 1 MB, none over 10; the largest of 1,429 real pages has 2.2 MB. Counted on the
    # wire and again decompressed.
    feed_bytes: int = 10_000_000
    page_bytes: int = 5_000_000
    redirects: int = 8
    retry_pauses: tuple[float, ...] = (0.5, 1.5)  # as many further tries after temporary errors as there are pauses


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; the body is read where the status is 2xx."""

    status: int
    headers: httpx2.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Cap:
    """How many bytes of a body are taken; what is beyond is cut off, or makes the body TOO_LARGE."""

    size: int
    cut: bool = False

    @property
    def on_the_wire(self) -> int:
        """Where the body is cut, the rest of what is read already is not yet too much."""
        return 2 * self.size if self.cut else self.size


class TemporaryError(Exception):
    """Something that may be otherwise in a moment; carries the rejection for when it is not."""

    def __init__(self, rejection: RejectedError) -> None:
        super().__init__(str(rejection))
        self.rejection = rejection


class Clock:
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


class Wire:
    """Sends requests over HTTP/1.1 and 2; an async context manager."""

    def __init__(
        self, *, allow_private: bool, connections: int, limits: Limits, tls: ssl.SSLContext | None, resolve: Resolve
    ) -> None:
        self._limits = limits
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or httpx2.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
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

    def build(self, url: httpx2.URL, headers: Mapping[str, str], cookies: httpx2.Cookies) -> httpx2.Request:
        """Make a GET request, or raise BAD_URL."""
        limits = self._limits
        timeouts = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": None}
        try:
            return httpx2.Request("GET", url, headers=headers, cookies=cookies, extensions={"timeout": timeouts})
        except UnicodeEncodeError as error:  # an etag of another client, say
            raise RejectedError(Reason.BAD_URL, f"a header cannot be sent: {error}") from error

    async def send(self, request: httpx2.Request, cookies: httpx2.Cookies, cap: Cap) -> Answer:
        """Send a request once; raises TemporaryError, or RejectedError where another try would be of no use."""
        try:
            return await self._exchange(request, cookies, cap)
        except httpcore2.TimeoutException as error:
            raise RejectedError(Reason.TIMEOUT, _describe_timeout(error, self._limits)) from error
        except NoSuchHostError as error:
            raise FetchError(Reason.UNREACHABLE, str(error), failure=Failure.HARD) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            rejection = RejectedError(Reason.UNREACHABLE, str(error) or type(error).__name__)
            if _is_lasting(error):
                raise rejection from error
            raise TemporaryError(rejection) from error
        except httpx2.DecodingError as error:
            raise RejectedError(Reason.BAD_ENCODING, str(error)) from error

    async def _exchange(self, request: httpx2.Request, cookies: httpx2.Cookies, cap: Cap) -> Answer:
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
        stream = _CappedStream(raw, cap.on_the_wire)
        response = httpx2.Response(raw.status, headers=raw.headers, stream=stream, request=request)
        try:
            cookies.extract_cookies(response)
            body = await _read(response, cap) if 200 <= response.status_code < 300 else b""
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body)


def parse(link: str, *, base: httpx2.URL | None = None) -> httpx2.URL:
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


def decode(body: bytes, encoding: str, *, limit: int) -> bytes:
    """Undo the content encoding of a body that somebody else fetched, as if it came over the wire.

    Archives often hold bodies that were decoded under headers that say they were not: what begins as HTML is taken as
    it is. Raises RejectedError: BAD_ENCODING, or TOO_LARGE above ``limit`` bytes.
    """
    if body.lstrip()[:1] == b"<":
        return body
    response = httpx2.Response(200, headers={"Content-Encoding": encoding}, stream=_Pieces(body))
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise _too_large(limit)
    except httpx2.DecodingError as error:
        raise RejectedError(Reason.BAD_ENCODING, str(error)) from error
    return b"".join(parts)


class _Pieces(httpx2.SyncByteStream):
    """A body in pieces, so that no more than one of them is unpacked beyond a limit."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), PIECE):
            yield self._body[start : start + PIECE]


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


async def _read(response: httpx2.Response, cap: Cap) -> bytes:
    """Read a body and unpack it, so that a decompression bomb grows no further than ``cap`` and one piece.

    Encodings within each other are unpacked one by one, each within ``cap``: the library does all in one go, and a few
    kilobytes that unpack to gigabytes of which the inner one makes nothing (a file name, empty frames) would hold it,
    and with it every other fetch.
    """
    announced = response.headers.get("Content-Length", "")
    if not cap.cut and announced.isdecimal() and int(announced[:20]) > cap.size:
        raise _too_large(cap.size)
    named = response.headers.get_list("Content-Encoding", split_commas=True)
    encodings = [each for each in (name.strip().lower() for name in named) if each not in {"", "identity"}]
    if len(encodings) > MAX_ENCODINGS:
        raise RejectedError(Reason.BAD_ENCODING, f"{len(encodings)} encodings within each other")
    if len(encodings) < 2:
        return await _collect(response, cap)
    body = await _collect(_packed(encodings[-1], response.stream), cap)
    for encoding in reversed(encodings[:-1]):
        body = await _collect(_packed(encoding, _Slices(body)), cap)
    return body


def _packed(encoding: str, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream) -> httpx2.Response:
    return httpx2.Response(200, headers={"Content-Encoding": encoding}, stream=stream)


class _Slices(httpx2.AsyncByteStream):
    """Bytes that are there already, a slice at a time."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), SLICE):
            await asyncio.sleep(0)
            yield self._body[start : start + SLICE]


async def _collect(response: httpx2.Response, cap: Cap) -> bytes:
    """Gather the pieces of a body; what is beyond ``cap`` is cut off, or makes it TOO_LARGE."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        parts.append(part)
        if size > cap.size and cap.cut:
            break
        if size > cap.size:
            raise _too_large(cap.size)
    return b"".join(parts)[: cap.size]


def _too_large(cap: int) -> RejectedError:
    return RejectedError(Reason.TOO_LARGE, f"more than {cap / 1_000_000:g} MB")


def _is_lasting(error: Exception) -> bool:
    """Tell whether the same would happen again in a moment: TLS objects to a certificate, say."""
    cause = error.args[0] if error.args else None  # httpcore2 wraps the operating system's error so
    return isinstance(error, httpcore2.LocalProtocolError) or isinstance(cause, ssl.SSLError)


def _describe_timeout(error: httpcore2.TimeoutException, limits: Limits) -> str:
    if isinstance(error, httpcore2.ConnectTimeout):
        return f"no connection within {limits.connect:g} s"
    return f"nothing came for {limits.read:g} s"
