"""Take articles out of the index for good: the pairs and counts of others follow, and they do not come back.

An article is noted as removed before it goes, and marked as if it was to be judged: detection then drops its pairs,
judges what they held together, and sums up what was beside it. A run that dies in between leaves the mark, and the
next run of anything that finds pairs ends it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from indexer.detect import ABANDONED, detect
from indexer.elastic.corrections import Tombstone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.progress import Progress

BATCH = 500  # articles at once
GONE = "removed"  # the state that stands in a mark: no article is in it


def older_than(before: dict[str, Any], *, sources: dict[str, Any] | None, kept: bool) -> dict[str, Any]:
    """Give the query for what retention takes: by date, of some sources, and what an analyst cared for only if so."""
    filters = [before, *([sources] if sources else [])]
    cared = [{"term": {"shelf": "kept"}}, {"exists": {"field": "notes.stars"}}, {"exists": {"field": "notes.remark"}}]
    return {"bool": {"filter": filters, "must_not": [] if kept else cared}}


def remove(
    store: Store,
    query: dict[str, Any],
    *,
    by: str,
    comes_back: bool = False,
    now: Callable[[], datetime],
    progress: Progress,
) -> int:
    """Remove all that a query matches and give their number; with ``comes_back`` without a note that keeps them out."""
    store.articles.refresh()
    progress.start("removing articles", store.articles.matching(query))
    fields = ["urls", "title", "source.domain"]
    hits = store.articles.scan({"query": query, "source_includes": fields}, page=BATCH)
    count = 0
    while part := list(islice(hits, BATCH)):
        count += _remove(store, part, by=by, comes_back=comes_back, now=now)
        progress.advance(len(part))
    store.articles.refresh()
    store.pairs.refresh()
    progress.finish()
    return count


def _remove(
    store: Store, hits: Iterable[dict[str, Any]], *, by: str, comes_back: bool, now: Callable[[], datetime]
) -> int:
    stones = [_tombstone(each) for each in hits]
    ids = [each.article for each in stones]
    if not comes_back:
        store.corrections.bury(stones, by=by, now=now())
    # as old as the mark of a writer that died: what it names is judged as it is found
    store.pending.mark(dict.fromkeys(ids, GONE), now=now() - 2 * ABANDONED)
    gone = store.edits.delete(ids)
    detect(store, dict.fromkeys(ids), now=now)
    return gone


def _tombstone(hit: dict[str, Any]) -> Tombstone:
    source = hit["_source"]
    return Tombstone(
        article=hit["_id"],
        urls=tuple(source["urls"]),
        title=source.get("title") or "",
        domain=source["source"]["domain"],
    )


def named(ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Give queries for these articles, each for as many as one query may name."""
    given = list(ids)
    for start in range(0, len(given), BATCH):
        yield {"terms": {"id": given[start : start + BATCH]}}
