from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
OURS = ("CONDENSAT_", "VIRTUAL_ENV", "PYTHONPATH", "COV_")  # not handed down: a test says itself what it sets
PATIENCE = 600.0  # seconds; a command that takes longer hangs


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Read standard output as one JSON value: nothing else may stand in it."""
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Condensat:
    """The installed command, with settings of its own; calling it runs it.

    No run may end in a traceback, whatever it was given.
    """

    program: Path
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: object, code: int | None = 0, stdin: str = "", **settings: str) -> Result:
        """Run it and expect an exit code; None expects nothing in particular."""
        done = subprocess.run(
            [self.program, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(**settings),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        result = Result(code=done.returncode, out=done.stdout, err=done.stderr)
        assert "Traceback" not in result.err, result.err
        assert code is None or result.code == code, (arguments, result)
        return result

    def environment(self, **settings: str) -> dict[str, str]:
        """Give the environment of a run; ``url="…"`` sets CONDENSAT_URL."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        ours = {**self.settings, **settings}
        return {
            **inherited,
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            **{f"CONDENSAT_{name.upper()}": value for name, value in ours.items()},
        }

    def with_settings(self, **settings: str) -> Condensat:
        """Give the same command with other settings."""
        return Condensat(program=self.program, folder=self.folder, settings={**self.settings, **settings})

    def articles(self) -> dict[str, dict[str, Any]]:
        """Give all articles that are indexed, by URL."""
        return {each["url"]: each for each in self("search", "*", "--format", "json").json}

    def pairs(self, *arguments: object) -> list[dict[str, Any]]:
        """Give the pairs that are stored."""
        listed: list[dict[str, Any]] = self("reposts", *arguments, "--format", "json").json
        return listed


@pytest.fixture(scope="session")
def installed() -> Iterator[Path]:
    """Give the folder of programs of a clean environment in which the built wheel is installed, and nothing of ours.

    CONDENSAT_WHEEL_PYTHON names the interpreter of one that was made before.
    """
    there = os.environ.get("CONDENSAT_WHEEL_PYTHON")
    if there:
        yield Path(there).parent
        return
    with tempfile.TemporaryDirectory(prefix="condensat-wheel-") as name:
        folder = Path(name)
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
        assert uv, "building the wheel needs uv, which scripts/bootstrap dev installs"
        wheel = [
            "build",
            "--wheel",
            "--no-build-isolation",
            "--python",
            sys.executable,
            "--out-dir",
            str(folder),
            str(ROOT),
        ]
        _run(uv, *wheel)
        venv.create(folder / "venv", with_pip=False)
        python = folder / "venv" / "bin" / "python"
        install = [uv, "pip", "install", "--python", str(python)]
        _run(*install, "--require-hashes", "-r", str(ROOT / "requirements" / "run.txt"))
        _run(*install, "--no-deps", *map(str, folder.glob("*.whl")))
        yield python.parent


def _run(*command: str) -> None:
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def fresh(installed: Path, engine_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Condensat:
    """Give the command with empty indices for this module; ``with_settings(prefix=…)`` gives further ones."""
    return Condensat(
        program=installed / "condensat",
        folder=tmp_path_factory.mktemp("work"),
        settings={"home": str(engine_home), "prefix": new_prefix(), "allow_private": "1", "host_delay": "0"},
    )


@pytest.fixture
def condensat(fresh: Condensat) -> Condensat:
    """Give the command with empty indices for this test."""
    return fresh.with_settings(prefix=new_prefix())


def new_prefix() -> str:
    """Name indices that nobody else has."""
    return f"test-{uuid.uuid4().hex[:10]}"
