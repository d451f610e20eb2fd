"""Start and stop the engine of a home; it prints nothing and knows nothing of indices."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from indexer.engine import configuration, distribution, java, locks, log, machine, nodes, place, server
from indexer.engine.condition import full, last_run
from indexer.engine.errors import EngineError
from indexer.engine.finding import ANSWER_SECONDS, answering, ask, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from indexer.engine.finding import Running
    from indexer.engine.node import Node
    from indexer.engine.place import Place

READY_SECONDS = 300.0  # it takes 10 to 30; a busy machine with a large index may take minutes
HEALTH_SECONDS = 30.0  # for the indices to be readable, once it answers
STOP_SECONDS = 60.0
LOCK_SECONDS = READY_SECONDS + STOP_SECONDS
TOLD_EVERY = 5.0  # seconds between progress lines


def _silent(_: str) -> None:
    """Report progress to nobody."""


def start(
    home: Path,
    *,
    progress: Callable[[str], None] = _silent,
    heap: str | None = None,
    count: int | None = None,
    repository: Path | None = None,
) -> Running:
    """Start the home's engine and return it once it is ready; return the running one if it runs.

    ``heap`` is a JVM size such as ``512m``; by default it follows the machine's memory. ``count`` is the number of
    nodes, by default what the home has, else one. Snapshots may lie in ``repository``, by default a folder of the
    home. Nodes that have died are started again. Options for the JVM may stand in the environment, as Elasticsearch
    knows them (``ES_JAVA_OPTS``). Processes that call this at once start it once. Raise EngineError
    with the log's reason when it does not come up.
    """
    where = place.existing(home)
    found = None if where is None else answering(where, seconds=ANSWER_SECONDS)
    if found is not None and where is not None and len(found.pids) == len(nodes.describe(where, count=count)):
        if not all(server.runs_from(pid, distribution.folder()) for pid in found.pids):
            progress("the running engine was started by another version of condensat: stop and start it when you can")
        return found
    try:
        where = place.make(home)
    except OSError as error:
        raise EngineError(f"The engine's folders below {home} cannot be made: {error}") from error
    told = "another condensat is starting the engine; waiting for it"
    with locks.hold(where.lock, seconds=LOCK_SECONDS, waiting=lambda: progress(told)) as lock:
        described = nodes.describe(where, count=count, heap=heap or "", repository=repository)
        try:
            return _start(where, described, progress=progress, lock=lock)
        except OSError as error:  # a full or read-only disk, before Elasticsearch could say so itself
            raise EngineError(f"The engine cannot be started below {where.root}: {error}") from error


def stop(home: Path) -> bool:
    """Stop the home's engine and return once its processes have ended; False when none ran."""
    where = place.existing(home)
    if where is None:
        return False
    with locks.hold(where.lock, seconds=LOCK_SECONDS, waiting=lambda: None):
        described = nodes.describe(where)
        pids = [server.process(each) for each in described]
        with ThreadPoolExecutor(len(described)) as pool:  # all at once: the last one alone has no master to leave
            list(pool.map(_terminate, described, pids))
        for each in described:
            for stale in (each.pidfile, each.ports, each.transport):
                stale.unlink(missing_ok=True)
    return any(pid is not None for pid in pids)


def _terminate(described: Node, pid: int | None) -> None:
    if pid is not None:
        server.terminate(described, pid, patience=STOP_SECONDS)


def _start(where: Place, described: list[Node], *, progress: Callable[[str], None], lock: int) -> Running:
    lacking = [each for each in described if server.process(each) is None]
    if described[0] not in lacking and nodes.remembered(where) == 1 < len(described):
        raise EngineError(
            "The engine runs as one node that takes no others in. First: condensat engine stop; its data stay."
        )
    if not lacking:  # started by a command that did not live to see it
        return _await(where, described, progress=progress)
    first = described[0]
    _check_space(first, progress=progress)
    _check_repository(first)
    cache = _cache(where)
    jdk = java.find(
        os.environ,
        usable=lambda program: where.account.can("x", program),
        download=lambda: _download_jdk(cache, progress),
    )
    elasticsearch = distribution.prepare(cache, jdk, progress=progress)
    password = _password(where)
    _configure(described, lacking, elasticsearch, password=password)
    many = f"{len(lacking)} nodes, " if len(described) > 1 else ""
    progress(f"starting Elasticsearch {distribution.PINNED.version} ({many}Java {jdk.major}, heap {first.heap})")
    launchers = []
    try:
        for each in lacking:
            launcher = server.launch(
                each, elasticsearch, java_home=jdk.home, java_options=os.environ.get("ES_JAVA_OPTS", ""), keep_open=lock
            )
            launchers.append((launcher, each))  # one by one: what was begun is ended if the next one fails
        for launcher, each in launchers:
            _come_up(launcher, each, progress=progress)
        return _await(where, described, progress=progress)
    except BaseException:  # Ctrl-C as well: what was begun is ended, not left behind
        for launcher, each in launchers:
            _end(launcher, each)
        raise


def _configure(described: list[Node], lacking: list[Node], elasticsearch: Path, *, password: str) -> None:
    """Write the configuration of the nodes that are to be started; of several each knows where the others are."""
    if len(described) == 1:
        configuration.configure(described[0], elasticsearch, password=password)
        return
    ports: dict[str, configuration.Ports] = {}
    seeds = [seed for each in described if each not in lacking and (seed := first_line(each.transport))]
    for each in lacking:
        taken = {port for other in ports.values() for port in (other.http, other.transport)}
        ports[each.name] = configuration.choose_ports(each, taken)
        seeds.append(f"127.0.0.1:{ports[each.name].transport}")
    for each in lacking:
        configuration.configure(each, elasticsearch, password=password, ports=ports[each.name], seeds=seeds)


