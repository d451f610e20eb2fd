"""Apply a vocabulary to articles that are in the index; where they came from makes no difference."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError
from indexer.models import Reason, Rejection
from indexer.reports import Outcome, Report
from indexer.vocabulary import assigned, changed, given

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.progress import Progress
    from indexer.vocabulary import Tagger

BATCH = 500  # articles that are read and written at a time

EVERY: dict[str, Any] = {"match_all": {}}


def apply(
    store: Store,
    tagger: Tagger | None,
    *,
    now: Callable[[], datetime],
    progress: Progress,
    query: dict[str, Any] = EVERY,
    counted: Callable[[Collection[str]], Collection[str]] = lambda ids: ids,
) -> Report:
    """Give articles the tags, stories and CVE ids of a vocabulary (None: those that they were given, and no other).

    Only what differs is written, so it may be run again at any time, and goes on where it was stopped. What analysts
    wrote stays. Of articles that did not change only those among ``counted`` are counted. When Elasticsearch fails,
    the rest is left, and the report says so.
    """
    began = time.monotonic()
    report = Report()

    def decide(article: dict[str, Any]) -> dict[str, Any]:
        title, text = article.get("title") or "", article["text"]
        fields = changed(article, assigned(tagger, title=title, text=text, given=given(article)))
        return {**fields, "modified": moment(now())} if fields else {}

    batch: list[str] = []
    try:
        store.articles.refresh()
        progress.start("applying the vocabulary", store.articles.matching(query))
        hits = (hit["_id"] for hit in store.articles.scan({"query": query, "source": False}, page=5_000))
        while batch := list(islice(hits, BATCH)):
            ends = store.edits.edit(batch, decide)
            told = set(counted(list(ends)))
            for identity, written in ends.items():
                if written or identity in told:
                    report.read += 1
                    report.count(Outcome.UPDATED if written else Outcome.UNCHANGED)
            progress.advance(len(batch))
        store.articles.refresh()
    except StoreError as error:
        report.read += len(batch)
        for identity in batch:
            report.reject(Rejection(what=identity, reason=Reason.NOT_WRITTEN, detail=str(error)))
        report.outages += 1
        report.warnings.append(f"the vocabulary was not applied to the end; run it again: {error}")
    progress.finish()
    report.seconds = time.monotonic() - began
    report.check()
    return report
