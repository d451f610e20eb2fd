"""Workers with real processes: what is hostile costs one item, and nothing is left behind."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import worker_tasks
from worker_tasks import (
    add,
    allocate,
    crash,
    echo,
    extract_by_trafilatura,
    fail,
    give_unpicklable,
    hoard,
    kill_self,
    leave,
    leave_by_exception,
    parse_by_feedparser,
    pid,
    recurse,
    reject,
    size_of,
    sleep,
)

from indexer.models import Reason, RejectedError
from indexer.workers import RETIRE_ABOVE, Workers, WorkersError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
WARM_UP = (worker_tasks.__name__,)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two processes for all tests here: that they go on after each horror is part of what is tested."""
    with Workers(processes=2, warm_up=WARM_UP) as pool:
        yield pool


def run(workers: Workers, function: Any, *args: Any, timeout: float = 20.0, **kwargs: Any) -> Any:
    """Run one task from outside any event loop."""
    return asyncio.run(workers.run(function, *args, timeout=timeout, **kwargs))


def rejection(workers: Workers, function: Any, *args: Any, timeout: float = 20.0) -> RejectedError:
    """Run one task that is to be rejected, and give its rejection."""
    with pytest.raises(RejectedError) as caught:
        run(workers, function, *args, timeout=timeout)
    return caught.value


