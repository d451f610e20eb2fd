"""The shipped units, as systemd itself reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "systemd"
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not here")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    """Each unit is valid as it stands; only the command is another one, since condensat is not installed here."""
    units = sorted(FOLDER.iterdir())
    assert len(units) == 5
    for unit in units:
        text = unit.read_text("utf-8")
        (tmp_path / unit.name).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *(str(tmp_path / unit.name) for unit in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "condensat" in line]
    assert (done.returncode, said) == (0, [])


def test_no_unit_holds_a_secret() -> None:
    """Keys come as credentials, from files; none stands in a unit, which everyone can read."""
    for unit in FOLDER.glob("*.service"):
        text = unit.read_text("utf-8")
        assert "LoadCredential=" in text
        assert not re.search(r"(API_KEY|PASSWORD)=", text)
