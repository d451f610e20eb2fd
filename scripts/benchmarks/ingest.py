"""Measure pages a second end to end against bare extraction, and where the time goes: ``scripts/bench ingest``."""

from __future__ import annotations

import gzip
import http.server
import multiprocessing
import statistics
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from trafilatura import bare_extraction

from benchmarks.common import PAGES, need, store
from indexer import ingest as pipeline
from indexer.fetch import Fetcher, Pacing
from indexer.ingest import writing
from indexer.progress import Silent
from indexer.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.elastic import Store


def run(processes: int, rounds: int) -> None:
    """Time bare extraction and the whole pipeline in turn, and print each round and the median ratio."""
    need(PAGES)
    pages = {
        path.name.removesuffix(".html.gz"): gzip.decompress(path.read_bytes())
        for path in sorted(PAGES.glob("*.html.gz"))
    }
    print(f"{len(pages)} pages, {sum(map(len, pages.values())) / 1e6:.1f} MB, {processes} processes, {rounds} rounds")
    ratios = []
    with store() as opened, served(pages) as base:
        for number in range(1, rounds + 1):
            bare = time_bare(list(pages.values()), processes)
            whole, stages, report = time_pipeline(opened, f"{base}/feed.xml", processes)
            ratios.append(bare / whole)
            print(
                f"round {number}: bare trafilatura {len(pages) / bare:6.1f} pages/s   "
                f"condensat {len(pages) / whole:6.1f} pages/s   ratio {bare / whole:.2f}   "
                f"({report.created} created, {len(report.rejections)} rejected, {sum(report.pairs.values())} pairs)"
            )
            print("         " + "   ".join(f"{name} {seconds:.2f} s" for name, seconds in stages.items()))
    print(f"median ratio {statistics.median(ratios):.2f}")


def extract_bare(body: bytes) -> bool:
    """Extract as the product does, without anything around it."""
    found = bare_extraction(body, include_comments=False, deduplicate=False, with_metadata=True)
    return found is not None


def time_bare(pages: list[bytes], processes: int) -> float:
    """Give the seconds that a warm pool takes for all pages."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(extract_bare, pages[: processes * 2], chunksize=1)
        began = time.perf_counter()
        pool.map(extract_bare, pages, chunksize=1)
        return time.perf_counter() - began


def time_pipeline(opened: Store, feed: str, processes: int) -> tuple[float, dict[str, float], Any]:
    """Ingest the feed into empty indices; give the seconds, those in each stage, and the report.

    Stages overlap: «fetch» and «extract» are sums over all pages (extract includes the wait for a worker), «write» and
    «pairs» the time that batches took, beside each other.
    """
    opened.drop()
    opened.init()
    opened.feeds.add(feed, now=datetime.now(UTC))
    spent = {"fetch": 0.0, "extract": 0.0, "write": 0.0, "pairs": 0.0}
    marks = {"extracted": 0.0}
    # what was imported is replaced by versions that take the time
    places: tuple[Any, Any, Any] = (writing, Fetcher, Workers)
    write, detect, opening, run = places[0].write, places[0].detect, Fetcher.open, Workers.run

    def timed(stage: str, function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **options)
            finally:
                spent[stage] += time.perf_counter() - began

        return call

    @asynccontextmanager
    async def timed_open(self: Any, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        async with opening(self, *args, **options) as fetched:
            spent["fetch"] += time.perf_counter() - began
            yield fetched

    async def timed_run(self: Any, *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return await run(self, *args, **options)
        finally:
            marks["extracted"] = time.perf_counter()
            spent["extract"] += marks["extracted"] - began

    places[0].write, places[0].detect = timed("write", write), timed("pairs", detect)
    places[1].open, places[2].run = timed_open, timed_run
    try:
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
        ended = time.perf_counter()
    finally:
        places[0].write, places[0].detect = write, detect
        places[1].open, places[2].run = opening, run
    spent["after the last page"] = ended - marks["extracted"]
    return ended - began, spent, report


@contextmanager
def served(pages: dict[str, bytes]) -> Iterator[str]:
    """Serve the pages and a feed that lists them from loopback."""
    items = "".join(f"<item><title>{name}</title><link>/{name}.html</link></item>" for name in map(escape, pages))
    feed = f'<rss version="2.0"><channel><title>bench</title>{items}</channel></rss>'.encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.removeprefix("/").removesuffix(".html")
            body = feed if self.path == "/feed.xml" else pages.get(name)
            self.send_response(200 if body is not None else 404)
            kind = "application/rss+xml" if self.path == "/feed.xml" else "text/html"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None:
            """Say nothing for each request."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
