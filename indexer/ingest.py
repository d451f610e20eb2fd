"""Poll feeds and index what is new: it puts the stages in order and decides nothing about any of them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from indexer import articles, extract
from indexer import feeds as feed_parser
from indexer.detect import detect
from indexer.elastic.errors import StoreError
from indexer.fetch import Fetcher
from indexer.indexing import Arrival, entry_hash, take_in
from indexer.models import (
    Article,
    Entry,
    Extraction,
    Fetched,
    Outcome,
    ParsedFeed,
    Reason,
    RejectedError,
    Rejection,
    Report,
)
from indexer.urls import article_id, normalise
from indexer.workers import FEED_TIMEOUT, PAGE_TIMEOUT, Workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from indexer.elastic import Store
    from indexer.elastic.feeds import FeedRecord
    from indexer.progress import Progress

BATCH = 50  # articles a write: small enough that writing goes on beside extraction instead of after it
FEEDS_AT_ONCE = 20  # feeds being read at a time; each holds its entries in memory
PAGES_AT_ONCE = 40  # pages being fetched or extracted at a time
# What may be different at the next poll: a feed with such an entry is read again even if it did not change.
TEMPORARY = frozenset({Reason.UNREACHABLE, Reason.TIMEOUT, Reason.HTTP_STATUS, Reason.NOT_WRITTEN})


@dataclass(slots=True)
class _Poll:
    """What is to be recorded of a feed when all its entries have ended."""

    record: FeedRecord
    entries: int = 0
    again: bool = False  # an entry failed in a way that may pass
    fields: dict[str, Any] = field(default_factory=dict)


class _Run:
    """One run: the pool, the batch that is filling, and the report."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        *,
        now: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self.store = store
        self.fetcher = fetcher
        self.workers = workers
        self.now = now
        self.progress = progress
        self.report = Report()
        self.failure: StoreError | None = None
        self._batch: list[Arrival] = []
        self._writing = asyncio.Lock()
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)
        self._feeds = asyncio.Semaphore(FEEDS_AT_ONCE)

    # -- feeds ---------------------------------------------------------------------------------------------

    async def feed(self, record: FeedRecord) -> _Poll:
        """Read one feed and everything that is new in it; an expected failure becomes a line of the report."""
        poll = _Poll(record=record)
        async with self._feeds:
            try:
                await self._feed(record, poll)
            except RejectedError as error:
                self.report.feeds_failed.append(Rejection(what=record.url, reason=error.reason, detail=error.detail))
                poll.fields = {"last_polled": self.now(), "last_error": str(error), "last_reason": error.reason.value}
            except StoreError as error:
                self.failure = error
                poll.again = True
        self.progress.advance()
        return poll

    async def _feed(self, record: FeedRecord, poll: _Poll) -> None:
        got = await self.fetcher.get(record.url, kind="feed", etag=record.etag, last_modified=record.last_modified)
        body_hash = hashlib.sha256(got.body).hexdigest()
        self.report.feeds_read += 1
        success: dict[str, Any] = {
            "last_polled": self.now(),
            "last_success": self.now(),
            "last_error": None,
            "last_reason": None,
        }
        if got.moved_permanently_to:
            success["moved_to"] = got.moved_permanently_to
        if got.status == 304 or body_hash == record.body_hash:
            self.report.feeds_unchanged += 1
            poll.fields = {**success, "new_entries": 0}
            return
        parsed = await self.workers.run(
            feed_parser.parse,
            got.body,
            url=got.final_url,
            content_type=got.content_type,
            now=self.now(),
            timeout=FEED_TIMEOUT,
        )
        self.report.read += parsed.read
        self.report.warnings += [f"{record.url}: {warning}" for warning in parsed.warnings]
        for rejection in parsed.rejected:
            self.report.count(Outcome.REJECTED, rejection)
        fresh = await self._entries(record, parsed, poll)
        poll.entries = parsed.read
        poll.fields = {
            **success,
            "title": parsed.title or record.title,
            "site": parsed.link,
            "icon": parsed.icon,
            "language": parsed.language,
            "etag": got.etag,
            "last_modified": got.last_modified,
            "body_hash": body_hash,
            "entries": parsed.read,
            "new_entries": fresh,
        }

    async def _entries(self, record: FeedRecord, parsed: ParsedFeed, poll: _Poll) -> int:
        """Bring in what is new or changed; give how many entries were not known before."""
        ids = [article_id(entry.url) for entry in parsed.entries]
        keys = [normalise(entry.url) for entry in parsed.entries]
        try:
            known = await asyncio.to_thread(self.store.articles.known, ids, keys)
        except StoreError as error:
            for entry in parsed.entries:
                self._unwritten(entry.url, error)
            raise
        pending = []
        fresh = 0
        for entry, identity, key in zip(parsed.entries, ids, keys, strict=True):
            there = known.get(identity)
            digest = entry_hash(entry)
            if (there and there.entry_hash == digest) or (there is None and key in known):
                self.report.count(Outcome.UNCHANGED)
                continue
            fresh += there is None
            keep_page_text = bool(there and there.text_origin == "page")
            pending.append(self._entry(record, parsed, entry, digest, poll, keep_page_text=keep_page_text))
        await asyncio.gather(*pending)
        return fresh

    async def _entry(
        self,
        record: FeedRecord,
        parsed: ParsedFeed,
        entry: Entry,
        digest: str,
        poll: _Poll,
        *,
        keep_page_text: bool,
    ) -> None:
        async with self._pages:
            if self.failure:
                self._unwritten(entry.url, self.failure)
                poll.again = True
                return
            page, extraction, failure = await self._page(entry) if entry.has_link else (None, None, None)
            try:
                article = articles.from_entry(
                    entry,
                    source_name=record.name or parsed.title or record.domain,
                    feed_url=record.url,
                    feed_icon=parsed.icon,
                    feed_language=parsed.language,
                    page=page,
                    extraction=extraction,
                    failure=failure,
                    seen=self.now(),
                )
            except RejectedError as error:
                poll.again |= error.reason in TEMPORARY
                self.report.count(Outcome.REJECTED, Rejection(what=entry.url, reason=error.reason, detail=error.detail))
                return
            if keep_page_text and article.origins["text"] != "page":
                poll.again = True  # the page was there before: what fails now shall not replace it
                self.report.count(Outcome.UNCHANGED)
                return
            if article.origins["text"] == "feed":
                language = await self.workers.run(extract.detect_language, article.text, timeout=PAGE_TIMEOUT)
                article = replace(article, language=language or article.language)
        await self._arrive(Arrival(article=article, what=entry.url, entry_hash=digest))

    async def _page(self, entry: Entry) -> tuple[Fetched | None, Extraction | None, RejectedError | None]:
        page = None
        try:
            page = await self.fetcher.get(entry.url, kind="page")
            extraction = await self._extract(page)
        except RejectedError as error:
            return page, None, error
        return page, extraction, None

    async def _extract(self, page: Fetched) -> Extraction:
        return await self.workers.run(
            extract.extract,
            page.body,
            url=page.final_url,
            content_type=page.content_type,
            now=self.now(),
            timeout=PAGE_TIMEOUT,
        )

    # -- single pages --------------------------------------------------------------------------------------

    async def single(self, what: str, get: Callable[[], Awaitable[Fetched]]) -> None:
        """Index one page or file that was named."""
        self.report.read += 1
        try:
            page = await get()
            article: Article = articles.from_page(page, await self._extract(page), seen=self.now())
        except RejectedError as error:
            self.report.count(Outcome.REJECTED, Rejection(what=what, reason=error.reason, detail=error.detail))
        else:
            await self._arrive(Arrival(article=article, what=what))
        self.progress.advance()

    # -- writing -------------------------------------------------------------------------------------------

    async def _arrive(self, arrival: Arrival) -> None:
        self._batch.append(arrival)
        if len(self._batch) >= BATCH:
            await self.flush()

    async def flush(self) -> None:
        """Write what has gathered; one write at a time, while pages go on being fetched."""
        async with self._writing:
            batch, self._batch = self._batch, []
            if not batch:
                return
            if self.failure:
                for each in batch:
                    self._unwritten(each.what, self.failure)
                return
            try:
                await asyncio.to_thread(take_in, self.store, batch, self.report, now=self.now)
            except StoreError as error:
                self.failure = error

    def _unwritten(self, what: str, error: StoreError) -> None:
        self.report.count(Outcome.REJECTED, Rejection(what=what, reason=Reason.NOT_WRITTEN, detail=str(error)))


