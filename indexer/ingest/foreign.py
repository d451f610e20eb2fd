"""Take pages from other people's archives: every answer with HTML and status 200 is a candidate, in the file's order.

How such a file is read, and what makes an article, it must not know.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from indexer import archive
from indexer.archive import Damaged, Kept
from indexer.fetch import DEFAULT_LIMITS, decode
from indexer.ingest.queue import Queue
from indexer.models import Fetched, Reason, RejectedError, Rejection
from indexer.workers import PAGE_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from indexer.archive import Note, Record
    from indexer.indexing import Arrival
    from indexer.ingest.making import Maker
    from indexer.ingest.writing import Writer
    from indexer.progress import Progress
    from indexer.workers import Workers

AHEAD = 16  # records that are being made or wait for one before them: at most 5 MB each, packed and unpacked
HTML = ("text/html", "application/xhtml+xml")
OK = 200
KINDS = frozenset({"warcinfo", "request", "metadata", "resource", "revisit", "conversion", "continuation"})
EARLIEST = datetime(1991, 8, 6, tzinfo=UTC)  # there was no page to record before


class Foreign:
    """Takes pages from WARC files into the index, and into our own archive."""

    def __init__(
        self, workers: Workers, maker: Maker, writer: Writer, *, now: Callable[[], datetime], progress: Progress
    ) -> None:
        self._workers = workers
        self._maker = maker
        self._writer = writer
        self._now = now
        self._progress = progress

    async def take(self, path: Path) -> None:
        """Take what is in a file; each record is counted as read or as skipped, and what is damaged as rejected."""
        report = self._writer.report
        anything = False
        async with Queue(self._hand_on, at_once=AHEAD) as queue:
            with path.open("rb") as file:
                found = archive.records(file, _wanted)
                while (each := await asyncio.to_thread(_next, found, path)) is not None:
                    if isinstance(each, Damaged):
                        # Where nothing was read before, it is the file itself that is no archive, or not from here on.
                        where = f"{path} at {each.offset}" if anything else str(path)
                        self._reject(where, RejectedError(Reason.BROKEN_RECORD, each.problem))
                    elif (skipped := _is_no_page(each)) is not None:
                        report.skipped[skipped] += 1
                        self._progress.advance()
                    else:
                        report.read += 1
                        await queue.put(self._make(each))
                    anything = True
            await queue.drain()
        if not anything:
            self._reject(str(path), RejectedError(Reason.EMPTY_BODY, "there is no record in it"))

    def _reject(self, what: str, error: RejectedError) -> None:
        self._writer.report.read += 1
        self._writer.report.reject(Rejection(what=what, reason=error.reason, detail=error.detail))
        self._progress.advance()

    async def _make(self, record: Record) -> tuple[Arrival, Note] | Rejection:
        try:
            kept, body = await self._open(record)
            note, found = await self._maker.fetched(kept, body)
            return await self._maker.noted(note, found), note
        except RejectedError as error:
            return Rejection(what=record.url, reason=error.reason, detail=error.detail)

    async def _open(self, record: Record) -> tuple[Kept, bytes]:
        """Give a record's page and body; its bytes are a stranger's, so they are unpacked where it may be killed."""
        if self._writer.failure:
            raise RejectedError(Reason.NOT_WRITTEN, str(self._writer.failure))
        if not record.is_whole:
            raise RejectedError(Reason.TOO_LARGE, f"more than {DEFAULT_LIMITS.page_bytes / 1e6:g} MB")
        message = await self._workers.run(archive.open_message, record.block, timeout=PAGE_TIMEOUT)
        body, limit = message.body, DEFAULT_LIMITS.page_bytes
        if encoding := message.get("Content-Encoding"):
            body = await self._workers.run(decode, body, encoding, limit=limit, timeout=PAGE_TIMEOUT)
        page = Fetched(
            url=record.url,
            final_url=record.url,
            status=message.status,
            body=b"",
            content_type=message.get("Content-Type"),
            headers=message.headers,
        )
        return Kept(what=record.url, seen=_recorded(record.date, now=self._now()), page=page), body

    async def _hand_on(self, made: tuple[Arrival, Note] | Rejection) -> None:
        self._progress.advance()
        if isinstance(made, Rejection):
            self._writer.report.reject(made)
        else:
            await self._writer.put(*made)


def _wanted(kind: str) -> int:
    return DEFAULT_LIMITS.page_bytes + archive.HEAD_LIMIT if kind == "response" else 0


def _next(found: Iterator[Record | Damaged], path: Path) -> Record | Damaged | None:
    try:
        return next(found, None)
    except OSError as error:
        return Damaged(offset=path.stat().st_size, problem=f"it cannot be read on: {error.strerror or error}")


def _is_no_page(record: Record) -> str | None:
    """Say why a record is no candidate; None where it is."""
    if record.kind != "response":
        return f"{record.kind} record" if record.kind in KINDS else "record of another kind"
    if not record.url.lower().startswith(("http://", "https://")):
        return "not of the web"
    try:
        head = archive.open_head(record.block)
    except RejectedError:
        return "not HTTP"
    if head.status != OK:
        return f"status {head.status}"
    declared = (head.get("Content-Type") or "").partition(";")[0].strip().lower()
    return None if declared in HTML else "not HTML"


def _recorded(date: str, *, now: datetime) -> datetime:
    """Give the time at which a page was recorded; now where that cannot be."""
    try:
        at = datetime.fromisoformat(date)
    except ValueError:
        return now
    return at if at.tzinfo and EARLIEST <= at <= now else now


def is_archive(path: Path) -> bool:
    """Tell a WARC file by its name or its beginning."""
    if path.name.lower().endswith((".warc", ".warc.gz")):
        return True
    with path.open("rb") as file:
        return archive.is_warc(file)
