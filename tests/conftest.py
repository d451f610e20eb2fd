from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from indexer import engine as local

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes as well")


def pytest_configure() -> None:
    """Time no test, let Ctrl-C reach what they start (a shell starts that deaf to it), and start engines cheaply.

    Half of the processor time that a start takes is the second compiler's; no engine runs long enough to gain from it.
    """
    os.environ.setdefault("ES_JAVA_OPTS", "-XX:TieredStopAtLevel=1")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Of a loaded machine a deadline says no more than that it is one.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes minutes unless it is asked for; the skip is shown."""
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; run with --long"))


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
