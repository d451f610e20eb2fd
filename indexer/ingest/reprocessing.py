"""Make the articles again from what the archive holds of them, and tag the others again, without the network.

What was kept is taken in the order in which it was kept. Of an article that is in the index only the last version is
made again, which is the one that stands there; one that is not gets all its versions in turn, so that its dates and
revisions come back as well. Of articles that are not in the archive, as imported ones, the text is there: the
vocabulary is applied to it.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from indexer.archive import ArchiveError, Silence, Stock
from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError
from indexer.ingest.making import Maker
from indexer.ingest.queue import Queue
from indexer.ingest.writing import Writer
from indexer.models import Reason, RejectedError, Rejection
from indexer.reports import Outcome, Report
from indexer.tagging import EVERY, apply
from indexer.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from indexer.archive import Choice, Place
    from indexer.elastic import Store
    from indexer.elastic.articles import Known
    from indexer.indexing import Arrival
    from indexer.progress import Progress
    from indexer.vocabulary import Tagger

PART = 500  # looked up in the index at a time
A_WORKER = 3  # pages that are read ahead for each process, so that none waits


def reprocess(
    store: Store,
    paths: Sequence[Path],
    choice: Choice,
    *,
    now: Callable[[], datetime],
    progress: Progress,
    processes: int | None = None,
    tagger: Tagger | None = None,
) -> Report:
    """Make articles again from the files of an archive; every version that was chosen is counted.

    A version that another one replaced counts as unchanged, one that is damaged as rejected. Analysts' fields stay, and
    so do articles that were imported since. All that are chosen get the tags of the vocabulary; of those that are in
    the archive only the ones that it changes are counted once more. Raises ArchiveError where a file cannot be read.
    """
    began = time.monotonic()
    processes = processes or os.cpu_count() or 2

    try:
        with Workers(processes) as workers, Stock(list(paths)) as stock:
            progress.start("reading the archive", len(paths))
            found = stock.fill(choice, progress.advance)
            progress.start("reprocessing", stock.count())
            run = _Run(store, stock, workers, now=now, progress=progress, at_once=A_WORKER * processes, tagger=tagger)
            for where, problem in found.broken:
                run.broken(where, problem)
            report = asyncio.run(run.everything())
            if not report.outages:
                query = _query(choice)
                report.add(apply(store, tagger, now=now, progress=progress, query=query, counted=stock.without))
    finally:
        progress.finish()
    report.warnings += [f"{name} ends within a record, as a process that was killed leaves it" for name in found.cut]
    report.seconds = time.monotonic() - began
    report.check()
    return report


@dataclass(frozen=True, slots=True)
class _Made:
    """A version that was made again; ``arrival`` is None where the one that is there is as good."""

    what: str
    arrival: Arrival | None
    failure: RejectedError | None = None


class _Run:
    """One run over what was chosen."""

    def __init__(
        self,
        store: Store,
        stock: Stock,
        workers: Workers,
        *,
        now: Callable[[], datetime],
        progress: Progress,
        at_once: int,
        tagger: Tagger | None,
    ) -> None:
        self._store = store
        self._stock = stock
        self._maker = Maker(workers, Silence())
        self._writer = Writer(store, now=now, keeper=Silence(), tagger=tagger)
        self._now = now
        self._progress = progress
        self._at_once = at_once
        self._anew: set[str] = set()  # articles that were not in the index and have a later version still to come

    def broken(self, where: str, problem: str) -> None:
        """Count what cannot be read."""
        self._writer.report.read += 1
        self._writer.report.reject(Rejection(what=where, reason=Reason.BROKEN_RECORD, detail=problem))

    async def everything(self) -> Report:
        """Make again what was chosen."""
        async with Queue(self._hand_on, at_once=self._at_once) as queue:
            for part in _parts(self._stock.chosen()):
                self._writer.report.read += len(part)
                try:
                    known = await asyncio.to_thread(self._store.articles.known, [each.article for each in part], [])
                except StoreError as error:
                    self._writer.fail(error)
                    known = {}
                for place in part:
                    await queue.put(self._make(place, known.get(place.article)))
                # Versions of one article come in different parts: what the next finds in the index is this one.
                await queue.drain()
                await self._writer.flush()
        return await self._writer.finish()

    async def _make(self, place: Place, there: Known | None) -> _Made:
        """Make a version again, if it counts."""
        if self._writer.failure:
            return _Made(self._stock.name(place), None, RejectedError(Reason.NOT_WRITTEN, str(self._writer.failure)))
        if there is None or place.article in self._anew:
            (self._anew.discard if place.last else self._anew.add)(place.article)
            return await self._in_turn(place, there)
        if not place.last or there.text_origin == "import":
            return _Made(self._stock.name(place), None)
        return await self._last(place)

    async def _in_turn(self, place: Place, there: Known | None) -> _Made:
        """Make a version as it was made at its time: it does not replace a page's text by less."""
        made = await self._again(place)
        has_page_text = there is not None and there.text_origin == "page"
        if made.arrival is not None and has_page_text and not _is_full(made.arrival):
            return replace(made, arrival=None)
        return made

    async def _last(self, place: Place) -> _Made:
        """Make the version that stands: the last, or where that has not the page's text, the last that has."""
        made = await self._again(place)
        if made.arrival is not None and _is_full(made.arrival):
            return made
        stands = made.arrival
        for earlier in list(self._stock.earlier(place)):
            before = await self._again(earlier)
            if before.arrival is not None and _is_full(before.arrival):
                stands = before.arrival
                break
            stands = stands or before.arrival
        return replace(made, arrival=stands, failure=made.failure if stands is None else None)

    async def _again(self, place: Place) -> _Made:
        try:
            kept, body = await asyncio.to_thread(self._stock.read, place)
        except ArchiveError as error:
            return _Made(self._stock.name(place), None, RejectedError(Reason.BROKEN_RECORD, str(error)))
        found = kept.failure if kept.page is None else await self._maker.extracted(kept, body)
        try:
            return _Made(kept.what, await self._maker.article(kept, found))
        except RejectedError as error:
            return _Made(kept.what, None, error)

    async def _hand_on(self, made: _Made) -> None:
        self._progress.advance()
        if made.failure is not None:
            rejection = Rejection(what=made.what, reason=made.failure.reason, detail=made.failure.detail)
            self._writer.report.reject(rejection)
        elif made.arrival is None:
            self._writer.report.count(Outcome.UNCHANGED)
        else:
            await self._writer.put(made.arrival)


def _query(choice: Choice) -> dict[str, Any]:
    """Give the articles that are chosen, by what the index knows of them."""
    filters: list[dict[str, Any]] = []
    if choice.sources:
        fields = ("source.domain", "source.name", "source.feed")
        names = [
            {"term": {field: {"value": each, "case_insensitive": True}}} for field in fields for each in choice.sources
        ]
        filters.append({"bool": {"should": names, "minimum_should_match": 1}})
    bounds = {"gte": choice.since, "lt": choice.until}
    seen = {bound: moment(at) for bound, at in bounds.items() if at is not None}
    if seen:
        filters.append({"range": {"seen": seen}})
    return {"bool": {"filter": filters}} if filters else EVERY


def _is_full(arrival: Arrival) -> bool:
    return arrival.article.origins["text"] == "page"


def _parts(places: Iterator[Place]) -> Iterator[list[Place]]:
    """Part what was kept so that no part has two versions of one article."""
    part: dict[str, Place] = {}
    for place in places:
        if place.article in part or len(part) == PART:
            yield list(part.values())
            part = {}
        part[place.article] = place
    if part:
        yield list(part.values())
