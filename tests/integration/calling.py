"""Call the command within the test's own process, which takes no second to start."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it wrote."""
        return self.out + self.err


@dataclass(frozen=True)
class Caller:
    """Calls commands with settings of the test's own, and with none of this machine."""

    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]
    folder: Path

    def __call__(self, *arguments: str, **settings: str) -> Ended:
        """Call a command; settings are written as in a configuration file: ``api_key``; others in capitals."""
        with self.monkeypatch.context() as patched:
            for name in list(os.environ):
                if name.startswith(("CONDENSAT_", "OTEL_")):
                    patched.delenv(name)
            patched.chdir(self.folder)
            patched.setenv("XDG_CONFIG_HOME", str(self.folder / "config"))
            for name, value in {"home": str(self.folder / "home"), **settings}.items():
                patched.setenv(name if name.isupper() else f"CONDENSAT_{name.upper()}", value)
            self.capfd.readouterr()
            code = 0
            try:
                main(arguments)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            written = self.capfd.readouterr()
        return Ended(code=code, out=written.out, err=written.err)