def _check_repository(described: Node) -> None:
    """Make the folder for snapshots, where it is not a part of the engine's own; it must be open to its account."""
    folder = described.repository
    if folder.parent == described.root:
        return
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o700)
        described.account.give(folder)
    if not (described.account.can("w", folder) and described.account.can("x", folder)):
        raise EngineError(
            f"The engine runs as user {described.account.uid}, which may not write to {folder}. Give it that folder, "
            "or choose another with CONDENSAT_BACKUPS."
        )


def _check_space(described: Node, *, progress: Callable[[str], None]) -> None:
    free = machine.free_space(described.root)
    if free < machine.LEAST_FREE:
        said = log.failures(last_run(described))
        needs = f"{machine.LEAST_FREE >> 20} MiB to start and {configuration.FLOOD_STAGE >> 20} MiB to write"
        lines = [
            f"The disk of {described.root} is full: {free >> 20} MiB are free; the engine needs {needs}.",
            "Free some space, or set CONDENSAT_HOME to a folder on another disk.",
            *(["Its log last said:", *said] if said else []),
        ]
        raise EngineError("\n".join(lines))
    if free < configuration.FLOOD_STAGE:
        progress(full(free))


def _come_up(launcher: subprocess.Popen[bytes], described: Node, *, progress: Callable[[str], None]) -> int:
    """Wait for the launcher and return the server's pid; raise EngineError with the reason when there is none."""
    said = _wait_for(launcher, progress=progress)
    pid = server.process(described) if launcher.returncode == 0 else None
    if pid is None:
        raise _failure(described, said)
    return pid


def _wait_for(launcher: subprocess.Popen[bytes], *, progress: Callable[[str], None]) -> list[str]:
    """Wait until the launcher ends and return the last lines that it and the server said."""
    said: deque[str] = deque(maxlen=500)

    def listen() -> None:
        if launcher.stdout is not None:
            with launcher.stdout:
                said.extend(line.decode(errors="replace").rstrip() for line in launcher.stdout)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    begun = time.monotonic()
    while True:
        try:
            launcher.wait(TOLD_EVERY)
            break
        except subprocess.TimeoutExpired:
            seconds = time.monotonic() - begun
            if seconds > READY_SECONDS:
                raise EngineError(
                    "\n".join([f"Elasticsearch was not ready after {seconds:.0f} seconds.", *log.reason(list(said))])
                ) from None
            progress(f"waiting for Elasticsearch, {seconds:.0f} s")
    listener.join(1.0)
    return list(said)


def _await(where: Place, described: list[Node], *, progress: Callable[[str], None]) -> Running:
    """Wait until all processes answer to our password, have found one another, and the indices are readable."""
    deadline = time.monotonic() + READY_SECONDS
    told = time.monotonic()
    first = described[0]
    while time.monotonic() < deadline:
        for each in described:
            pid = server.process(each)
            if pid is None or not server.is_server(each, pid):
                raise _failure(each, [])
        found = answering(where, seconds=ANSWER_SECONDS)
        if found is not None and len(found.pids) == len(described):
            wait = f"wait_for_status=yellow&wait_for_nodes={len(described)}&timeout={HEALTH_SECONDS:.0f}s"
            health = ask(found, f"/_cluster/health?{wait}", seconds=HEALTH_SECONDS + ANSWER_SECONDS)
            if len(described) == 1 or (health or {}).get("number_of_nodes") == len(described):
                return found
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            progress("waiting for Elasticsearch to answer")
        time.sleep(0.1)
    why = log.reason(last_run(first))
    raise EngineError(
        "\n".join([f"Elasticsearch runs, but gave no answer to this home's password in {READY_SECONDS:.0f} s:", *why])
    )


def _password(where: Place) -> str:
    """Read the password, or make one; a node whose password file was lost takes the new one at its next start."""
    try:
        return where.password.read_text("utf-8")
    except FileNotFoundError:
        password = secrets.token_urlsafe(24)
        place.write_private(where, where.password, password)
        return password


def _cache(where: Place) -> Path:
    """Choose the folder for what homes share: the user's cache, or the system's where the account cannot reach it."""
    cache = Path(platformdirs.user_cache_dir("condensat"))
    if where.account.switch:
        nearest = next(each for each in (cache, *cache.parents) if each.is_dir())
        if not where.account.can("x", nearest):
            return Path(platformdirs.site_cache_dir("condensat"))
    return cache


def _download_jdk(cache: Path, progress: Callable[[str], None]) -> Path | None:
    progress("no JDK found; downloading one")
    return java.fetch(cache / "jdk")


def _end(launcher: subprocess.Popen[bytes], described: Node) -> None:
    """End a start that failed: the launcher, and the server if it came up."""
    if launcher.poll() is None:
        launcher.terminate()
        try:
            launcher.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            launcher.kill()
            launcher.wait()
    pid = server.process(described)
    if pid is not None:
        server.terminate(described, pid, patience=STOP_SECONDS)
    described.pidfile.unlink(missing_ok=True)


def _failure(described: Node, said: list[str]) -> EngineError:
    why = log.reason([*(said or last_run(described)), *log.crash(described.crash)])
    return EngineError(
        "\n".join(["Elasticsearch did not start. Its log says:", *why, f"(all of it: {described.logs})"])
    )
