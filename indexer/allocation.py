"""Manage memory as a long run needs it, in the interpreter and in the C library; whose it is, it must not know.

Answers of Elasticsearch are of many objects and of no cycle: with Python's 700 new objects after which cycles are
looked for, reading those of an import took two and a half times as long.

glibc has an arena for nearly every thread, and what many threads free in turn lies about in all of them: in an ingest
of 7,000 pages as much was free as was in use. And once it has seen a large piece freed, it no longer asks the system
for pieces of that size, but cuts them out of an arena, where they leave holes.
"""

from __future__ import annotations

import ctypes
import gc
import sys

GARBAGE_AFTER = 50_000  # objects
ARENAS = 1  # threads that hold the interpreter's lock seldom allocate at once
APART = 128 * 1024  # bytes from which on a piece is asked from the system, and given back

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h


def settle() -> None:
    """Do so for this process, before it starts threads; C libraries without these settings stay as they are."""
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, APART)
