"""Extract with trafilatura alone, in processes without the product, which sets its parser otherwise."""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING

from trafilatura import bare_extraction

from benchmarks import processors

if TYPE_CHECKING:
    from collections.abc import Sequence


def extract(body: bytes) -> float:
    """Extract text and metadata as a user would who wants articles; give the processor seconds."""
    began = time.process_time()
    bare_extraction(body, include_comments=False, deduplicate=False, with_metadata=True)
    return time.process_time() - began


def time_pool(pages: Sequence[bytes], processes: int) -> tuple[float, dict[str, float], float]:
    """Time a warm pool over all pages: seconds by the clock, processor seconds by process, and those in the calls."""
    others = processors.children()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(extract, pages[: processes * 4], chunksize=1)
        pids = {f"worker {number}": pid for number, pid in enumerate(sorted(processors.children() - others), 1)}
        before = {name: processors.of(pid) for name, pid in pids.items()}
        began = time.perf_counter()
        calls = sum(pool.map(extract, pages, chunksize=1))
        seconds = time.perf_counter() - began
        after = {name: processors.of(pid) for name, pid in pids.items()}
    return seconds, processors.spent(before, after), calls
