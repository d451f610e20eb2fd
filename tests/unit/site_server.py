"""A small HTTP server on loopback for the tests: it can answer well, and badly in every way that servers have."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from serving import Serving

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True)
class Asked:
    """One request as the server got it; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


Handler = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Handler:
    """Make a handler that gives a complete, correct answer."""
    given = {"Content-Length": str(len(body)), **(headers or {})}

    async def handle(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, given) + body)

    return handle


def redirect(to: str, status: int = 302, headers: Mapping[str, str] | None = None) -> Handler:
    """Make a handler that redirects."""
    return answer(status, b"", {"Location": to, **(headers or {})})


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Give the bytes of a status line and headers."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")


@dataclass
class Site(Serving):
    """The server, in a thread of its own; a context manager. ``routes`` maps paths to handlers, else 404."""

    tls: ssl.SSLContext | None = None
    routes: dict[str, Handler] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: int = 0  # connections
    most_open: int = 0
    at_once: int = 0  # requests that are being answered
    most_at_once: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """The root, without a slash at the end."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Give what was asked, in order."""
        return [each.path for each in self.asked]

    async def _listen(self) -> list[asyncio.Server]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        return [server]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
                method, path, _ = request.split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                self.asked.append(asked := Asked(method, path, headers))
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await self.routes.get(path, answer(404))(asked, writer)
                    await writer.drain()
                finally:
                    self.at_once -= 1
        self.open -= 1
        writer.close()
