"""The names of workers."""

from __future__ import annotations

import os
import subprocess
import sys

from indexer.ingest import names


def test_a_process_is_not_dead_while_it_runs() -> None:
    """Our own name is that of a living process, and the same each time."""
    assert names.own() == names.own()
    assert not names.has_died(names.own())


def test_a_process_that_ended_is_dead() -> None:
    """A name whose process is gone is known to be dead, on the machine that it was given on."""
    child = subprocess.Popen([sys.executable, "-c", "from indexer.ingest import names; print(names.own())"], stdout=-1)
    name = child.communicate()[0].decode().strip()
    assert name.endswith(f":{child.pid}")
    assert names.has_died(name)


def test_nothing_is_said_of_others() -> None:
    """Of a process of another machine, of another count of processes, or of none, nobody can know."""
    host, mark, number = names.own().rsplit(":", 2)
    gone = 2**22 + 7  # above the largest number that Linux hands out
    assert names.has_died(f"{host}:{mark}:{gone}")
    for name in (
        f"elsewhere:{mark}:{gone}",
        f"{host}:00000000:{gone}",
        "",
        "worker",
        f"{host}:{mark}:",
        f"{host}:{mark}:x",
    ):
        assert not names.has_died(name)
    assert not names.has_died(f"{host}:{mark}:{10**30}")
    assert int(number) == os.getpid()
