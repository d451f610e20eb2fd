"""Functions that the tests run in worker processes: light to import, and some of them horrid."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from indexer.models import Reason, RejectedError

if TYPE_CHECKING:
    from datetime import datetime

    from indexer.vocabulary import Vocabulary


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def pid() -> int:
    """Give the worker's process id."""
    return os.getpid()


def size_of(data: bytes) -> int:
    """Give the length of what arrived."""
    return len(data)


def echo(data: bytes) -> bytes:
    """Give back what arrived."""
    return data


def sleep(seconds: float) -> int:
    """Do nothing for a while, then give the worker's process id."""
    time.sleep(seconds)
    return os.getpid()


def spin() -> None:
    """Never end, and keep the processor busy."""
    while True:
        pass


def leave(code: int) -> None:
    """End the process without a word."""
    os._exit(code)


def kill_self() -> None:
    """End the process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def crash() -> None:
    """End the process as a fault in C code does."""
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


def allocate(size: int) -> int:
    """Take ``size`` bytes of memory."""
    return len(b"x" * size)


HOARD: list[bytes] = []


def hoard(size: int) -> None:
    """Take ``size`` bytes of memory and keep them, as a leak does."""
    HOARD.append(b"x" * size)


def reject() -> None:
    """Reject the item."""
    raise RejectedError(Reason.NO_TEXT, "3 words")


def fail() -> None:
    """Fail as a parser does that meets what it did not expect."""
    raise KeyError("boom")


def leave_by_exception() -> None:
    """Try to end the process politely."""
    raise SystemExit(4)


def recurse() -> None:
    """Never end, and use up the stack."""
    recurse()


def give_unpicklable() -> Any:
    """Give what cannot be handed to another process."""
    return lambda: None


def extract_by_trafilatura(html: str) -> str | None:
    """Extract a page's text."""
    import trafilatura  # noqa: PLC0415 - it would cost every test a second

    return trafilatura.extract(html)


def parse_by_feedparser(data: bytes) -> int:
    """Parse a feed and count its entries."""
    import feedparser  # noqa: PLC0415 - it would cost every test a moment

    return len(feedparser.parse(data).entries)


def read_or_die(lines: list[tuple[str, bytes]], *, now: datetime, vocabulary: Vocabulary | None) -> list[Any]:
    """Read lines of an import, and be killed by one that says so."""
    if any(b"deadly" in line for _, line in lines):
        kill_self()
    from indexer.lines import read_apart  # noqa: PLC0415 - the other tasks are light to import

    return read_apart(lines, now=now, vocabulary=vocabulary)
