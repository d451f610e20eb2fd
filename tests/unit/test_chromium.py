from __future__ import annotations

from typing import TYPE_CHECKING

import chromium
import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Look in an empty folder only."""
    monkeypatch.delenv("CONDENSAT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "PLACES", ())


def test_a_missing_browser_is_told() -> None:
    """Where there is none it is said what to install."""
    with pytest.raises(chromium.NoChromiumError, match="apt-get install chromium"):
        chromium.find()


@pytest.mark.parametrize("name", ["chromium", "google-chrome", "Google Chrome"])
def test_browsers_are_found_by_their_names(tmp_path: Path, name: str) -> None:
    """Each of the usual names is good enough."""
    program = tmp_path / name
    program.write_text("")
    program.chmod(0o755)
    assert chromium.find() == program


def test_a_named_browser_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The one that is named is taken, and none in its place."""
    monkeypatch.setenv("CONDENSAT_CHROMIUM", str(tmp_path / "mine"))
    with pytest.raises(chromium.NoChromiumError, match="mine"):
        chromium.find()
    (tmp_path / "mine").write_text("")
    assert chromium.find() == tmp_path / "mine"
