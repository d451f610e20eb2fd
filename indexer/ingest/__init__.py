"""Poll feeds, and take in single pages: the use cases put the stages in order and decide nothing about any of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from indexer.archive import Silence
from indexer.detect import detect
from indexer.elastic.errors import StoreError
from indexer.fetch import DEFAULT_PACING, DEFAULT_USER_AGENT, Fetcher, Pacing
from indexer.ingest import rounds
from indexer.ingest.foreign import Foreign, is_archive
from indexer.ingest.making import Maker
from indexer.ingest.pages import Made, Pages
from indexer.ingest.polling import Poller
from indexer.ingest.shift import LEASE, Shift, Worker
from indexer.ingest.stop import Stop
from indexer.ingest.writing import Writer
from indexer.models import RejectedError, Rejection
from indexer.progress import Silent
from indexer.reports import Report
from indexer.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from indexer.archive import Keeper
    from indexer.elastic import Store
    from indexer.elastic.feeds import FeedRecord
    from indexer.progress import Progress
    from indexer.vocabulary import Tagger

__all__ = ["LEASE", "Stop", "Web", "Worker", "add", "ingest", "watch"]

LEFTOVER_EVERY = 600.0  # seconds between two looks for what other workers left unfinished
PAGES_AT_ONCE = 50  # single pages begun at a time
NOTHING_KEPT = Silence()
# Seconds until a watch goes on after Elasticsearch failed, times the failures in a row.
AFTER_FAILURE, AFTER_FAILURE_CAP = 5.0, 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Web:
    """How the web is asked."""

    allow_private: bool = False
    user_agent: str = DEFAULT_USER_AGENT
    pacing: Pacing = DEFAULT_PACING


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tools:
    """What stays the same from run to run."""

    store: Store
    fetcher: Fetcher
    workers: Workers
    keeper: Keeper
    tagger: Tagger | None
    now: Callable[[], datetime]


def ingest(
    store: Store,
    *,
    feeds: Sequence[FeedRecord],
    web: Web,
    worker: Worker,
    now: Callable[[], datetime],
    progress: Progress,
    named: Collection[str] = (),
    keeper: Keeper = NOTHING_KEPT,
    tagger: Tagger | None = None,
    processes: int | None = None,
    stop: Stop | None = None,
) -> Report:
    """Poll the feeds once, due or not, index what is new or changed, and find its pairs.

    Nothing raised here is an expected failure of a feed or page: those stand in the report. ``named`` are the ids of
    feeds that are polled even if they are gone or want to be left alone. A feed that another worker holds is skipped.
    """
    stop = stop or Stop()

    async def work(tools: _Tools) -> Report:
        writer, shift = _shift(tools, worker, progress, stop)
        progress.start("polling feeds", len(feeds))
        try:
            async with shift:
                await rounds.once(
                    store, shift, feeds, named=named, worker=worker, report=writer.report, now=now, stop=stop
                )
        except StoreError as error:
            writer.fail(error)
        return await writer.finish()

    return _run(
        work,
        store=store,
        web=web,
        keeper=keeper,
        tagger=tagger,
        now=now,
        progress=progress,
        processes=processes,
        stop=stop,
    )


def watch(
    store: Store,
    *,
    web: Web,
    worker: Worker,
    now: Callable[[], datetime],
    told: Callable[[Report, datetime | None], None],
    stop: Stop,
    keeper: Keeper = NOTHING_KEPT,
    tagger: Tagger | None = None,
    processes: int | None = None,
) -> Report:
    """Poll what is due until ``stop`` is asked for; any number of workers may share the feeds.

    ``told`` gets the report of each round and the time at which the next feed is due, if nothing is due before. When
    Elasticsearch fails, the round ends with the failure among its warnings, and the work goes on a little later. The
    last report, of what was under way at the end, is returned.
    """
    books = _Books(told)

    async def work(tools: _Tools) -> Report:
        leftovers = _Leftovers(store, now)
        failures = 0
        while True:
            writer, shift = _shift(tools, worker, Silent(), stop)
            books.open(writer)
            try:
                await asyncio.to_thread(leftovers.find)
                async with shift:
                    await rounds.until_stopped(
                        store, shift, worker=worker, now=now, stop=stop, told=books.tell, idle=leftovers.find_sometimes
                    )
            except StoreError as error:
                writer.fail(error)
            if stop.asked:
                return await writer.finish()
            failures = 1 if writer.report.feeds_read else failures + 1
            writer.tell_failure()
            pause = min(AFTER_FAILURE * failures, AFTER_FAILURE_CAP)
            books.tell(now() + timedelta(seconds=pause))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)

    return _run(
        work,
        store=store,
        web=web,
        keeper=keeper,
        tagger=tagger,
        now=now,
        progress=Silent(),
        processes=processes,
        stop=stop,
        before=books.unfinished,
    )


def add(
    store: Store,
    *,
    urls: Sequence[str],
    files: Sequence[Path],
    web: Web,
    now: Callable[[], datetime],
    progress: Progress,
    obey_robots: bool = True,
    keeper: Keeper = NOTHING_KEPT,
    tagger: Tagger | None = None,
    processes: int | None = None,
) -> Report:
    """Index single pages by URL, saved pages from files, and what is in WARC files."""
    archives = [each for each in files if is_archive(each)]
    saved = [each for each in files if each not in archives]

    async def work(tools: _Tools) -> Report:
        progress.start("adding pages", None if archives else len(urls) + len(saved))
        writer = Writer(store, now=now, keeper=keeper, tagger=tagger)
        maker = Maker(tools.workers, keeper)
        pages = Pages(tools.fetcher, maker, now=now, obey_robots=obey_robots)
        at_once = asyncio.Semaphore(PAGES_AT_ONCE)

        async def bring(what: str, make: Callable[[], Awaitable[Made]]) -> None:
            async with at_once:
                writer.report.read += 1
                try:
                    made = await make()
                except RejectedError as error:
                    writer.report.reject(Rejection(what=what, reason=error.reason, detail=error.detail))
                else:
                    if made.arrival is not None:
                        await writer.put(made.arrival, made.note)
                progress.advance()

        await asyncio.gather(
            *(bring(url, partial(pages.of_url, url)) for url in urls),
            *(bring(str(path), partial(pages.of_file, path)) for path in saved),
        )
        foreign = Foreign(tools.workers, maker, writer, now=now, progress=progress)
        for path in archives:
            await foreign.take(path)
        return await writer.finish()

    return _run(
        work,
        store=store,
        web=web,
        keeper=keeper,
        tagger=tagger,
        now=now,
        progress=progress,
        processes=processes,
        stop=Stop(),
    )


class _Books:
    """Hands out the report of each round, and knows what entries are read and not ended between two of them."""

    def __init__(self, told: Callable[[Report, datetime | None], None]) -> None:
        self._told = told
        self._writer: Writer | None = None
        self._unfinished = 0
        self._began = time.monotonic()

    def open(self, writer: Writer) -> None:
        """Turn to the writer that counts from now on."""
        self._writer = writer

    def tell(self, next_due: datetime | None) -> None:
        """Close the round and begin the next, if there is anything to tell."""
        report = self._writer.report if self._writer else Report()
        if report == Report() or self._writer is None:
            return
        self._writer.report = Report()
        self._unfinished += report.read - report.ended
        report.seconds = time.monotonic() - self._began
        self._began = time.monotonic()
        self._told(report, next_due)

    def unfinished(self) -> int:
        """Give the entries that the reports so far have read and not seen the end of."""
        return self._unfinished


class _Leftovers:
    """Looks now and then for articles of which the pairs were not found, since somebody died."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._last = 0.0

    def find(self) -> None:
        """Judge what is pending."""
        self._last = time.monotonic()
        detect(self._store, now=self._now)

    def find_sometimes(self) -> None:
        """Do so if it is time."""
        if time.monotonic() - self._last > LEFTOVER_EVERY:
            self.find()


