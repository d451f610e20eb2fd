"""Poll one feed: fetch and parse it, bring in what is new, and decide what to remember; who may poll it is settled."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

from indexer import feeds as feed_parser
from indexer.archive import ArchiveError
from indexer.elastic.errors import StoreError
from indexer.indexing import entry_hash
from indexer.ingest import decide
from indexer.ingest.decide import End, PollEnd, Step
from indexer.models import ParsedFeed, Reason, RejectedError, Rejection
from indexer.reports import Outcome
from indexer.urls import article_id, normalise
from indexer.workers import FEED_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from indexer.archive import Keeper
    from indexer.elastic import Store
    from indexer.elastic.feeds import FeedRecord
    from indexer.fetch import Fetcher
    from indexer.ingest.decide import Task
    from indexer.ingest.pages import Pages
    from indexer.ingest.writing import Writer
    from indexer.models import Fetched
    from indexer.reports import Report
    from indexer.workers import Workers

OPEN_AT_ONCE = 20  # feeds whose entries are being brought in; each holds them in memory
PAGES_OF_A_FEED = 8  # at once: a feed of a hundred new entries on one host shall not stand in the way of the others


class Poller:
    """Polls feeds, any number at once."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        workers: Workers,
        *,
        pages: Pages,
        writer: Writer,
        keeper: Keeper,
        now: Callable[[], datetime],
        stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._workers = workers
        self._pages = pages
        self._writer = writer
        self._keeper = keeper
        self._now = now
        self._stopping = stopping
        self._open = asyncio.Semaphore(OPEN_AT_ONCE)
        self._on_their_way = 0  # feeds from which something may still come to the writer

    @property
    def report(self) -> Report:
        """Where entries and feeds are counted."""
        return self._writer.report

    async def poll(self, feed: FeedRecord, *, retry: bool) -> PollEnd:
        """Read a feed and everything that is new in it; an expected failure becomes a line of the report.

        ``retry`` tries every entry again that failed in passing, due or not.
        """
        self._on_their_way += 1
        try:
            outcome = await self._poll(feed, retry=retry)
        except RejectedError as error:
            self._gone_by()
            if error.reason is not Reason.INTERRUPTED:
                self.report.feeds_failed.append(Rejection(what=feed.url, reason=error.reason, detail=error.detail))
                outcome = decide.after_failure(feed, error, now=self._now())
            else:
                outcome = PollEnd(fields={})
        if outcome.alarm:
            self.report.alarms.append(outcome.alarm)
        if outcome.moved_to:
            self.report.warnings.append(
                f"{feed.url}: it has moved to {outcome.moved_to}, and is polled there from now on"
            )
        return outcome

    async def _poll(self, feed: FeedRecord, *, retry: bool) -> PollEnd:
        due = feed.retry_at is not None and (retry or feed.retry_at <= self._now())
        conditions: dict[str, Any] = {} if due else {"etag": feed.etag, "last_modified": feed.last_modified}
        async with self._fetcher.open(feed.url, kind="feed", **conditions) as got:
            body_hash = hashlib.sha256(got.body).hexdigest()
            unchanged = got.status == 304 or (body_hash == feed.body_hash and not due)
            parsed = None if unchanged else await self._parse(got)
            if parsed is not None and body_hash != feed.body_hash:
                await self._keep(got)
        self.report.feeds_read += 1
        ends: list[End] = []
        if parsed is None:
            self.report.feeds_unchanged += 1
            self._gone_by()
        else:
            parsed = decide.within(feed.first_url, parsed, got.final_url)
            self._count(feed, parsed)
            ends = await self._entries(feed, parsed, retry=retry)
        taken = await self._is_taken(feed, got)
        return decide.after_success(
            feed, got, parsed=parsed, ends=ends, body_hash=body_hash, address_is_taken=taken, now=self._now()
        )

    async def _parse(self, got: Fetched) -> ParsedFeed:
        return await self._workers.run(
            feed_parser.parse,
            got.body,
            url=got.final_url,
            content_type=got.content_type,
            now=self._now(),
            timeout=FEED_TIMEOUT,
        )

    async def _keep(self, got: Fetched) -> None:
        """Put a feed into the archive before anything that it led to."""
        try:
            await asyncio.to_thread(self._keeper.feed, got)
        except ArchiveError as error:
            raise RejectedError(Reason.NOT_WRITTEN, str(error)) from error

    def _count(self, feed: FeedRecord, parsed: ParsedFeed) -> None:
        self.report.read += parsed.read
        self.report.warnings += [f"{feed.url}: {warning}" for warning in parsed.warnings]
        for rejection in parsed.rejected:
            self.report.count(Outcome.REJECTED, rejection)

    async def _entries(self, feed: FeedRecord, parsed: ParsedFeed, *, retry: bool) -> list[End]:
        """Bring in what is new or changed; give how each entry ended, when the last has."""
        async with self._open:
            try:
                tasks = await asyncio.to_thread(self._decide, feed, parsed, retry=retry)
            except StoreError as error:
                for entry in parsed.entries:
                    self._reject(entry.url, Reason.NOT_WRITTEN, str(error))
                self._gone_by()
                raise
            at_once = asyncio.Semaphore(PAGES_OF_A_FEED)

            async def bring(task: Task) -> tuple[End, asyncio.Future[Rejection | None] | None]:
                async with at_once:
                    return await self._entry(feed, parsed, task)

            ends = [self._at_rest(task) for task in tasks if not task.is_open]
            brought = await asyncio.gather(*(bring(task) for task in tasks if task.is_open))
        # The writer is waited for without holding up other feeds, which may be what fills its batch.
        self._gone_by()
        return ends + [await _written(end, future) for end, future in brought]

    def _decide(self, feed: FeedRecord, parsed: ParsedFeed, *, retry: bool) -> list[Task]:
        entries = [(entry, article_id(entry.url), entry_hash(entry)) for entry in parsed.entries]
        known = self._store.articles.known(
            [identity for _, identity, _ in entries], [normalise(entry.url) for entry, _, _ in entries]
        )
        return decide.tasks(entries, known=known, unsettled=feed.unsettled, now=None if retry else self._now())

    def _at_rest(self, task: Task) -> End:
        """Count an entry with which nothing is to be done."""
        if task.before is None or task.step is Step.KNOWN or task.is_there:
            self.report.count(Outcome.UNCHANGED)
        else:
            tried = f"as before, tried {task.before.tries} times" if task.before.tries > 1 else "as before"
            self._reject(task.entry.url, Reason(task.before.reason), tried)
        return End(task=task)

    async def _entry(
        self, feed: FeedRecord, parsed: ParsedFeed, task: Task
    ) -> tuple[End, asyncio.Future[Rejection | None] | None]:
        """Bring in one entry, up to the writer."""
        url = task.entry.url
        if self._writer.failure:
            return self._failed(task, RejectedError(Reason.NOT_WRITTEN, str(self._writer.failure))), None
        if self._stopping():
            return self._failed(task, RejectedError(Reason.INTERRUPTED, "stopped before it was fetched")), None
        try:
            made = await self._pages.of_entry(feed, parsed, task)
        except RejectedError as error:
            return self._failed(task, error), None
        if made.arrival is None:
            self.report.count(Outcome.UNCHANGED)
            failure = made.failure or RejectedError(Reason.NO_TEXT, url)
            return End(task=task, reason=failure.reason, passing=decide.passes(failure)), None
        written = await self._writer.put(made.arrival, made.note)
        if made.failure is not None and decide.passes(made.failure):
            return End(task=task, reason=made.failure.reason, passing=True, stands_in=True), written
        return End(task=task), written

    def _failed(self, task: Task, error: RejectedError) -> End:
        self._reject(task.entry.url, error.reason, error.detail)
        return End(task=task, reason=error.reason, passing=decide.passes(error))

    def _reject(self, what: str, reason: Reason, detail: str) -> None:
        self.report.reject(Rejection(what=what, reason=reason, detail=detail))

    def _gone_by(self) -> None:
        """Hurry the writer when nothing more is on its way to it."""
        self._on_their_way -= 1
        if self._on_their_way == 0:
            self._writer.hurry()

    async def _is_taken(self, feed: FeedRecord, got: Fetched) -> bool:
        """Tell whether another feed has the address that this one moved to."""
        if not got.moved_permanently_to:
            return False
        other = await asyncio.to_thread(self._store.feeds.at, got.moved_permanently_to)
        return other is not None and other.id != feed.id


async def _written(end: End, future: asyncio.Future[Rejection | None] | None) -> End:
    rejection = await future if future is not None else None
    if rejection is None:
        return end
    return End(task=end.task, reason=rejection.reason, passing=True)
