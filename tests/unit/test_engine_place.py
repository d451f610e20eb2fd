"""Where a home's engine keeps its files, and that its account reaches them."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from indexer.engine import EngineError, place
from indexer.engine.account import NOBODY, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the engine as another account")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder below /tmp that every account can pass; pytest's own are closed."""
    path = Path(tempfile.mkdtemp(prefix="condensat-place-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_home_that_was_never_used_has_no_place_and_is_not_touched(folder: Path) -> None:
    """Asking changes nothing."""
    assert place.existing(folder / "home") is None
    assert list(folder.iterdir()) == []


def test_a_place_is_found_again(folder: Path) -> None:
    """What start made, stop and status find."""
    made = place.make(folder / "home")
    assert place.existing(folder / "home") == made
    assert place.make(folder / "home") == made


@root_only
def test_a_home_of_mktemp_is_opened_for_search_alone(folder: Path) -> None:
    """A home with mode 0700 in an open folder gets search permission: no other account can list it."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    made = place.make(home, shared=folder / "shared")
    assert made.root == home / "engine"
    assert made.account.can("x", made.root)
    assert not made.account.can("r", home)
    assert mode(home) == 0o711


@root_only
def test_below_a_closed_folder_the_node_lives_elsewhere(folder: Path) -> None:
    """A home below a closed folder keeps both as they are; the node's folders go where the account can reach them."""
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    made = place.make(home, shared=folder / "shared")
    assert made.root.parent == folder / "shared"
    assert made.account.can("x", made.root)
    assert mode(closed) == 0o700
    assert place.make(home, shared=folder / "shared") == made
    assert place.existing(home) == made
    assert made.lock.parent == made.password.parent == home / "engine"


@root_only
def test_the_users_own_home_folder_is_never_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CONDENSAT_HOME=$HOME the folder stays closed though its parent is open."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    assert place.make(home, shared=folder / "shared").root.parent == folder / "shared"
    assert mode(home) == 0o700


@root_only
def test_two_homes_never_share_a_place(folder: Path) -> None:
    """Two homes, a copied home and one made anew all have places of their own; a moved home keeps its own."""
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    one = place.make(closed / "one", shared=folder / "shared").root
    two = place.make(closed / "two", shared=folder / "shared").root
    shutil.copytree(closed / "one", closed / "copy")
    copy = place.make(closed / "copy", shared=folder / "shared").root
    (closed / "two").rename(closed / "moved")
    moved = place.make(closed / "moved", shared=folder / "shared").root
    shutil.rmtree(closed / "one")
    anew = place.make(closed / "one", shared=folder / "shared").root
    assert moved == two
    assert len({one, two, copy, anew}) == 4


@root_only
def test_the_engine_of_a_users_home_runs_as_that_user(folder: Path) -> None:
    """Root starts the engine of another's home as its owner, and leaves no file of root's behind."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 1234, 1235)
    made = place.make(home)
    assert made.account == Account(uid=1234, gid=1235, switch=True)
    assert made.root == home / "engine"
    place.write_private(made, made.password, "secret")
    assert {(path.stat().st_uid, path.stat().st_gid) for path in home.rglob("*")} == {(1234, 1235)}


def test_a_private_file_is_its_owners_alone(folder: Path) -> None:
    """The password's file can be read by nobody else, whatever the umask."""
    made = place.make(folder / "home")
    old = os.umask(0)
    try:
        place.write_private(made, made.password, "secret")
    finally:
        os.umask(old)
    assert made.password.read_text("utf-8") == "secret"
    assert mode(made.password) == 0o600
    assert [path.name for path in made.own.iterdir()] == ["password"]


@root_only
def test_a_home_of_another_user_is_refused_with_what_to_do(folder: Path) -> None:
    """Who cannot look into a home is told to use a folder of their own."""
    home = folder / "home"
    (home / "engine").mkdir(parents=True)
    home.chmod(0o700)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(EngineError, match="CONDENSAT_HOME"):
            place.existing(home)
    finally:
        os.seteuid(0)
