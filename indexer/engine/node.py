"""What describes a node of Elasticsearch: its name, its folders, its peers; nothing is read or run here.

Several nodes that name one another as peers form a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.engine.account import Account


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One node: where it keeps its files, which cluster it is, how much heap it gets.

    ``repository`` is the folder for snapshots, which all nodes of a cluster share. ``peers`` are the names of all
    nodes where there are several.
    """

    name: str
    cluster: str
    root: Path
    account: Account
    heap: str
    repository: Path
    peers: tuple[str, ...] = ()

    @property
    def config(self) -> Path:
        """Its configuration folder."""
        return self.root / "config"

    @property
    def data(self) -> Path:
        """Its indices."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """Its log files."""
        return self.root / "logs"

    @property
    def scratch(self) -> Path:
        """Its temporary files; the path also marks its process."""
        return self.root / "tmp"

    @property
    def log(self) -> Path:
        """The log that people read."""
        return self.logs / "engine.log"

    @property
    def crash(self) -> Path:
        """Written by the JVM when it crashes or runs out of memory, which the log does not live to say."""
        return self.logs / "crash.log"

    @property
    def pidfile(self) -> Path:
        """Written and removed by Elasticsearch itself."""
        return self.logs / "pid"

    @property
    def ports(self) -> Path:
        """The HTTP address, written by Elasticsearch itself when it listens."""
        return self.logs / "http.ports"

    @property
    def transport(self) -> Path:
        """The address for other nodes, written in the same way."""
        return self.logs / "transport.ports"
