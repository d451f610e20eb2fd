"""The lock between processes, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from indexer.engine import EngineError, locks

if TYPE_CHECKING:
    from pathlib import Path


def test_a_held_lock_is_waited_for_and_given_up_on(tmp_path: Path) -> None:
    """The second waits, says so once, and after its time fails with the file's name."""
    told: list[str] = []
    path = tmp_path / "lock"
    with (
        locks.hold(path, seconds=0, waiting=lambda: None),
        pytest.raises(EngineError, match="lock"),
        locks.hold(path, seconds=0.3, waiting=lambda: told.append("waiting")),
    ):
        pass
    assert told == ["waiting"]
    with locks.hold(path, seconds=0, waiting=lambda: told.append("again")):
        assert told == ["waiting"]


def test_a_child_goes_on_holding_what_it_inherited(tmp_path: Path) -> None:
    """A launcher keeps the lock after the command that started it is gone, until it ends itself."""
    path = tmp_path / "lock"
    with locks.hold(path, seconds=0, waiting=lambda: None) as descriptor:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(descriptor,))
    with child:
        with pytest.raises(EngineError), locks.hold(path, seconds=0.2, waiting=lambda: None):
            pass
        child.communicate(b"\n")
    with locks.hold(path, seconds=5, waiting=lambda: None):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_descriptor_does_not_leak_into_other_children(tmp_path: Path) -> None:
    """Only who is given the lock holds it."""
    with locks.hold(tmp_path / "lock", seconds=0, waiting=lambda: None) as descriptor:
        assert not os.get_inheritable(descriptor)
