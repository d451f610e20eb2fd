from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from indexer import engine as local

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def engine_home() -> Iterator[Path]:
    """Give a home that the engine's unprivileged account can reach.

    CONDENSAT_TEST_HOME names one to share between test sessions; else a temporary one is removed at the end.
    pytest's own temporary folders are closed to other accounts.
    """
    shared = os.environ.get("CONDENSAT_TEST_HOME")
    if shared:
        yield Path(shared)
        return
    home = Path(tempfile.mkdtemp(prefix="condensat-test-"))
    try:
        yield home
    finally:
        local.stop(home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def engine(engine_home: Path) -> local.Running:
    """Give a running engine; a test session without one fails. A shared one is left running."""
    return local.start(engine_home)
