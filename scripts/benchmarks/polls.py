"""Poll many feeds that have not changed, each on a host of its own: ``scripts/bench polls``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import processors, site
from benchmarks.common import store
from indexer import ingest as pipeline
from indexer.ingest import Web
from indexer.progress import Silent

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.reports import Report

HOSTS = 250  # in the last part of an address of the loopback network


def run(count: int) -> None:
    """Poll ``count`` feeds for the first time, then twice when nothing has changed, and print what each took."""
    feed = ("application/rss+xml", site.feed({}, title="a quiet feed"))
    with store() as opened, site.served({"/feed.xml": feed}, address="0.0.0.0") as served:  # noqa: S104 for 127.0.0.0/8
        port = served.base.rpartition(":")[2]
        for number in range(count):
            host = f"127.1.{number // HOSTS}.{1 + number % HOSTS}"
            opened.feeds.add(f"http://{host}:{port}/feed.xml", now=datetime.now(UTC))
        for what in ("for the first time", "unchanged", "unchanged, again"):
            before, began = processors.read(opened, {"site": served.pid}), time.perf_counter()
            report = poll(opened)
            seconds = time.perf_counter() - began
            spent = processors.spent(before, processors.read(opened, {"site": served.pid}))
            print(
                f"{count} feeds {what}: {seconds:.1f} s; {report.feeds_read} read, {report.feeds_unchanged} unchanged, "
                f"{len(report.feeds_failed)} failed; processor s: "
                f"{', '.join(f'{name} {each:.2f}' for name, each in spent.items())}"
            )


def poll(opened: Store) -> Report:
    """Poll every feed once."""
    return pipeline.ingest(
        opened,
        feeds=opened.feeds.all(),
        web=Web(allow_private=True),
        worker=pipeline.Worker.this_process(),
        now=partial(datetime.now, UTC),
        progress=Silent(),
    )
