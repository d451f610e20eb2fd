"""Count processor seconds, of processes and of Elasticsearch, and the memory that processes have; needs proc(5)."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.elastic import Store

TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def read(opened: Store, others: Mapping[str, int]) -> dict[str, float]:
    """Give the seconds of user and system time so far: of this process, of ``others``, of Elasticsearch's nodes."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    client = opened._client  # noqa: SLF001 the product has no need to ask this
    nodes: dict[str, Any] = client.nodes.stats(metric="process", filter_path="nodes.*.process.cpu")["nodes"]
    return {
        **{name: of(pid) for name, pid in others.items()},
        "main": own.ru_utime + own.ru_stime,
        "Elasticsearch": sum(node["process"]["cpu"]["total_in_millis"] for node in nodes.values()) / 1000,
    }


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Give what was spent between two readings."""
    return {name: after[name] - before[name] for name in after}


def of(pid: int) -> float:
    """Give the seconds of user and system time of a running process; 0 where it has ended."""
    with suppress(OSError):
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def children() -> set[int]:
    """Give the processes that this one started and that still run."""
    found: set[int] = set()
    for thread in (_PROC / "self" / "task").iterdir():
        with suppress(OSError):  # the thread has ended
            found.update(map(int, (thread / "children").read_text().split()))
    return found
