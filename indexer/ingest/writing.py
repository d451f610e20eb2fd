"""Gather articles, write them in batches beside the fetching, and find their pairs beside both.

Where they come from it must not know.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from indexer.archive import ArchiveError
from indexer.detect import detect
from indexer.elastic.errors import StoreError
from indexer.indexing import Arrival, write
from indexer.ingest.batches import Batches
from indexer.models import Reason, Rejection
from indexer.reports import Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from indexer.archive import Keeper, Note
    from indexer.elastic import Store
    from indexer.elastic.documents import Created
    from indexer.models import CondensatError
    from indexer.vocabulary import Tagger

BATCH = 50  # articles a write: small enough that writing goes on beside extraction instead of after it
LINGER = 2.0  # seconds that an article waits for others, so that one slow site does not keep the rest from being found


class Writer:
    """Writes articles, when the archive is sure to hold what they were made of.

    ``report`` counts each of them, ``failure`` is why nothing is written any more.
    """

    def __init__(
        self, store: Store, *, now: Callable[[], datetime], keeper: Keeper, tagger: Tagger | None = None
    ) -> None:
        self.report = Report()
        self.failure: StoreError | None = None
        self._store = store
        self._now = now
        self._keeper = keeper
        self._tagger = tagger
        self._detecting: asyncio.Task[None] | None = None
        self._batches: Batches[tuple[Arrival, Note | None], Rejection | None] = Batches(
            self._write, size=BATCH, linger=LINGER
        )

    async def put(self, arrival: Arrival, note: Note | None = None) -> asyncio.Future[Rejection | None]:
        """Hand an article over, and what is to be noted of its page before it is written.

        Gives what will be None when it was written, or its rejection.
        """
        return await self._batches.put((arrival, note))

    def hurry(self) -> None:
        """Write what has gathered, since nothing more is on its way."""
        self._batches.hurry()

    async def flush(self) -> None:
        """Write all there is."""
        await self._batches.drain()

    async def drain(self) -> None:
        """Write all there is, and find its pairs."""
        await self._batches.drain()
        await self._detected()

    async def finish(self) -> Report:
        """Write all there is, judge what is pending of this run or an earlier one, and let searches see all of it."""
        await self.drain()
        try:
            if self.failure is None:
                self.report.pairs.update(await asyncio.to_thread(detect, self._store, now=self._now))
                await asyncio.to_thread(self._store.articles.refresh)
                await asyncio.to_thread(self._store.feeds.refresh)
        except StoreError as error:
            self.fail(error)
        self.tell_failure()
        return self.report

    def tell_failure(self) -> None:
        """Put into the report why nothing is written any more, if that is so."""
        if self.failure is not None:
            self.report.outages += 1
            self.report.warnings.append(str(self.failure))

    def fail(self, error: StoreError) -> None:
        """Write nothing any more; the first failure is the one that is told."""
        self.failure = self.failure or error

    async def _write(self, items: list[tuple[Arrival, Note | None]]) -> list[Rejection | None]:
        batch = [arrival for arrival, _ in items]
        if self.failure:
            return [self._unwritten(each.what, self.failure) for each in batch]
        try:
            await asyncio.to_thread(self._keeper.note, [note for _, note in items if note is not None])
        except ArchiveError as error:
            return [self._unwritten(each.what, error) for each in batch]
        report = Report()
        try:
            pending = await asyncio.to_thread(write, self._store, batch, report, now=self._now, tagger=self._tagger)
        except StoreError as error:
            self.fail(error)
        else:
            await self._detected()  # writing runs one batch ahead of detection
            if pending:
                self._detecting = asyncio.create_task(self._detect(pending))
        self.report.add(report)
        rejected = {each.what: each for each in report.rejections}
        return [rejected.get(each.what) for each in batch]

    async def _detect(self, pending: dict[str, Created | None]) -> None:
        try:
            self.report.pairs.update(await asyncio.to_thread(detect, self._store, pending, now=self._now))
        except StoreError as error:
            self.fail(error)

    async def _detected(self) -> None:
        if self._detecting is not None:
            await self._detecting

    def _unwritten(self, what: str, error: CondensatError) -> Rejection:
        rejection = Rejection(what=what, reason=Reason.NOT_WRITTEN, detail=str(error))
        self.report.reject(rejection)
        return rejection
