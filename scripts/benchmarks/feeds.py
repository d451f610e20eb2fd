"""Measure how fast real feeds are parsed: by feedparser's defaults, by our switches, and to plain text."""

from __future__ import annotations

import statistics
import tarfile
import time
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import feedparser

from benchmarks.common import DATA, need
from indexer import feeds
from indexer.feeds.encoding import decode
from indexer.feeds.syndication import parsed

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the feeds were saved in February 2026
URL = "https://feeds.example/feed"


def by_default(body: bytes) -> object:
    """Parse as anybody does who has fetched a feed, and so knows its address."""
    return feedparser.parse(body, response_headers={"content-location": URL})


def by_our_switches(body: bytes) -> object:
    """Parse as the product does, without what it does with the result."""
    return parsed(decode(body, None), url=URL)


def to_text(body: bytes) -> object:
    """Do all that the product does: decode, parse, and give entries in plain text."""
    return feeds.parse(body, url=URL, content_type=None, now=NOW)


WAYS: tuple[Callable[[bytes], object], ...] = (by_default, by_our_switches, to_text)


def run(rounds: int) -> None:
    """Time each way on each feed, one after the other, and print rates and ratios of processor time."""
    need(DATA)
    warnings.simplefilter("ignore")
    with tarfile.open(DATA / "feeds.tar.gz") as archive:
        opened = [archive.extractfile(each) for each in archive.getmembers() if each.isfile()]
        bodies = [file.read() for file in opened if file]
    size = sum(map(len, bodies)) / 1e6
    print(f"{len(bodies)} feeds, {size:.1f} MB, {rounds} rounds, seconds of one processor")
    ratios: dict[str, list[float]] = {each.__name__: [] for each in WAYS}
    for number in range(1, rounds + 1):
        taken = dict.fromkeys(WAYS, 0.0)
        for place, body in enumerate(bodies):
            for way in (*WAYS[place % 3 :], *WAYS[: place % 3]):  # each goes first as often as the others
                began = time.process_time()
                way(body)
                taken[way] += time.process_time() - began
        for way in WAYS:
            ratios[way.__name__].append(taken[by_default] / taken[way])
        said = "   ".join(f"{way.__name__} {size / taken[way]:.2f} MB/s" for way in WAYS)
        print(f"round {number}: {said}   ratios {' '.join(f'{each[-1]:.2f}' for each in ratios.values())}")
    print("   ".join(f"{name}: {statistics.median(each):.2f} times the default" for name, each in ratios.items()))
