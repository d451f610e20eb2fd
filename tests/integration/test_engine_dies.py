"""The engine itself is stopped, killed, or runs out of disk in the middle of a run; the next run sets it right.

It has a home of its own on a small file system in memory, where the system lets us make one, and else in a folder: then
the disk is not filled.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from press import Press, Reader, differing, drop, finish, snapshot
from world import world

from indexer import engine as local

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.long

HEAP = "512m"
SIZE = 1_000  # MiB of the file system; the engine writes nothing any more when less than 250 are free
PATIENCE = 120.0  # seconds


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Give a home of this module alone; it is a file system of its own where that can be made."""
    path = Path(tempfile.mkdtemp(prefix="condensat-dies-"))
    path.chmod(0o755)
    mounted = subprocess.run(
        ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={SIZE}m,mode=755", "tmpfs", str(path)],
        check=False,
        capture_output=True,
    )
    yield path
    local.stop(path)
    if mounted.returncode == 0:
        subprocess.run(["/usr/bin/umount", "--lazy", str(path)], check=True)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    with Press(world(7)) as opened:
        yield opened


@contextmanager
def client_of(running: local.Running) -> Iterator[Elasticsearch]:
    with Elasticsearch(running.url, basic_auth=(running.username, running.password), request_timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def wanted(home: Path, press: Press, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Give what a run in peace ends in."""
    running = local.start(home, heap=HEAP)
    prefix = f"test-{secrets.token_hex(6)}"
    Reader(running, press.feeds, tmp_path_factory.mktemp("peace")).run(prefix)
    with client_of(running) as client:
        found = snapshot(client, prefix)
        drop(client, [prefix])
    return found


def wait_for_requests(press: Press, process: subprocess.Popen[str], number: int) -> None:
    limit = time.monotonic() + PATIENCE
    while len(press.stand.asked) < number and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.002)


def writable(client: Elasticsearch, prefix: str) -> bool:
    """Tell whether every index of a prefix can be read and written."""
    try:
        health = client.cluster.health(index=f"{prefix}-*", timeout="1s")
        settings = client.indices.get_settings(index=f"{prefix}-*", name="index.blocks.*")
    except (ApiError, TransportError):
        return False
    return health["status"] == "green" and not any(each["settings"] for each in settings.body.values())


@pytest.mark.parametrize("how", ["stopped", "killed"])
@pytest.mark.parametrize("seed", range(5))
def test_the_engine_is_stopped_and_started(  # noqa: PLR0917 fixtures and cases
    home: Path, press: Press, wanted: dict[str, dict[str, object]], tmp_path: Path, how: str, seed: int
) -> None:
    """Whatever Elasticsearch has acknowledged it has kept, and what it has not is written by the next run."""
    running = local.start(home, heap=HEAP)
    prefix = f"test-{secrets.token_hex(6)}"
    chance = random.Random(f"{how} {seed}")  # noqa: S311 nothing here is secret
    press.stand.asked.clear()
    process = Reader(running, press.feeds, tmp_path).start(prefix)
    number, pause = chance.randint(1, 48), chance.uniform(0, 1.0)
    wait_for_requests(press, process, number)
    time.sleep(pause)
    if how == "killed":
        os.kill(running.pid, signal.SIGKILL)
    else:
        assert local.stop(home)
    report = finish(process, code=None)
    running = local.start(home, heap=HEAP)
    print(f"\n{how} {pause:.2f} s after request {number}: {report.get('rejected')}, {report.get('created')} created")
    Reader(running, press.feeds, tmp_path).run(prefix)
    with client_of(running) as client:
        assert differing(snapshot(client, prefix), wanted) == {}
        drop(client, [prefix])


@pytest.mark.parametrize("left", [200, 0], ids=["under the flood stage", "not a byte left"])
def test_the_disk_fills(
    home: Path, press: Press, wanted: dict[str, dict[str, object]], tmp_path: Path, left: int
) -> None:
    """A disk that is filled in mid-run costs what comes after; when there is space again the next run makes up.

    With 200 MiB left Elasticsearch sets its block by itself, after up to half a minute. With none its shards fail, and
    it lets a write wait for a minute for them, which the client asks for four times.
    """
    if not os.path.ismount(home):
        pytest.skip("no file system of a given size can be made here")
    running = local.start(home, heap=HEAP)
    prefix = f"test-{secrets.token_hex(6)}"
    press.stand.asked.clear()
    process = Reader(running, press.feeds, tmp_path).start(prefix)
    wait_for_requests(press, process, 20)
    filler = home / "filler"
    try:
        with filler.open("wb") as file:
            free = os.statvfs(home).f_bavail * os.statvfs(home).f_frsize - left * 2**20
            for _ in range(free // 2**20):
                file.write(bytes(2**20))
        report = finish(process, code=None, patience=5 * PATIENCE)
        print(f"\n{left} MiB left: {report.get('rejected')}, {report.get('warnings')}")
        again = Reader(running, press.feeds, tmp_path).run(prefix, code=None) if left else {}
        print(f"a run while it is full: {again.get('rejected')}, {again.get('warnings')}")
    finally:
        filler.unlink()
    with client_of(running) as client:
        limit = time.monotonic() + PATIENCE
        while not writable(client, prefix) and time.monotonic() < limit:
            time.sleep(1)
        is_well = writable(client, prefix)
    if not is_well:  # what `condensat doctor` says to do
        local.stop(home)
        running = local.start(home, heap=HEAP)
    Reader(running, press.feeds, tmp_path).run(prefix)
    with client_of(running) as client:
        assert differing(snapshot(client, prefix), wanted) == {}
        drop(client, [prefix])


def test_the_flood_stage(home: Path, press: Press, wanted: dict[str, dict[str, object]], tmp_path: Path) -> None:
    """The watermark of the cluster is set so high that the disk counts as full, and lifted again."""
    running = local.start(home, heap=HEAP)
    prefix = f"test-{secrets.token_hex(6)}"
    lifted = {f"cluster.routing.allocation.disk.watermark.{name}": None for name in ("low", "high", "flood_stage")}
    press.stand.asked.clear()
    process = Reader(running, press.feeds, tmp_path).start(prefix)
    wait_for_requests(press, process, 20)
    with client_of(running) as client:
        client.cluster.put_settings(persistent=dict.fromkeys(lifted, "100000gb"))
        finish(process, code=None)
        limit = time.monotonic() + PATIENCE
        while writable(client, prefix):
            assert time.monotonic() < limit, "no block was set"
            time.sleep(1)
        report = Reader(running, press.feeds, tmp_path).run(prefix, code=1)
        print(f"\n{report['rejected']} {report['warnings']}")
        client.cluster.put_settings(persistent=lifted)
        limit = time.monotonic() + PATIENCE
        while not writable(client, prefix):
            assert time.monotonic() < limit, "the block stays"
            time.sleep(1)
        Reader(running, press.feeds, tmp_path).run(prefix)
        assert differing(snapshot(client, prefix), wanted) == {}
        drop(client, [prefix])
