"""Tell how the engine of a home is, what its logs say, and what is wrong with it; it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.engine import configuration, log, machine, nodes, place, server
from indexer.engine.finding import ANSWER_SECONDS, address, answering, ask

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.engine.node import Node


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeStatus:
    """One node of several."""

    name: str
    url: str | None
    pid: int | None
    log: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What there is to know of a home's engine; an engine that was never started has no folders.

    ``running`` means that it answers, ``pid`` alone that its process lives. ``health`` is the cluster's colour.
    """

    running: bool = False
    version: str | None = None
    url: str | None = None
    username: str | None = None
    password_file: Path | None = None
    pid: int | None = None
    data: Path | None = None
    size: int = 0  # bytes on disk, logs included
    log: Path | None = None
    health: str | None = None
    problem: str | None = None
    backups: Path | None = None  # the folder that its snapshots may lie in
    nodes: tuple[NodeStatus, ...] = ()  # where there are several


def status(home: Path) -> Status:
    """Tell how the home's engine is; changes nothing and starts nothing."""
    where = place.existing(home)
    if where is None:
        return Status()
    described = nodes.describe(where)
    pids = [server.process(each) for each in described]
    first = described[0]
    found = None if not any(pids) else answering(where, seconds=ANSWER_SECONDS)
    health = version = None
    if found is not None:
        health = (ask(found, "/_cluster/health", seconds=ANSWER_SECONDS) or {}).get("status")
        told = (ask(found, "/_nodes/_local?filter_path=nodes.*.version", seconds=ANSWER_SECONDS) or {}).get("nodes")
        version = next((each["version"] for each in (told or {}).values()), None)
    return Status(
        running=found is not None,
        version=version,
        url=None if found is None else found.url,
        username=configuration.USERNAME if where.password.exists() else None,
        password_file=where.password if where.password.exists() else None,
        pid=next((pid for pid in pids if pid is not None), None),
        data=first.data if first.data.is_dir() else None,
        size=machine.size_on_disk(first.root),
        log=first.log if first.log.exists() else None,
        health=health,
        problem=_problems(described, pids, answers=found is not None),
        backups=configuration.repository_of(first),
        nodes=tuple(
            NodeStatus(name=each.name, url=address(each), pid=pid, log=each.log)
            for each, pid in zip(described, pids, strict=True)
        )
        if len(described) > 1
        else (),
    )


def logs(home: Path, lines: int) -> list[str]:
    """Give the last lines of the engine's logs, oldest first; empty when it never started."""
    where = place.existing(home)
    if where is None:
        return []
    return log.merged([log.tail(_log_files(each), lines) for each in nodes.describe(where)], lines)


def _problems(described: list[Node], pids: list[int | None], *, answers: bool) -> str | None:
    """Tell what is wrong with the engine, or with some of its nodes, each named where there are several."""
    found = []
    for each, pid in zip(described, pids, strict=True):
        answered = answers and (len(described) == 1 or address(each) is not None)
        problem = _problem(each, pid=pid, answers=answered)
        if problem:
            found.append(problem if len(described) == 1 else f"node {each.name}: {problem}")
    return "\n".join(found) or None


def _problem(described: Node, *, pid: int | None, answers: bool) -> str | None:
    if pid is not None and not answers:
        return "its process runs but does not answer: it is still starting, or busy"
    free = machine.free_space(described.root)
    if free < configuration.FLOOD_STAGE:
        return "\n".join([full(free), *log.failures(last_run(described))])
    if pid is None and described.pidfile.exists():
        last = log.reason([*last_run(described), *log.crash(described.crash)])
        return "\n".join(["it ended without being stopped; its log says:", *last])
    return None


def last_run(described: Node) -> list[str]:
    """Give what a node's log said since it was started last."""
    return log.last_run(log.tail(_log_files(described), 2000))


def _log_files(described: Node) -> list[Path]:
    return [described.logs / "engine.1.log", described.log]


def full(free: int) -> str:
    """Say that the disk is full; ``free`` in bytes."""
    return f"the disk is full ({free >> 20} MiB free): Elasticsearch refuses to write until there is space"
