"""Which nodes a home has: one, or several that form a cluster on loopback; it starts none.

How many there are is told by their folders, so nothing of ours can contradict what Elasticsearch keeps in them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from indexer.engine import machine, node
from indexer.engine.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.engine.node import Node
    from indexer.engine.place import Place

MOST = 9
FIRST = "local"
BACKUPS = "backups"
CLUSTER_HEAP = "512m"  # a node of several on one machine: they share its memory, and are for trying things out


def remembered(where: Place) -> int:
    """Count the nodes that a home has; one that was never started has one."""
    return next(number for number in range(1, MOST + 1) if not _root(where, number + 1).is_dir())


def describe(where: Place, *, count: int | None = None, heap: str = "", repository: Path | None = None) -> list[Node]:
    """Describe the nodes of a home, the first one first. The cluster's name follows the folder: no two homes share one.

    ``count`` may be more than there are; with fewer some of the data would be out of reach.
    """
    there = remembered(where)
    if count is not None and count < there:
        raise EngineError(
            f"This home has {there} nodes, and its data lie on all of them. Start it with --nodes {there}, or choose "
            "another folder with CONDENSAT_HOME."
        )
    number_of_nodes = count or there
    names = [FIRST, *(f"{FIRST}-{number}" for number in range(2, number_of_nodes + 1))]
    digest = hashlib.sha256(str(where.root.resolve()).encode()).hexdigest()[:8]
    return [
        node.Node(
            name=name,
            cluster=f"condensat-{digest}",
            root=_root(where, number).resolve(),
            account=where.account,
            heap=heap or heap_for(number_of_nodes),
            repository=repository or where.root.resolve() / BACKUPS,
            peers=tuple(names) if number_of_nodes > 1 else (),
        )
        for number, name in enumerate(names, start=1)
    ]


def heap_for(count: int) -> str:
    """Choose the heap of each of so many nodes."""
    whole = machine.heap_for(machine.physical_memory() // count)
    return whole if count == 1 or whole != machine.HEAPS[0][1] else CLUSTER_HEAP


def _root(where: Place, number: int) -> Path:
    return where.root if number == 1 else where.root / f"node-{number}"
