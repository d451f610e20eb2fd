"""What sites let robots read (RFC 9309): rules are fetched once a day for each site, by a way that is handed in.

The parser of robots.txt is known here and nowhere else; of HTTP this must know nothing.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from protego import Protego

from indexer.fetch.errors import FetchError
from indexer.models import Failure, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SIZE = 500 * 1024  # bytes; RFC 9309 wants as much to be read, and lets the rest go
REDIRECTS = 5  # as it says; a file behind more of them counts as not there
KEPT = 24 * 3600.0  # seconds, the longest that it allows
KEPT_UNREACHABLE = 600.0  # seconds until a site whose robots.txt failed is asked again
CACHE_BYTES = 32_000_000  # of packed files, each with about OVERHEAD bytes beside it
OVERHEAD = 500
CRAWL_DELAY_CAP = 10.0  # seconds; some sites write hours to be rid of robots, and mean those that read everything
# What a failed robots.txt says of its site: these would fail the page in the same way, and say so better.
_OF_THE_SITE = frozenset({Reason.FORBIDDEN_ADDRESS, Reason.BAD_URL, Reason.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for a robots.txt: an HTTP status, and the beginning of the body where it was 2xx."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    packed: bytes
    problem: str = ""  # why it could not be read; then nothing is allowed


def product(user_agent: str) -> str:
    """Give the name by which robots.txt knows a user agent: what stands before its version."""
    return user_agent.split("/", 1)[0].split(" ", 1)[0]


def judge(packed: bytes, url: str, name: str) -> tuple[bool, float]:
    """Tell whether ``name`` may read ``url`` by a compressed robots.txt, and the seconds between two requests."""
    rules = _parsed(packed)
    return rules.can_fetch(url, name), min(rules.crawl_delay(name) or 0.0, CRAWL_DELAY_CAP)


@lru_cache(maxsize=64)  # a usual file is parsed in 0.3 ms, one of 500 KiB made to hurt in 400
def _parsed(packed: bytes) -> Protego:
    body = zlib.decompress(packed)
    return Protego.parse(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))


class Robots:
    """The rules of the sites that were asked lately."""

    def __init__(
        self, fetch: Callable[[str], Awaitable[Answer]], *, user_agent: str, clock: Callable[[], float]
    ) -> None:
        """Take a way to fetch, the name to look for, and a clock in seconds.

        ``fetch`` gives the last answer, after at most ``REDIRECTS``, and raises RejectedError.
        """
        self._fetch = fetch
        self._name = product(user_agent)
        self._clock = clock
        self._sites: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def delay(self, url: str) -> float:
        """Give the seconds that a site wants between two requests; raises RejectedError ROBOTS where it forbids."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        kept = await self._kept(site)
        if kept.problem:
            raise FetchError(Reason.ROBOTS, f"robots.txt: {kept.problem}", failure=Failure.TEMPORARY)
        if not kept.packed:
            return 0.0
        allowed, delay = judge(kept.packed, url, self._name)
        if not allowed:
            raise RejectedError(Reason.ROBOTS, f"robots.txt of {site} forbids it to «{self._name}»")
        return delay

    async def _kept(self, site: str) -> _Kept:
        lock = self._asking.get(site)
        if lock is None:
            lock = self._asking[site] = asyncio.Lock()
        async with lock:  # many pages of one site come at once: the first of them asks
            kept = self._sites.get(site)
            if kept is not None and kept.until > self._clock():
                self._sites.move_to_end(site)
                return kept
            self._forget(site)
            kept = await self._ask(site)
            self._sites[site] = kept
            self._size += len(kept.packed) + OVERHEAD
            while self._size > CACHE_BYTES:
                self._forget(next(iter(self._sites)))
            return kept

    async def _ask(self, site: str) -> _Kept:
        try:
            answer = await self._fetch(f"{site}/robots.txt")
        except RejectedError as error:
            if error.reason is Reason.TOO_MANY_REDIRECTS:  # «unavailable», as 4xx
                return _Kept(self._clock() + KEPT, b"")
            if error.reason in _OF_THE_SITE or getattr(error, "failure", None) is Failure.HARD:
                raise
            return _Kept(self._clock() + KEPT_UNREACHABLE, b"", problem=str(error))
        if answer.status >= 500:
            return _Kept(self._clock() + KEPT_UNREACHABLE, b"", problem=f"http status: {answer.status}")
        body = answer.body if 200 <= answer.status < 300 else b""
        return _Kept(self._clock() + KEPT, zlib.compress(body) if body.strip() else b"")

    def _forget(self, site: str) -> None:
        kept = self._sites.pop(site, None)
        if kept is not None:
            self._size -= len(kept.packed) + OVERHEAD
