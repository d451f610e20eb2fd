"""Whose turn it is: pauses between the requests to one host, and how many are under way; it knows nothing of HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# A host that asked to be left alone for longer than this is not waited for: what wants to ask it fails for now.
PATIENCE = 60.0  # seconds
# Hosts are forgotten when nothing is known of them; looking for those begins at this number.
SWEEP_FROM = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Pacing:
    """How hard servers may be asked.

    A site's 20 new articles take 20 s with a pause of one second, which is what a hurried reader does; it bounds no
    list of feeds, since hosts are asked beside each other.
    """

    delay: float = 1.0  # seconds between the starts of two requests to one host
    per_host: int = 2  # requests under way to one host
    connections: int = 32  # in all


DEFAULT_PACING = Pacing()


class PausedError(Exception):
    """A host is not to be asked for the next ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to be left alone for another {seconds:.0f} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Host:
    """What is known of one host; times are those of the event loop."""

    gate: asyncio.Semaphore
    users: int = 0
    next_start: float = 0.0
    paused_until: float = 0.0


class Hosts:
    """Hands out turns, host by host, in the order in which they were asked for."""

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = SWEEP_FROM

    def __len__(self) -> int:
        """Give the number of hosts that are remembered."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, name: str, *, delay: float = 0.0) -> AsyncIterator[None]:
        """Wait until the host may be asked, and count as asking until the end of the block.

        ``delay`` in seconds is what the host itself wants between two requests; the longer pause counts. Raises
        PausedError when the wait would be long.
        """
        host = self._host(name)
        host.users += 1
        try:
            async with host.gate:
                await self._wait(host, max(delay, self._pacing.delay))
                yield
        finally:
            host.users -= 1

    def pause(self, name: str, seconds: float) -> None:
        """Leave a host alone for a while, as it asked."""
        host = self._host(name)
        host.paused_until = max(host.paused_until, self._now() + seconds)

    async def _wait(self, host: _Host, delay: float) -> None:
        start = max(self._now(), host.next_start)
        host.next_start = start + delay
        while (left := max(start, host.paused_until) - self._now()) > 0:
            if host.paused_until > start and left > PATIENCE:
                raise PausedError(left)
            await asyncio.sleep(left)

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= self._sweep_at:
                self._sweep()
            host = self._hosts[name] = _Host(asyncio.Semaphore(self._pacing.per_host))
        return host

    def _sweep(self) -> None:
        """Forget the hosts that may be asked at once: a new record says the same of them."""
        now = self._now()
        self._hosts = {
            name: host
            for name, host in self._hosts.items()
            if host.users or host.next_start > now or host.paused_until > now
        }
        self._sweep_at = max(SWEEP_FROM, 2 * len(self._hosts))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
