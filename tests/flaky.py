"""A proxy that spoils requests as it is told: what a bad network is to those on both of its sides."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from serving import Serving

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset
UNWELL = b"HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
DRIP, PAUSE = 2_000, 0.01  # bytes at a time, and seconds between them


class Fault(Enum):
    """What becomes of a request."""

    DROPPED = "reset before it was handed on"
    LOST = "handed on, and reset when the answer came"
    CUT = "reset in the middle of the answer"
    SLOW = "answered in dribs"
    ERROR = "answered with 503"


DROPS = (Fault.DROPPED, Fault.LOST, Fault.CUT)


def every_third(seed: int, faults: Sequence[Fault] = DROPS) -> Callable[[int], Fault | None]:
    """Plan a fault for every third request, which of them the seed decides."""

    def plan(number: int) -> Fault | None:
        if number % 3 != 2:
            return None
        return random.Random(f"{seed} {number}").choice(faults)  # noqa: S311 nothing here is secret

    return plan


class Flaky(Serving):
    """Forward connections to a server; a context manager.

    ``plan`` says of each request, by its number since the plan was set, what becomes of it; None lets all pass. Of a
    connection that carries several requests each counts. ``hosts`` are addresses of this machine on which it listens
    on one port; ``url`` has the first of them. ``done`` counts what was done.
    """

    def __init__(self, url: str, *, hosts: Collection[str] = ("127.0.0.1",)) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._hosts = tuple(hosts)
        self._plan: Callable[[int], Fault | None] | None = None
        self._numbers = 0
        self.done: Counter[Fault | None] = Counter()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._hosts[0]}:{self.port}"

    def use(self, plan: Callable[[int], Fault | None] | None) -> None:
        """Follow another plan from the next request on."""
        self._numbers, self._plan = 0, plan

    async def _listen(self) -> list[asyncio.Server]:
        servers = [await asyncio.start_server(self._connected, self._hosts[0], 0, backlog=512)]
        self.port = servers[0].sockets[0].getsockname()[1]
        return servers + [await asyncio.start_server(self._connected, each, self.port) for each in self._hosts[1:]]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        link = _Link(self, (reader, writer), behind)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(link.ask(), link.answer())
        link.end()

    def next_fault(self) -> Fault | None:
        """Decide about one more request."""
        number, self._numbers = self._numbers, self._numbers + 1
        fault = self._plan(number) if self._plan else None
        self.done[fault] += 1
        return fault


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One connection and the one behind it."""

    def __init__(self, proxy: Flaky, client: Ends, server: Ends) -> None:
        self._proxy = proxy
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._fault: Fault | None = None
        self._asked = False  # a request is on its way, of which no answer has come

    async def ask(self) -> None:
        """Hand requests on."""
        while data := await self._from_client.read(CHUNK):
            if not self._asked:
                self._asked, self._fault = True, self._proxy.next_fault()
            if self._fault is Fault.DROPPED:
                return self.end()
            if self._fault is Fault.ERROR:
                self._to_client.write(UNWELL)
                await self._to_client.drain()
                self._to_client.close()
                return self._to_server.close()
            self._to_server.write(data)
            await self._to_server.drain()
        return self._to_server.close()

    async def answer(self) -> None:
        """Hand answers on."""
        while data := await self._from_server.read(CHUNK):
            self._asked = False
            if self._fault is Fault.LOST:
                return self.end()
            if self._fault is Fault.CUT:
                self._to_client.write(data[: len(data) // 2])
                await asyncio.sleep(PAUSE)  # so that it is on its way before the reset
                return self.end()
            for start in range(0, len(data), DRIP) if self._fault is Fault.SLOW else (0,):
                self._to_client.write(data[start : start + DRIP] if self._fault is Fault.SLOW else data)
                await self._to_client.drain()
                if self._fault is Fault.SLOW:
                    await asyncio.sleep(PAUSE)
        return self._to_client.close()

    def end(self) -> None:
        """Reset both sides."""
        _reset(self._to_client)
        _reset(self._to_server)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