def ingest(
    store: Store,
    *,
    feeds: Sequence[FeedRecord],
    allow_private: bool,
    now: Callable[[], datetime],
    progress: Progress,
    processes: int | None = None,
) -> Report:
    """Poll the feeds once, index what is new or changed, and find its pairs.

    Nothing raised here is an expected failure of a feed or page: those stand in the report. A feed's ETag and hash
    are recorded only when every one of its entries has ended well, so that a run that was cut short is made up for.
    """

    async def work(run: _Run) -> None:
        progress.start("polling feeds", len(feeds))
        polls = await asyncio.gather(*(run.feed(record) for record in feeds))
        await run.flush()
        for poll in polls:
            if not run.failure and poll.fields:
                if poll.again:
                    for name in ("etag", "last_modified", "body_hash"):
                        poll.fields.pop(name, None)
                await asyncio.to_thread(store.feeds.update, poll.record.id, **poll.fields)
        if not run.failure:
            await asyncio.to_thread(store.feeds.refresh)

    return _run(store, work, allow_private=allow_private, now=now, progress=progress, processes=processes)


def add(
    store: Store,
    *,
    urls: Sequence[str],
    files: Sequence[Path],
    allow_private: bool,
    now: Callable[[], datetime],
    progress: Progress,
    processes: int | None = None,
) -> Report:
    """Index single pages by URL, and saved pages from files."""

    async def work(run: _Run) -> None:
        progress.start("adding pages", len(urls) + len(files))

        async def read(path: Path) -> Fetched:
            body, url = await asyncio.to_thread(lambda: (path.read_bytes(), path.resolve().as_uri()))
            return Fetched(url=url, final_url=url, status=200, body=body)

        await asyncio.gather(
            *(run.single(url, lambda url=url: run.fetcher.get(url, kind="page")) for url in urls),  # type: ignore[misc]
            *(run.single(str(path), lambda path=path: read(path)) for path in files),  # type: ignore[misc]
        )
        await run.flush()

    return _run(store, work, allow_private=allow_private, now=now, progress=progress, processes=processes)


def _run(
    store: Store,
    work: Callable[[_Run], Awaitable[None]],
    *,
    allow_private: bool,
    now: Callable[[], datetime],
    progress: Progress,
    processes: int | None,
) -> Report:
    async def main() -> Report:
        with Workers(processes or os.cpu_count() or 2) as workers:
            async with Fetcher(allow_private=allow_private) as fetcher:
                run = _Run(store, fetcher, workers, now=now, progress=progress)
                await work(run)
                if run.failure:
                    run.report.warnings.append(str(run.failure))
                else:
                    # what an earlier run left behind when it was cut short
                    run.report.pairs.update(await asyncio.to_thread(_leftover, store, now))
                return run.report

    began = time.monotonic()
    try:
        report = asyncio.run(main())
    finally:
        progress.finish()
    report.seconds = time.monotonic() - began
    report.check()
    return report


def _leftover(store: Store, now: Callable[[], datetime]) -> dict[str, int]:
    """Judge what is still pending, and let the searches that follow see all of this run."""
    found = dict(detect(store, now=now))
    store.articles.refresh()
    return found