def _shift(tools: _Tools, worker: Worker, progress: Progress, stop: Stop) -> tuple[Writer, Shift]:
    writer = Writer(tools.store, now=tools.now, keeper=tools.keeper, tagger=tools.tagger)
    poller = Poller(
        tools.store,
        tools.fetcher,
        tools.workers,
        pages=Pages(tools.fetcher, Maker(tools.workers, tools.keeper), now=tools.now),
        writer=writer,
        keeper=tools.keeper,
        now=tools.now,
        stopping=lambda: stop.asked,
    )
    return writer, Shift(tools.store, poller, writer, worker=worker, now=tools.now, progress=progress)


def _run(
    work: Callable[[_Tools], Awaitable[Report]],
    *,
    store: Store,
    web: Web,
    keeper: Keeper,
    tagger: Tagger | None,
    now: Callable[[], datetime],
    progress: Progress,
    processes: int | None,
    stop: Stop,
    before: Callable[[], int] = lambda: 0,
) -> Report:
    async def main() -> Report:
        with Workers(processes or os.cpu_count() or 2) as workers:
            fetcher = Fetcher(allow_private=web.allow_private, user_agent=web.user_agent, pacing=web.pacing, now=now)
            async with fetcher:
                stop.bind(fetcher.stop)
                try:
                    return await work(
                        _Tools(store=store, fetcher=fetcher, workers=workers, keeper=keeper, tagger=tagger, now=now)
                    )
                finally:
                    stop.unbind()

    began = time.monotonic()
    try:
        report = asyncio.run(main())
    finally:
        progress.finish()
    report.seconds = time.monotonic() - began
    report.check(before=before())
    return report
