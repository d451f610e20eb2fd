"""Give articles their signatures where there are none: an earlier version, or a snapshot of it, kept them elsewhere.

All articles are marked as pending before the index of signatures is made, and each mark is taken away when its article
is signed. So a run that dies in between leaves marks, and who finds pairs signs what it finds marked.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from indexer.elastic.documents import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.progress import Progress

BATCH = 1_000  # articles that are read at a time


def create(store: Store, *, now: Callable[[], datetime], progress: Progress) -> list[str]:
    """Create the indices that are missing and give their names; sign the articles that are there already."""
    if not store.lacks_signatures():
        return store.init()
    began = now()
    store.articles.refresh()
    for ids in _batches(store):
        store.pending.mark_again(store.articles.states(ids), now=began)
    created = store.init()
    progress.start("signing articles", store.articles.count())
    for ids in _batches(store):
        _sign(store, ids, marked=began)
        progress.advance(len(ids))
    store.signatures.refresh()
    progress.finish()
    return created


def _batches(store: Store) -> Iterator[Sequence[str]]:
    ids = (hit["_id"] for hit in store.articles.scan({"query": {"match_all": {}}, "source": False}, page=5_000))
    while batch := list(islice(ids, BATCH)):
        yield batch


def _sign(store: Store, ids: Sequence[str], *, marked: datetime) -> None:
    marks = store.pending.read(ids)
    store.signatures.write(store.articles.stored(ids).values())
    store.pending.take_away(mark for mark in marks.values() if moment(mark.since) == moment(marked))
