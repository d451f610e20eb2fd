"""Take articles into the index: condense, sign, write, and find their pairs. Where they come from it does not know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.detect import detect
from indexer.elastic.documents import article_document
from indexer.elastic.errors import StoreError
from indexer.models import Article, Entry, Outcome, Reason, Rejection, Report
from indexer.shingles import shingle
from indexer.urls import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from indexer.elastic import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """An article on its way in; ``what`` names it in the report (its URL, its line)."""

    article: Article
    what: str
    entry_hash: str | None = None


def entry_hash(entry: Entry) -> str:
    """Hash what a feed says of an entry: while it stays the same, the page is not fetched again."""
    parts = (entry.title, entry.summary, entry.text, str(entry.published.at), entry.published.raw or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def take_in(store: Store, arrivals: Sequence[Arrival], report: Report, *, now: Callable[[], datetime]) -> None:
    """Write a batch and find its pairs; every arrival is counted in ``report``.

    An Elasticsearch that fails costs the articles that it did not acknowledge: they are counted as not written,
    and ``StoreError`` is raised so that the caller may stop. Pairs that were not found stay pending.
    """
    merged = _merge(store, arrivals)
    documents = []
    written = None
    try:
        condensates = store.condense([f"{each.article.title}\n{each.article.text}" for each in merged])
        documents = [
            article_document(
                each.article,
                condensate=condensate,
                shingled=shingle(each.article.text),
                entry_hash=each.entry_hash,
            )
            for each, condensate in zip(merged, condensates, strict=True)
        ]
        written = store.articles.write(documents, seen=[each.article.seen for each in merged], now=now())
    finally:
        if written is None:
            for each in arrivals:
                report.count(
                    Outcome.REJECTED,
                    Rejection(what=each.what, reason=Reason.NOT_WRITTEN, detail="Elasticsearch failed"),
                )
    for each, end in zip(merged, written, strict=True):
        if end.outcome is Outcome.REJECTED:
            report.count(Outcome.REJECTED, Rejection(what=each.what, reason=Reason.NOT_WRITTEN, detail=end.error))
        else:
            report.count(end.outcome)
    for _ in range(len(arrivals) - len(merged)):
        report.count(Outcome.UNCHANGED)  # the same article twice in one batch
    fresh = [end.id for end in written if end.outcome in (Outcome.CREATED, Outcome.UPDATED)]
    if fresh:
        report.pairs.update(detect(store, fresh, now=now))


def _merge(store: Store, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Give every arrival the id of the article that one of its URLs already leads to, and fold repeats.

    Of the same article twice in a batch the last stands, with the URLs of both and the earlier date of sight.
    """
    try:
        known = store.articles.known([], [url for each in arrivals for url in each.article.urls])
    except StoreError:
        known = {}  # the write that follows fails as well, and is counted
    folded: dict[str, Arrival] = {}
    here: dict[str, str] = {}
    for each in arrivals:
        urls = each.article.urls
        identity = next((known[url].id for url in urls if url in known), None)
        identity = identity or next((here[url] for url in urls if url in here), each.article.id)
        article = replace(each.article, id=identity)
        if identity in folded:
            first = folded[identity].article
            article = replace(
                article,
                urls=tuple(dict.fromkeys([*first.urls, *urls])),
                seen=min(first.seen, article.seen),
            )
        folded[identity] = replace(each, article=article)
        here |= dict.fromkeys(article.urls, identity)
    return list(folded.values())


def aliases(*urls: str | None) -> tuple[str, ...]:
    """Normalise URLs that lead to one article, in order, each once."""
    return tuple(dict.fromkeys(normalise(url) for url in urls if url))
