"""The engine from start to stop, with real processes: what its owner relies on, and what goes wrong in real life."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elasticsearch import AuthenticationException, Elasticsearch

from indexer import engine as local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAP = "512m"
START = f"""
import sys
from pathlib import Path
from indexer import engine
print(engine.start(Path(sys.argv[1]), heap="{HEAP}").pid)
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Give a home of this module alone: its engine is killed, crashed and stopped."""
    path = Path(tempfile.mkdtemp(prefix="condensat-life-"))
    yield path
    local.stop(path)
    shutil.rmtree(path)


def processes(home: Path) -> list[int]:
    """List the live processes that name the home's folder, whoever started them."""
    root = str((home / "engine" / "tmp").resolve())
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and f"={root}\0" in (entry / "cmdline").read_text("utf-8", errors="replace"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def starting(home: Path) -> subprocess.Popen[str]:
    """Begin a start in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", START, str(home)], stdout=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def connect(running: local.Running) -> Elasticsearch:
    return Elasticsearch(running.url, basic_auth=(running.username, running.password), request_timeout=60)


def test_a_second_start_returns_the_running_engine(engine: local.Running, engine_home: Path) -> None:
    """Starting what runs is quick and changes nothing."""
    begun = time.monotonic()
    assert local.start(engine_home) == engine
    assert time.monotonic() - begun < 2
    assert local.running(engine_home) == engine


def test_nobody_gets_in_without_the_password(engine: local.Running, engine_home: Path) -> None:
    """Requests without the password, or with a wrong one, are refused; the password is in one private file."""
    with Elasticsearch(engine.url) as stranger, pytest.raises(AuthenticationException):
        stranger.cluster.health()
    guess = ("elastic", "changeme")
    with Elasticsearch(engine.url, basic_auth=guess) as guesser, pytest.raises(AuthenticationException):
        guesser.cluster.health()
    file = engine_home / "engine" / "password"
    assert file.read_text("utf-8") == engine.password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert engine.password not in repr(engine)


def test_it_listens_on_loopback_alone_and_not_as_root(engine: local.Running) -> None:
    """No port of the engine is open to the network, and its process is not root's."""
    with connect(engine) as client:
        (node,) = client.nodes.info(metric="http,transport,process")["nodes"].values()
    for part in ("http", "transport"):
        assert all(address.startswith("127.0.0.1:") for address in node[part]["bound_address"])
    assert node["process"]["id"] == engine.pid
    if sys.platform == "linux":
        assert Path(f"/proc/{engine.pid}").stat().st_uid != 0


def test_status_tells_how_it_is(engine: local.Running, engine_home: Path) -> None:
    """Status has the address, the process, the version, the size and the health."""
    status = local.status(engine_home)
    assert status.running
    assert (status.url, status.pid, status.version) == (engine.url, engine.pid, "9.5.3")
    assert status.health in {"green", "yellow"}
    assert status.problem is None
    assert status.size > 0
    assert status.data is not None
    assert status.data.is_dir()


def test_a_lost_alias_does_not_become_an_index(engine: local.Running) -> None:
    """Writing to a name that does not exist fails."""
    with connect(engine) as client:
        answer = client.options(ignore_status=404).index(index="no-such-index", document={})
        assert answer["error"]["type"] == "index_not_found_exception"


def test_a_home_that_was_never_started_is_left_alone(tmp_path: Path) -> None:
    """Asking after an engine that never was gives empty answers and makes no file."""
    home = tmp_path / "none"
    assert local.running(home) is None
    assert local.stop(home) is False
    assert local.status(home) == local.Status()
    assert local.logs(home, 5) == []
    assert not home.exists()


def test_commands_that_start_it_at_once_start_it_once(home: Path) -> None:
    """Three processes that begin together get the same engine, and it outlives them."""
    local.stop(home)
    with ThreadPoolExecutor(3) as pool:
        outputs = list(pool.map(lambda _: starting(home).communicate(timeout=400)[0], range(3)))
    pids = {output.split()[-1] for output in outputs}
    assert len(pids) == 1
    assert processes(home) == [int(pids.pop())]


def test_the_log_can_be_read(home: Path) -> None:
    """The log's last lines come as many as asked for."""
    assert local.start(home, heap=HEAP).pid
    assert len(local.logs(home, 5)) == 5
    assert any("started" in line for line in local.logs(home, 500))


def test_options_for_the_jvm_are_handed_on(home: Path) -> None:
    """What ES_JAVA_OPTS says stands behind the engine's own options."""
    options = os.environ["ES_JAVA_OPTS"].split()
    assert options
    told = Path(f"/proc/{local.start(home, heap=HEAP).pid}/cmdline").read_text("utf-8").split("\0")
    (own,) = (place for place, each in enumerate(told) if each.startswith("-XX:ErrorFile="))
    assert set(options) <= set(told[own:])


def test_two_homes_do_not_meet(engine: local.Running, engine_home: Path, home: Path) -> None:
    """Engines of two homes have their own address, password, cluster and data, and are stopped on their own."""
    other = local.start(home, heap=HEAP)
    assert other.url != engine.url
    assert other.password != engine.password
    ours = (engine.username, engine.password)
    with Elasticsearch(other.url, basic_auth=ours) as wrong, pytest.raises(AuthenticationException):
        wrong.cluster.health()
    with connect(engine) as one, connect(other) as two:
        assert one.cluster.health()["cluster_name"] != two.cluster.health()["cluster_name"]
        assert two.cluster.health()["number_of_nodes"] == 1
    assert local.stop(home) is True
    assert local.running(engine_home) == engine


def test_data_survive_a_stop_and_no_process_is_left(home: Path) -> None:
    """After stop nothing of the engine runs; after the next start what was written is there."""
    first = local.start(home, heap=HEAP)
    with connect(first) as client:
        client.indices.create(index="kept", settings={"number_of_replicas": 0})
        client.index(index="kept", id="1", document={"title": "survives"}, refresh=True)
    assert local.stop(home) is True
    assert processes(home) == []
    assert local.running(home) is None
    assert local.stop(home) is False
    second = local.start(home, heap=HEAP)
    assert second.password == first.password
    with connect(second) as client:
        assert client.get(index="kept", id="1")["_source"] == {"title": "survives"}
        client.indices.delete(index="kept")


def test_a_killed_engine_is_noticed_and_started_anew(home: Path) -> None:
    """After kill -9, or a crash of the machine, its leftovers do not confuse the next start."""
    pid = local.start(home, heap=HEAP).pid
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: processes(home) == [], seconds=10)
    status = local.status(home)
    assert not status.running
    assert status.problem is not None
    assert "ended without being stopped" in status.problem
    assert local.start(home, heap=HEAP).pid != pid
    assert local.status(home).problem is None


