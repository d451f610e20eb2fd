"""What the benchmarks share: where the data lie, and an own set of indices."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.elastic import Store

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PAGES = DATA / "pages" / "aeb" / "html"
REPOSTS = DATA / "reposts"
DOCS = ROOT / "docs"


class AbsentError(Exception):
    """What a benchmark measures on is not there; the text says what."""


def need(folder: Path) -> None:
    """Raise ``AbsentError`` where a folder of data is missing."""
    if not folder.is_dir():
        raise AbsentError(f"{folder} is not there: nothing to measure on")


@contextmanager
def store() -> Iterator[Store]:
    """Open indices of the benchmark's own, and leave none behind."""
    from indexer.cli import settings  # noqa: PLC0415 reads the environment that is set here
    from indexer.cli.session import connect  # noqa: PLC0415 the same

    os.environ["CONDENSAT_PREFIX"] = f"bench{os.getpid()}"
    settings.load()
    with connect() as opened:
        try:
            yield opened
        finally:
            opened.drop()
