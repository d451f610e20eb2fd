"""Open the archive of raw pages that the settings name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from indexer.cli import session, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.archive import Keeper


@contextmanager
def keeper() -> Iterator[Keeper]:
    """Give where raw pages go; nowhere where the settings say so."""
    from indexer.archive import Archive, Silence

    folder = settings.load().archive_folder
    if folder is None:
        yield Silence()
        return
    with Archive(folder, now=session.now) as archive:
        yield archive
