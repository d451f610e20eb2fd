"""Restore a snapshot so that its articles, pairs and marks fit each other again; where it lies it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from indexer.detect import detect, mark_again
from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.snapshots import Snapshot
    from indexer.progress import Progress

# Between the writing of an article and that of its pairs lies a batch of an import: seconds, at most minutes.
BEFORE = timedelta(minutes=30)
BATCH = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What came back, and how many of the articles were judged again."""

    documents: dict[str, int]
    judged_again: int


def restore(
    store: Store,
    repository: str,
    taken: Snapshot,
    *,
    replace: bool,
    now: Callable[[], datetime],
    progress: Progress,
) -> Restored:
    """Bring a snapshot back under the store's prefix; with ``replace`` in the place of what is there.

    What was written while the snapshot was taken may be in one of its indices and not in another. Then the articles of
    that time are judged again.
    """
    there = store.snapshots.in_the_way()
    if there and not replace:
        raise StoreError(
            f"There are indices of this prefix already: {', '.join(there)}. Restore under another one "
            "(condensat --prefix NAME backup restore …), or let them be deleted with --replace."
        )
    store.snapshots.delete_indices(there)
    progress.start(f"restoring {taken.name}", None)
    quiet = store.snapshots.restore(repository, taken, waiting=lambda _: progress.advance(0))
    again = 0
    if not quiet:
        progress.note("articles were written while this snapshot was taken: the latest are judged again")
        again = _mark_latest(store, since=taken.started - BEFORE, now=now())
    if again or next(store.pending.ids(), None) is not None:
        detect(store, now=now)
        store.articles.refresh()
        store.pairs.refresh()
    progress.finish()
    return Restored(documents=taken.documents, judged_again=again)


def _mark_latest(store: Store, *, since: datetime, now: datetime) -> int:
    hits = store.articles.scan({"query": {"range": {"modified": {"gte": moment(since)}}}, "source": False})
    count = 0
    while part := [hit["_id"] for hit in islice(hits, BATCH)]:
        mark_again(store, part, now=now)
        count += len(part)
    return count
