"""Measure pages a second end to end against bare extraction, and where the time goes: ``scripts/bench ingest``."""

from __future__ import annotations

import asyncio
import gzip
import statistics
import time
from collections import defaultdict
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from benchmarks import bare, processors, residents, site, stages
from benchmarks.common import PAGES, need, store
from benchmarks.variants import vary
from indexer import allocation
from indexer import ingest as pipeline
from indexer.elastic import Store
from indexer.elastic.articles import Articles
from indexer.fetch import Fetcher, Pacing
from indexer.ingest import writing
from indexer.progress import Silent
from indexer.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from indexer.reports import Report

ENTRIES = 20  # of a feed
WARM_UP = 1  # rounds before those that count: a Java that has just started compiles beside its work
NAP = 0.5  # seconds
PARTS = 20  # looks at memory that are printed


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one way took for all pages, in seconds."""

    seconds: float
    processors: dict[str, float]  # user and system time, by process
    start: float = 0.0  # of the workers, before
    stages: dict[str, float] = field(default_factory=dict)  # by the clock, beside each other
    outcome: str = ""

    @property
    def processor_seconds(self) -> float:
        """What all processes took together."""
        return sum(self.processors.values())


def run(processes: int, rounds: int, count: int) -> None:
    """Time bare extraction and the whole pipeline in turn; print each round, the median ratios, and a breakdown."""
    pages = load()
    paths = paths_of(pages, count)
    bodies = [vary(pages[name], number) for number, name in paths]
    print(
        f"{len(bodies)} pages, {sum(map(len, bodies)) / 1e6:.1f} MB, {processes} processes, {rounds} rounds: "
        f"{len(pages)} real ones, and variants of them, their words in another order\n"
        "bare: trafilatura's bare_extraction with metadata, without comments and deduplication, of bytes in memory,\n"
        "in a warm pool. condensat: the same pages over HTTP, through workers that are ready, into empty\n"
        "indices, until all their pairs are found. In turn, beside the same Elasticsearch."
    )
    both: list[tuple[Run, Run]] = []
    with store() as opened, site.served(answers(pages, paths)) as served:
        feeds = [f"{served.base}{path}" for path in feeds_of(paths)]
        for number in range(1 - WARM_UP, rounds + 1):
            seconds, spent, _ = bare.time_pool(bodies, processes)
            alone = Run(seconds=seconds, processors=spent)
            whole = time_pipeline(opened, feeds, processes, served)
            if number > 0:
                both.append((alone, whole))
                _tell(number, len(bodies), alone, whole)
    _conclude(both)
    stages.tell(pages)


def memory(processes: int, count: int) -> None:
    """Ingest many pages in one run, and print what memory each process has meanwhile."""
    allocation.settle()  # as the command does
    pages = load()
    paths = paths_of(pages, count)
    print(f"{count} pages: {len(pages)} real ones, and variants of them; {processes} processes")
    with store() as opened, site.served(answers(pages, paths), keep=False) as served:
        feeds = [f"{served.base}{path}" for path in feeds_of(paths)]
        with residents.watched(besides={served.pid}, parts=PARTS, of=count) as counter:
            whole = time_pipeline(opened, feeds, processes, served, counter=counter)
    print(f"{count / whole.seconds:.1f} pages/s; {whole.outcome}")


def load() -> dict[str, bytes]:
    """Read the real pages, by name."""
    need(PAGES)
    found = sorted(PAGES.glob("*.html.gz"))
    return {path.name.removesuffix(".html.gz"): gzip.decompress(path.read_bytes()) for path in found}


def paths_of(pages: dict[str, bytes], count: int) -> list[tuple[int, str]]:
    """Give so many pages as ``(number of the variant, name)``."""
    return [(number, name) for number in range(-(-count // len(pages))) for name in pages][:count]


def feeds_of(paths: Sequence[tuple[int, str]]) -> dict[str, bytes]:
    """Write feeds that list the pages, each some of them, by path."""
    parts = [paths[start : start + ENTRIES] for start in range(0, len(paths), ENTRIES)]
    return {
        f"/feed{count}.xml": site.feed(
            {f"/{number}/{escape(name)}.html": f"{escape(name)} {number}" for number, name in part},
            title=f"feed {count}",
        )
        for count, part in enumerate(parts)
    }


def answers(pages: dict[str, bytes], paths: Sequence[tuple[int, str]]) -> dict[str, tuple[str, bytes]]:
    """Give what the site answers, by path."""
    return {
        **{path: ("application/rss+xml", body) for path, body in feeds_of(paths).items()},
        **{f"/{name}.html": ("text/html", body) for name, body in pages.items()},
    }


class Warm(Workers):
    """Worker processes that are ready before they are used."""

    def __init__(self, processes: int) -> None:
        super().__init__(processes)
        before = processors.children()
        began = time.perf_counter()
        asyncio.run(self._warm_up_all())
        self.start_seconds = time.perf_counter() - began - NAP
        self.pids = processors.children() - before

    async def _warm_up_all(self) -> None:
        """Keep each worker busy for a moment, so that no task can do without the last of them."""
        await asyncio.gather(*(self.run(time.sleep, NAP, timeout=60) for _ in range(self.processes)))


def time_pipeline(
    opened: Store,
    feeds: Sequence[str],
    processes: int,
    served: site.Site,
    *,
    counter: Callable[[], None] = lambda: None,
) -> Run:
    """Ingest the feeds into empty indices, with workers that are ready; ``counter`` is told of each task done."""
    opened.drop()
    opened.init()
    for each in feeds:
        opened.feeds.add(each, now=datetime.now(UTC))
    with Warm(processes) as workers, timed(workers, counter) as waits:
        others = {f"worker {number}": pid for number, pid in enumerate(sorted(workers.pids), 1)}
        others["site"] = served.pid
        before = processors.read(opened, others)
        began = time.perf_counter()
        report = pipeline.ingest(
            opened,
            feeds=opened.feeds.all(),
            web=pipeline.Web(allow_private=True, pacing=Pacing(delay=0.0, per_host=16)),
            worker=pipeline.Worker.this_process(),
            now=partial(datetime.now, UTC),
            progress=Silent(),
            processes=processes,
        )
        seconds = time.perf_counter() - began
        spent = processors.spent(before, processors.read(opened, others))
    return Run(
        seconds=seconds, start=workers.start_seconds, processors=spent, stages=dict(waits), outcome=_outcome(report)
    )


@contextmanager
def timed(workers: Workers, counter: Callable[[], None]) -> Iterator[dict[str, float]]:
    """Have the pipeline use these workers, and add up the seconds in which each of its stages was under way.

    What was imported is replaced by versions that take the time; stages run beside each other.
    """
    waits: dict[str, float] = defaultdict(float)
    whole, writer = cast("Any", pipeline), cast("Any", writing)  # for what they import

    def by_clock(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                waits[stage] += time.perf_counter() - began

        return call

    opening, run = Fetcher.open, Workers.run

    @asynccontextmanager
    async def timed_open(self: Any, *args: Any, **options: Any) -> AsyncIterator[Any]:
        began = time.perf_counter()
        async with opening(self, *args, **options) as fetched:
            waits["fetch, and wait for a turn"] += time.perf_counter() - began
            yield fetched

    async def timed_run(self: Any, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return await run(self, *args, **options)
        finally:
            counter()
            waits["extract, and wait for a worker"] += time.perf_counter() - began

    replaced: list[tuple[Any, str, Any]] = [
        (pipeline, "Workers", lambda _: nullcontext(workers)),
        (Fetcher, "open", timed_open),
        (Workers, "run", timed_run),
        (writing, "write", by_clock("write", writer.write)),
        (writing, "detect", by_clock("detect", writer.detect)),
        (pipeline, "detect", by_clock("detect at the end", whole.detect)),
        (Store, "condense", by_clock("of write: condense", Store.condense)),
        (Articles, "known", by_clock("of write: known", Articles.known)),
        (Articles, "write", by_clock("of write: documents", Articles.write)),
    ]
    with ExitStack() as stack:
        for owner, name, new in replaced:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, new)
        yield waits


def _outcome(report: Report) -> str:
    return f"{report.created} created, {len(report.rejections)} rejected, {sum(report.pairs.values())} pairs"


def _tell(number: int, pages: int, alone: Run, whole: Run) -> None:
    print(
        f"\nround {number}: bare {pages / alone.seconds:5.1f} pages/s, condensat {pages / whole.seconds:5.1f}: "
        f"ratio {alone.seconds / whole.seconds:.2f}, with the start of the workers ({whole.start:.2f} s) "
        f"{alone.seconds / (whole.seconds + whole.start):.2f}   ({whole.outcome})"
    )
    print(
        f"  processor ms a page: bare {1000 * alone.processor_seconds / pages:.1f}, "
        f"condensat {1000 * whole.processor_seconds / pages:.1f} "
        f"({', '.join(f'{name} {1000 * each / pages:.1f}' for name, each in whole.processors.items())}): "
        f"ratio {alone.processor_seconds / whole.processor_seconds:.2f}"
    )
    print(f"  the clock, s: {', '.join(f'{name} {seconds:.2f}' for name, seconds in whole.stages.items())}")


def _conclude(both: Sequence[tuple[Run, Run]]) -> None:
    clock = statistics.median(alone.seconds / whole.seconds for alone, whole in both)
    cold = statistics.median(alone.seconds / (whole.seconds + whole.start) for alone, whole in both)
    work = statistics.median(alone.processor_seconds / whole.processor_seconds for alone, whole in both)
    print(
        f"\nmedian ratio {clock:.2f} by the clock ({cold:.2f} with the start of workers), "
        f"{work:.2f} by processor seconds"
    )