def is_running(process: int) -> bool:
    """Tell whether a process exists and is not a zombie that nobody has collected yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def wait_until_gone(processes: list[int], seconds: float) -> list[int]:
    """Give those of ``processes`` that still run after ``seconds``."""
    end = time.monotonic() + seconds
    while any(map(is_running, processes)) and time.monotonic() < end:
        time.sleep(0.02)
    return [each for each in processes if is_running(each)]


def test_result(workers: Workers) -> None:
    """A function runs in another process with its arguments, and its result comes back."""
    assert run(workers, add, 2, b=3) == 5
    assert run(workers, pid) != os.getpid()


def test_large_arguments_and_results(workers: Workers) -> None:
    """Ten megabytes go in and come out whole."""
    data = os.urandom(10_000_000)
    assert run(workers, size_of, data) == 10_000_000
    assert run(workers, echo, data) == data


def test_both_processes_work_at_once(workers: Workers) -> None:
    """Two workers do two tasks in the time of one."""

    async def both() -> list[int]:
        return await asyncio.gather(*(workers.run(sleep, 0.6, timeout=5) for _ in range(2)))

    run(workers, add, 1, 1)
    asyncio.run(both())  # both are started now
    start = time.monotonic()
    assert len(set(asyncio.run(both()))) == 2
    assert time.monotonic() - start < 1.1


def test_time_limit(workers: Workers) -> None:
    """What takes too long is killed when its time is over, and the pool goes on."""
    start = time.monotonic()
    error = rejection(workers, sleep, 60, timeout=0.5)
    assert (error.reason, error.detail) == (Reason.PARSE_TIMEOUT, "no result after 0.5 s")
    assert time.monotonic() - start < 5
    assert run(workers, add, 1, 1) == 2


def test_waiting_does_not_count() -> None:
    """A task that waits long for a free worker still has its full time."""

    async def queue_up() -> list[int]:
        with Workers(processes=1, warm_up=WARM_UP) as pool:
            return await asyncio.gather(*(pool.run(sleep, 0.3, timeout=0.8) for _ in range(4)))

    assert len(asyncio.run(queue_up())) == 4


@pytest.mark.parametrize(
    ("function", "args", "detail"),
    [
        (leave, (7,), "the process exited with code 7"),
        (kill_self, (), "the process was ended by SIGKILL"),
        (crash, (), "the process was ended by SIGSEGV"),
        (allocate, (64 * 2**30,), "out of memory"),
        (fail, (), "KeyError: 'boom' at worker_tasks.py:"),
        (leave_by_exception, (), "SystemExit: 4"),
        (recurse, (), "RecursionError: "),
        (give_unpicklable, (), "the result cannot be handed over: "),
    ],
)
def test_crash_costs_one_item(workers: Workers, function: Any, args: tuple[Any, ...], detail: str) -> None:
    """However a task ends its process or fails, it alone is rejected, and the next one works."""
    error = rejection(workers, function, *args)
    assert error.reason is Reason.PARSE_CRASH
    assert error.detail.startswith(detail)
    assert run(workers, add, 1, 1) == 2


def test_rejection_passes(workers: Workers) -> None:
    """A rejection by the function itself arrives as it was raised."""
    error = rejection(workers, reject)
    assert (error.reason, error.detail) == (Reason.NO_TEXT, "3 words")


def test_idle_worker_killed_from_outside() -> None:
    """Killing an idle worker costs nothing: the next task gets a new one."""
    with Workers(processes=1, warm_up=WARM_UP) as pool:
        first = run(pool, pid)
        os.kill(first, signal.SIGKILL)
        assert wait_until_gone([first], 5) == []
        assert run(pool, pid) != first


def test_killed_under_load() -> None:
    """Workers killed at random moments cost one item each at most; every item has an end."""

    async def load() -> list[Any]:
        with Workers(processes=2, warm_up=WARM_UP) as pool:
            data = b"x" * 2_000_000
            tasks = [asyncio.ensure_future(pool.run(echo, data, timeout=20)) for _ in range(120)]
            for _ in range(5):
                await asyncio.sleep(0.15)
                with suppress(ProcessLookupError):
                    os.kill(min(children(os.getpid())), signal.SIGKILL)
            return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(load())
    crashed = [each for each in results if isinstance(each, RejectedError) and each.reason is Reason.PARSE_CRASH]
    assert len(crashed) <= 5
    assert sum(isinstance(each, bytes) for each in results) == 120 - len(crashed)


def children(parent: int) -> set[int]:
    """Give the processes that ``parent`` has started."""
    threads = Path(f"/proc/{parent}/task").iterdir()
    return {int(each) for thread in threads for each in (thread / "children").read_text(encoding="ascii").split()}


def test_memory_is_bounded() -> None:
    """A task gets no more memory than its worker may have, so a bomb does not take the machine."""
    with Workers(processes=1, warm_up=WARM_UP, memory=200 * 2**20) as pool:
        assert run(pool, allocate, 100 * 2**20) == 100 * 2**20
        assert rejection(pool, allocate, 300 * 2**20).detail == "out of memory"
        assert run(pool, allocate, 100 * 2**20) == 100 * 2**20


def test_swollen_worker_is_replaced() -> None:
    """A worker that stays very large is replaced after its task, and only then."""
    ballast = b"x" * RETIRE_ABOVE  # a large parent does not make its workers large
    with Workers(processes=1, warm_up=WARM_UP) as pool:
        first = run(pool, pid)
        run(pool, allocate, RETIRE_ABOVE)
        assert run(pool, pid) == first
        run(pool, hoard, RETIRE_ABOVE)
        assert run(pool, pid) != first
    assert ballast


def test_unknown_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that workers cannot import is a mistake of the program, not a rejected item."""
    module = tmp_path / "vanishing.py"
    module.write_text("def orphan(): pass", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        orphan = importlib.import_module("vanishing").orphan
    with Workers(processes=1, warm_up=WARM_UP) as pool:
        with pytest.raises(WorkersError, match=r"cannot load its task.*vanishing"):
            run(pool, orphan)
        assert run(pool, add, 1, 1) == 2


def test_broken_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that cannot even start are an error that says how to see the reason."""
    with Workers(processes=1, warm_up=WARM_UP) as pool:
        monkeypatch.setattr(sys, "path", ["/nowhere"])
        with pytest.raises(WorkersError, match="could not be started"):
            run(pool, add, 1, 1)


def test_hostile_page(workers: Workers) -> None:
    """A paragraph of 40,000 spans, which holds trafilatura for over a minute (its #704), costs one item."""
    html = "<html><body><article><p>" + "<span>word</span> " * 40_000 + "</p></article></body></html>"
    assert rejection(workers, extract_by_trafilatura, html, timeout=2).reason is Reason.PARSE_TIMEOUT
    assert run(workers, add, 1, 1) == 2


def test_hostile_feed(workers: Workers) -> None:
    """An author of 64 KB, which holds feedparser for many seconds (its #562), costs one item."""
    author = b"a" * 65_536
    feed = b"<rss version='2.0'><channel><item><title>t</title><author>" + author + b"</author></item></channel></rss>"
    assert rejection(workers, parse_by_feedparser, feed, timeout=2).reason is Reason.PARSE_TIMEOUT
    assert run(workers, add, 1, 1) == 2


def test_closing_kills_what_runs() -> None:
    """Leaving the pool ends busy workers at once, and leaves no process."""
    before = children(os.getpid())

    async def leave_early() -> set[int]:
        with Workers(processes=2, warm_up=WARM_UP) as pool:
            await asyncio.gather(*(pool.run(sleep, 0.1, timeout=20) for _ in range(2)))
            tasks = [asyncio.ensure_future(pool.run(sleep, 60, timeout=90)) for _ in range(6)]
            await asyncio.sleep(0.2)
            started = children(os.getpid()) - before
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return started

    start = time.monotonic()
    started = asyncio.run(leave_early())
    assert time.monotonic() - start < 10
    assert len(started) == 2
    assert not started & children(os.getpid())


def test_closed() -> None:
    """A pool that was left refuses work and says so."""
    pool = Workers(processes=1)
    pool.close()
    with pytest.raises(WorkersError, match="already ended"):
        run(pool, add, 1, 1)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a program that keeps two workers busy; it prints their process ids, then waits for them."""
    (tmp_path / "busy.py").write_text(
        textwrap.dedent(
            """
            import asyncio
            from indexer.workers import Workers
            from worker_tasks import sleep, spin

            async def main():
                with Workers(processes=2, warm_up=("worker_tasks",)) as pool:
                    started = set()
                    while len(started) < 2:
                        started.update(await asyncio.gather(*(pool.run(sleep, 0.1, timeout=20) for _ in range(2))))
                    tasks = [asyncio.ensure_future(pool.run(spin, timeout=60)) for _ in range(5)]
                    await asyncio.sleep(0.3)
                    print(*started, flush=True)
                    await asyncio.gather(*tasks)
            """
        ),
        encoding="utf-8",
    )
    start = "import asyncio, busy\ntry: asyncio.run(busy.main())\nexcept KeyboardInterrupt: raise SystemExit(130)"
    process = subprocess.Popen(
        [sys.executable, "-c", start],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}:{tmp_path}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_parent_killed(program: subprocess.Popen[str]) -> None:
    """Workers, busy as they are, do not outlive a parent that was killed with -9."""
    assert program.stdout is not None
    processes = [int(each) for each in program.stdout.readline().split()]
    assert len(processes) == 2
    assert all(map(is_running, processes))
    program.kill()
    assert wait_until_gone(processes, 5) == []


def test_interrupt(program: subprocess.Popen[str]) -> None:
    """Ctrl-C, which the terminal sends to the whole group, ends everything quickly and without a traceback."""
    assert program.stdout is not None
    processes = [int(each) for each in program.stdout.readline().split()]
    start = time.monotonic()
    os.killpg(program.pid, signal.SIGINT)
    _, errors = program.communicate(timeout=10)
    assert time.monotonic() - start < 3
    assert (program.returncode, errors) == (130, "")
    assert wait_until_gone(processes, 1) == []
