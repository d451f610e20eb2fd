"""Gather articles, write them in batches beside the fetching, and find their pairs beside both.

Where they come from it must not know.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from indexer.detect import detect
from indexer.elastic.errors import StoreError
from indexer.indexing import Arrival, write
from indexer.ingest.batches import Batches
from indexer.models import Reason, Rejection
from indexer.reports import Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from indexer.elastic import Store

BATCH = 50  # articles a write: small enough that writing goes on beside extraction instead of after it
LINGER = 2.0  # seconds that an article waits for others, so that one slow site does not keep the rest from being found


class Writer:
    """Writes articles; ``report`` counts each of them, ``failure`` is why nothing is written any more."""

    def __init__(self, store: Store, *, now: Callable[[], datetime]) -> None:
        self.report = Report()
        self.failure: StoreError | None = None
        self._store = store
        self._now = now
        self._detecting: asyncio.Task[None] | None = None
        self._batches: Batches[Arrival, Rejection | None] = Batches(self._write, size=BATCH, linger=LINGER)

    async def put(self, arrival: Arrival) -> asyncio.Future[Rejection | None]:
        """Hand an article over; gives what will be None when it was written, or its rejection."""
        return await self._batches.put(arrival)

    def hurry(self) -> None:
        """Write what has gathered, since nothing more is on its way."""
        self._batches.hurry()

    async def drain(self) -> None:
        """Write all there is, and find its pairs."""
        await self._batches.drain()
        await self._detected()

    def fail(self, error: StoreError) -> None:
        """Write nothing any more; the first failure is the one that is told."""
        self.failure = self.failure or error

    async def _write(self, batch: list[Arrival]) -> list[Rejection | None]:
        if self.failure:
            return [self._unwritten(each.what, self.failure) for each in batch]
        report = Report()
        try:
            pending = await asyncio.to_thread(write, self._store, batch, report, now=self._now)
        except StoreError as error:
            self.fail(error)
        else:
            await self._detected()  # writing runs one batch ahead of detection
            if pending:
                self._detecting = asyncio.create_task(self._detect(pending))
        self.report.add(report)
        rejected = {each.what: each for each in report.rejections}
        return [rejected.get(each.what) for each in batch]

    async def _detect(self, pending: dict[str, bool]) -> None:
        try:
            self.report.pairs.update(await asyncio.to_thread(detect, self._store, pending, now=self._now))
        except StoreError as error:
            self.fail(error)

    async def _detected(self) -> None:
        if self._detecting is not None:
            await self._detecting

    def _unwritten(self, what: str, error: StoreError) -> Rejection:
        rejection = Rejection(what=what, reason=Reason.NOT_WRITTEN, detail=str(error))
        self.report.reject(rejection)
        return rejection
