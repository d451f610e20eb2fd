"""What the benchmarks share: where the data lie, an own set of indices, an engine of their own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from elasticsearch import Elasticsearch
from elasticsearch.exceptions import GeneralAvailabilityWarning

from indexer import engine
from indexer.elastic import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PAGES = DATA / "pages" / "aeb" / "html"
REPOSTS = DATA / "reposts"
TIMEOUT = 600.0  # seconds: the disk usage of an index is read through


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where it is measured."""

    home: Path
    work: Path  # for the files that are imported
    client: Elasticsearch
    store: Store


@contextmanager
def setting(prefix: str, *, home: Path | None) -> Iterator[Setting]:
    """Start an engine anew with empty indices, and stop it at the end; a home that was not named goes, too."""
    warnings.simplefilter("ignore", GeneralAvailabilityWarning)  # of the disk usage, which only benchmarks ask
    made = Path(tempfile.mkdtemp(prefix="condensat-bench-"))
    made.chmod(0o755)  # the engine may run as another user
    chosen = (home or made / "home").absolute()
    try:
        engine.stop(chosen)
        local = engine.start(chosen, progress=lambda told: print(told, file=sys.stderr))
        login = (local.username, local.password)
        with (
            Elasticsearch(local.url, basic_auth=login, request_timeout=TIMEOUT) as client,
            Store.connect(local.url, prefix=prefix, username=login[0], password=login[1]) as opened,
        ):
            opened.drop()
            opened.init()
            yield Setting(home=chosen, work=made, client=client, store=opened)
    finally:
        engine.stop(chosen)
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def opened(prefix: str, *, home: Path | None) -> Iterator[Setting]:
    """Open the indices of a prefix as they are, in the engine of a home, which is left running."""
    from indexer.cli import settings  # noqa: PLC0415 it reads the environment

    chosen = home.absolute() if home else settings.load().home
    local = engine.start(chosen)
    login = (local.username, local.password)
    with (
        Elasticsearch(local.url, basic_auth=login, request_timeout=TIMEOUT) as client,
        Store.connect(local.url, prefix=prefix, username=login[0], password=login[1]) as store,
        tempfile.TemporaryDirectory(prefix="condensat-bench-") as work,
    ):
        if store.missing():
            raise AbsentError(f"there are no indices {prefix}-…")
        yield Setting(home=chosen, work=Path(work), client=client, store=store)
