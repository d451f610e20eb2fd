"""Find the engine of a home that runs; it starts none.

What runs is read from what Elasticsearch itself writes (its pid file and its port file) and checked against the
process and the password, never from a record of ours that a crash could leave wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from indexer.engine import configuration, loopback, nodes, place, server

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.engine.node import Node
    from indexer.engine.place import Place

ANSWER_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A running engine and how to reach it: by its first node, or by any of ``urls``."""

    url: str
    username: str
    password: str = field(repr=False)
    pid: int
    urls: tuple[str, ...] = ()
    pids: tuple[int, ...] = ()


def running(home: Path) -> Running | None:
    """Find the home's engine if it runs and answers to our password."""
    where = place.existing(home)
    return None if where is None else answering(where, seconds=ANSWER_SECONDS)


def answering(where: Place, *, seconds: float) -> Running | None:
    """Find what runs; None unless a node answers to our password and belongs to a cluster that has a master."""
    described = nodes.describe(where)
    alive = [(url, pid) for each in described if (pid := server.process(each)) and (url := address(each))]
    try:
        password = where.password.read_text("utf-8")
    except OSError:
        return None
    for url, pid in alive:
        found = Running(
            url=url,
            username=configuration.USERNAME,
            password=password,
            pid=pid,
            urls=tuple(each for each, _ in alive),
            pids=tuple(each for _, each in alive),
        )
        health = ask(found, "/_cluster/health", seconds=seconds)
        if health is not None and health.get("cluster_name") == described[0].cluster:
            return found
    return None


def address(described: Node) -> str | None:
    """Give where a node listens for clients; None while it does not."""
    line = first_line(described.ports)
    return None if line is None else f"http://{line}"


def first_line(path: Path) -> str | None:
    """Read the first address of a file that Elasticsearch writes when it listens."""
    try:
        return path.read_text("ascii").split()[0]
    except (OSError, IndexError):
        return None


def ask(found: Running, path: str, *, seconds: float) -> dict[str, Any] | None:
    """Ask a running engine; None where it gives no answer, or refuses."""
    return loopback.get(found.url, path, username=found.username, password=found.password, seconds=seconds)
