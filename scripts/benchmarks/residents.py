"""Watch the resident memory of this process and of those that it started, while something is counted."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import processors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

EVERY = 0.5  # seconds between looks
MIB = 2**20


@contextmanager
def watched(*, besides: Collection[int], parts: int, of: int) -> Iterator[Callable[[], None]]:
    """Give what is to be called for each of ``of`` items, and print the peak of memory in each of ``parts``.

    ``besides`` are children that do not count.
    """
    done, peaks, over = [0], {"main": 0, "largest worker": 0}, threading.Event()

    def count() -> None:
        done[0] += 1

    def watch() -> None:
        part = 1
        while not over.wait(EVERY):
            workers = processors.children() - set(besides)
            peaks["main"] = max(peaks["main"], resident(os.getpid()))
            peaks["largest worker"] = max(peaks["largest worker"], *map(resident, workers), 0)
            if done[0] >= part * of / parts:
                print(f"{done[0]:7} done: {', '.join(f'{name} {size / MIB:.0f} MiB' for name, size in peaks.items())}")
                part = int(done[0] * parts / of) + 1
                peaks.update(dict.fromkeys(peaks, 0))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield count
    finally:
        over.set()
        thread.join()


def resident(pid: int) -> int:
    """Give the resident bytes of a process; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
