"""How much memory and disk there is, and what that is enough for; it knows no node."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MIB = 1 << 20

LEAST_FREE = 100 * MIB  # to start at all; reading and searching needs little more than logs and cluster state


# Heap by physical memory. 1 GiB served 1,500 to 2,300 documents a second in bulk; half of that starts and serves. With
# 2 GiB, an import into 500,000 articles takes .1 ms each for garbage instead of .3 to .9.
HEAPS = ((16_384 * MIB, "2g"), (4096 * MIB, "1g"), (2048 * MIB, "512m"), (0, "256m"))


def heap_for(memory: int) -> str:
    """Choose the heap for a machine with ``memory`` bytes."""
    return next(heap for least, heap in HEAPS if memory >= least)


def size_on_disk(folder: Path) -> int:
    """Count the bytes that a folder's files take."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_blocks * 512
            except FileNotFoundError:  # a segment that was merged away meanwhile
                continue
    return total


def physical_memory() -> int:
    """Give the machine's memory in bytes, or what a container may use of it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            memory = min(memory, int(limit.read_text("ascii")))
        except (OSError, ValueError):  # no such limit, or "max"
            continue
    return memory


def free_space(folder: Path) -> int:
    """Give the bytes that an unprivileged account can still write below ``folder``."""
    return shutil.disk_usage(folder).free
