"""The commands of `condensat engine` as a person or a script uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.engine import Running


def condensat(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "indexer", "--home", str(home), "engine", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)


def test_start_prints_the_address_and_status_agrees(engine: Running, engine_home: Path) -> None:
    """Standard output of start is the address alone; status as JSON has the same one and no password."""
    started = condensat(engine_home, "start")
    assert (started.returncode, started.stdout) == (0, f"{engine.url}\n")
    status = condensat(engine_home, "status", "--format", "json")
    assert status.returncode == 0
    told = json.loads(status.stdout)
    assert told["running"] is True
    assert (told["url"], told["pid"]) == (engine.url, engine.pid)
    assert engine.password not in status.stdout
    assert f"url           {engine.url}" in condensat(engine_home, "status").stdout


def test_logs_gives_the_lines_that_were_asked_for(engine: Running, engine_home: Path) -> None:
    """As many last lines as asked for, on standard output."""
    assert engine.pid
    assert len(condensat(engine_home, "logs", "--lines", "3").stdout.splitlines()) == 3


def test_where_nothing_runs_status_says_so_with_its_exit_code(tmp_path: Path) -> None:
    """Status of a home that was never started exits with 3, stop with 0, and neither makes a folder."""
    home = tmp_path / "none"
    status = condensat(home, "status", "--format", "json")
    assert status.returncode == 3
    assert json.loads(status.stdout)["running"] is False
    stopped = condensat(home, "stop")
    assert stopped.returncode == 0
    assert "not running" in stopped.stderr
    assert not home.exists()


def test_a_start_that_fails_exits_with_three(tmp_path: Path) -> None:
    """An engine that cannot be had is exit code 3, with the reason on standard error and nothing on standard output."""
    (tmp_path / "file").touch()
    failed = condensat(tmp_path / "file" / "home", "start")
    assert (failed.returncode, failed.stdout) == (3, "")
    assert "cannot be made" in failed.stderr
