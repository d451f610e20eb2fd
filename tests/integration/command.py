"""Run the command on an index, as a person at a terminal of 80 columns would."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store


def run(engine: local.Running, store: Store, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run ``condensat`` with these arguments on the index of ``store``, and give what it printed and its exit code.

    With ``check`` another exit code than 0 is an error.
    """
    environment = {
        "PATH": "/usr/bin:/bin",
        "CONDENSAT_URL": engine.url,
        "CONDENSAT_USERNAME": engine.username,
        "CONDENSAT_PASSWORD": engine.password,
        "CONDENSAT_PREFIX": store.prefix,
        "COLUMNS": "80",
    }
    return subprocess.run(
        [sys.executable, "-m", "indexer", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=check,
    )
