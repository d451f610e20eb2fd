"""Serve pages and feeds from loopback out of a process of its own, as cheaply as that goes: ready-made answers.

What is measured shares the machine with it, so its processor time is told as well.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.variants import vary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from multiprocessing.connection import Connection

ABSENT = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\nETag: %b\r\n\r\n"
ETAG = b'"1"'


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages are, and which process serves them."""

    base: str
    pid: int


@contextmanager
def served(
    answers: Mapping[str, tuple[str, bytes]], *, keep: bool = True, address: str = "127.0.0.1"
) -> Iterator[Site]:
    """Serve ``{path: (content type, body)}``; whoever asks again with the ETag is told that nothing changed.

    Under ``/7/path`` stands the seventh variant of what is under ``/path``, made when it is asked for, and kept.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, keep, address), daemon=True)
    process.start()
    try:
        ours.send(dict(answers))
        yield Site(base=f"http://127.0.0.1:{ours.recv()}", pid=process.pid or 0)
    finally:
        process.kill()
        process.join()


def feed(links: Mapping[str, str], *, title: str) -> bytes:
    """Write an RSS feed of these ``{link: title}``."""
    items = "".join(f"<item><title>{text}</title><link>{link}</link></item>" for link, text in links.items())
    return f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'.encode()


def _answer(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nETag: {ETAG.decode()}\r\n\r\n"
    return head.encode() + body


def _serve(pipe: Connection[Any, Any], keep: bool, address: str) -> None:  # noqa: FBT001 handed to a process by its place
    originals: dict[str, tuple[str, bytes]] = pipe.recv()
    answers = {path.encode(): _answer(kind, body) for path, (kind, body) in originals.items()}

    def varied(path: bytes) -> bytes:
        number, _, name = path[1:].decode("ascii", "replace").partition("/")
        kind, body = originals.get(f"/{name}", ("", None))
        if body is None or not number.isdecimal():
            return ABSENT
        answer = _answer(kind, vary(body, int(number)))
        if keep:
            answers[path] = answer
        return answer

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: Any = transport
            self.waiting = b""

        def data_received(self, data: bytes) -> None:
            self.waiting += data
            while b"\r\n\r\n" in self.waiting:
                head, self.waiting = self.waiting.split(b"\r\n\r\n", 1)
                path = head.split(b" ", 2)[1]
                answer = answers.get(path) or varied(path)
                known = b"if-none-match: " + ETAG in head.lower()
                self.transport.write(UNCHANGED % ETAG if known and answer is not ABSENT else answer)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Protocol, address, 0, backlog=512)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())
