from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from indexer.replacing import alone, replace

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """The new one has the content and the mode of the old one, and nothing else is left in the folder."""
    file = tmp_path / "feed.atom"
    replace(file, b"one")
    file.chmod(0o640)
    replace(file, b"two")
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What a link leads to is replaced, not the link."""
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "feed.atom", tmp_path / "feed.atom"
    target.write_bytes(b"one")
    link.symlink_to(target)
    replace(link, b"two")
    assert link.is_symlink()
    assert target.read_bytes() == b"two"


def test_what_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """Where there is no folder, or the place is one, an OSError is raised and nothing is left behind."""
    with pytest.raises(OSError, match="No such file"):
        replace(tmp_path / "no" / "feed.atom", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace(tmp_path / "folder", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_one_after_another(tmp_path: Path) -> None:
    """Who wants to be alone waits until the other is done."""
    file = tmp_path / "count"
    replace(file, b"0")

    def add(_: int) -> None:
        with alone(file):
            replace(file, str(int(file.read_bytes()) + 1).encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(100)))
    assert file.read_bytes() == b"100"
