"""Give articles their signatures where there are none: an earlier version, or a snapshot of it, kept them elsewhere.

All articles are marked as pending before the index of signatures is made, and the marks are taken away when all are
signed. A run that dies in between leaves them, and who finds pairs signs what it finds marked. An article of which the
mark is gone by then was judged meanwhile, among signatures that were not all there: it is marked again.
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
    if not store.lacks_signatures() or not store.rights.may_create("signatures"):
        return store.init()  # or be told who may
    began = now()
    for ids in _batches(store, "marking articles", progress):
        store.pending.mark_again(store.articles.states(ids), now=began)
    created = store.init()
    for ids in _batches(store, "signing articles", progress):
        store.signatures.write(store.articles.stored(ids).values())
    store.signatures.refresh()
    for ids in _batches(store, "taking the marks away", progress):
        _release(store, ids, marked=began, now=now())
    progress.finish()
    return created


def _batches(store: Store, label: str, progress: Progress) -> Iterator[Sequence[str]]:
    store.articles.refresh()
    progress.start(label, store.articles.count())
    ids = (hit["_id"] for hit in store.articles.scan({"query": {"match_all": {}}, "source": False}, page=5_000))
    while batch := list(islice(ids, BATCH)):
        yield batch
        progress.advance(len(batch))


def _release(store: Store, ids: Sequence[str], *, marked: datetime, now: datetime) -> None:
    marks = store.pending.read(ids)
    ours = [mark for mark in marks.values() if moment(mark.since) == moment(marked)]
    judged = set(ids).difference(mark.id for mark in ours)
    store.pending.mark_again(store.articles.states(sorted(judged)), now=now)
    store.pending.take_away(ours)