def test_a_crash_shows_its_reason(home: Path) -> None:
    """When the JVM crashes, status names the signal from its report."""
    pid = local.start(home, heap=HEAP).pid
    os.kill(pid, signal.SIGSEGV)
    assert until(lambda: processes(home) == [], seconds=30)
    assert "SIGSEGV" in (local.status(home).problem or "")


def test_a_start_that_fails_shows_the_reason_and_leaves_nothing(home: Path) -> None:
    """A JVM that refuses its options says so in the error, and no process or pid file stays."""
    local.stop(home)
    with pytest.raises(local.EngineError, match="Invalid initial heap size: -Xms1x"):
        local.start(home, heap="1x")
    assert processes(home) == []
    assert local.status(home).problem is None


def test_a_start_whose_command_was_killed_is_taken_over(home: Path) -> None:
    """The next command waits for the engine that is still coming up, instead of starting a second beside it."""
    local.stop(home)
    with starting(home) as command:
        assert command.stdout is not None
        assert until(lambda: len(processes(home)) > 0, seconds=60)
        command.kill()
    running = local.start(home, heap=HEAP)
    assert processes(home) == [running.pid]


def test_ctrl_c_during_the_start_leaves_nothing(home: Path) -> None:
    """An interrupted start ends what it began."""
    local.stop(home)
    with starting(home) as command:
        assert until(lambda: len(processes(home)) > 0, seconds=60)
        command.send_signal(signal.SIGINT)
        command.communicate(timeout=120)
    assert command.returncode != 0
    assert until(lambda: processes(home) == [], seconds=10)
    assert local.running(home) is None


def test_a_lost_password_file_is_made_anew_at_the_next_start(home: Path) -> None:
    """The password is not needed to keep the data: a home without the file gets a new one."""
    local.stop(home)
    file = home / "engine" / "password"
    old = file.read_text("utf-8")
    file.unlink()
    new = local.start(home, heap=HEAP)
    assert new.password != old
    with connect(new) as client:
        assert client.cluster.health()["status"] in {"green", "yellow"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the engine as another account")
def test_a_home_below_a_closed_folder_works() -> None:
    """Root's home is closed to the account that the engine runs as; the engine works, and the folder stays closed."""
    closed = Path(tempfile.mkdtemp(prefix="condensat-closed-"))
    home = closed / "share" / "condensat"
    home.mkdir(parents=True)
    (closed / "share").chmod(0o700)
    data = None
    try:
        running = local.start(home, heap=HEAP)
        assert local.running(home) == running
        assert stat.S_IMODE((closed / "share").stat().st_mode) == 0o700
        data = local.status(home).data
        assert data is not None
        assert not data.is_relative_to(closed)
    finally:
        local.stop(home)
        shutil.rmtree(closed)
        if data is not None:
            shutil.rmtree(data.parent)


@pytest.fixture
def small_disk() -> Iterator[Callable[[str], Path]]:
    """Give a way to mount a small file system; where mounting is not allowed, the test is skipped."""
    folder = Path(tempfile.mkdtemp(prefix="condensat-disk-"))

    def mount(options: str) -> Path:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],  # noqa: S607 - where mount lies differs
            check=False,
            capture_output=True,
        )
        if done.returncode != 0:
            pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
        return folder / "home"

    yield mount
    local.stop(folder / "home")
    subprocess.run(["umount", str(folder)], check=False, capture_output=True)  # noqa: S607 - as above
    folder.rmdir()


def test_a_full_disk_is_named_before_anything_starts(small_disk: Callable[[str], Path]) -> None:
    """Too little space is an error that says how much is free, how much is needed, and what to do."""
    with pytest.raises(local.EngineError, match=r"full: 40 MiB are free.*\n.*CONDENSAT_HOME"):
        local.start(small_disk("size=40m"), heap=HEAP)


def test_a_disk_that_fills_up_during_the_start_shows_the_logs_reason(small_disk: Callable[[str], Path]) -> None:
    """What Elasticsearch says of a disk that takes no more files is in the error, though its log cannot be written."""
    home = small_disk("size=400m,nr_inodes=24")
    with pytest.raises(local.EngineError, match="No space left on device"):
        local.start(home, heap=HEAP)
    assert processes(home) == []
