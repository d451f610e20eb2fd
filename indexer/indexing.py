"""Take articles into the index: condense, sign, write, and find their pairs. Where they come from it does not know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from indexer.detect import detect
from indexer.elastic.documents import article_document, text_fields
from indexer.models import Article, Entry, Reason, Rejection
from indexer.reports import Outcome, Report
from indexer.shingles import Shingled, shingle, signature
from indexer.sketch import sketch
from indexer.urls import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.documents import Created
    from indexer.vocabulary import Tagger


@dataclass(frozen=True, kw_only=True, slots=True)
class Worked:
    """What is worked out of an article's title and text alone: any process can do that, before anything is asked."""

    shingled: Shingled
    fields: dict[str, Any]  # see ``documents.text_fields``
    signature: tuple[str, ...]
    sketch: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """An article on its way in; ``what`` names it in the report (its URL, its line)."""

    article: Article
    what: str
    entry_hash: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)  # further fields, of an export, for an article that is new
    worked: Worked | None = None  # where another process did that already


def entry_hash(entry: Entry) -> str:
    """Hash what a feed says of an entry: while it stays the same, the page is not fetched again."""
    parts = (entry.title, entry.summary, entry.text, str(entry.published.at), entry.published.raw or "")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def work_out(article: Article, tagger: Tagger | None) -> Worked:
    """Work out what follows from the title and the text of an article."""
    shingled = shingle(article.text)
    return Worked(
        shingled=shingled,
        fields=text_fields(article, shingled, tagger),
        signature=signature(shingled),
        sketch=sketch(shingled),
    )


def take_in(
    store: Store,
    arrivals: Sequence[Arrival],
    report: Report,
    *,
    now: Callable[[], datetime],
    tagger: Tagger | None = None,
) -> None:
    """Write a batch as ``write`` does and find its pairs. Pairs that were not found stay pending."""
    pending = write(store, arrivals, report, now=now, tagger=tagger)
    if pending:
        report.pairs.update(detect(store, pending, now=now))


def write(
    store: Store,
    arrivals: Sequence[Arrival],
    report: Report,
    *,
    now: Callable[[], datetime],
    tagger: Tagger | None = None,
) -> dict[str, Created | None]:
    """Write a batch; every arrival is counted in ``report``. Gives what is pending, as ``detect`` takes it.

    ``tagger`` finds tags, stories and CVE ids; without one an article has those that it was given.
    An Elasticsearch that fails costs the articles that it did not acknowledge: they are counted as not written,
    and ``StoreError`` is raised so that the caller may stop.
    """
    written = None
    try:
        arrivals = _corrected(store, arrivals, report)
        merged, elsewhere = _merge(store, arrivals)
        for identity, found in elsewhere.items():
            store.articles.add_urls(identity, found)
        condensates = store.condense([f"{each.article.title}\n{each.article.text}" for each in merged])
        worked = [_worked(each, tagger) for each in merged]
        documents = [
            article_document(each.article, condensate=condensate, of_text=done.fields, entry_hash=each.entry_hash)
            for each, condensate, done in zip(merged, condensates, worked, strict=True)
        ]
        written = store.articles.write(
            documents,
            texts=[each.shingled for each in worked],
            seen=[each.article.seen for each in merged],
            now=now(),
            kept={each.article.id: each.kept for each in merged if each.kept},
        )
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
        report.count(Outcome.UNCHANGED)  # the same article twice in one batch, or another way to one that is there
    store.articles.refresh()  # URLs are looked up by searching: the next batch may come by one of these
    return {end.id: end.created for end in written if end.pending}


def _worked(arrival: Arrival, tagger: Tagger | None) -> Worked:
    worked = arrival.worked
    if worked is None:
        return work_out(arrival.article, tagger)
    signature.remember(worked.shingled, worked.signature)  # its candidates are found in this process
    sketch.remember(worked.shingled, worked.sketch)
    return worked


def _corrected(store: Store, arrivals: Sequence[Arrival], report: Report) -> list[Arrival]:
    """Count those that were removed once as rejected; give the others to the sources that theirs were merged into."""
    standing = store.corrections.standing(
        [each.article.id for each in arrivals],
        {url for each in arrivals for url in each.article.urls},
        {each.article.source.domain for each in arrivals},
    )
    suspects = [each.article.id for each in arrivals if not standing.removed.isdisjoint(each.article.urls)]
    there = store.articles.states(suspects).keys()  # an article of its own, to which such a URL led as well
    left = []
    for each in arrivals:
        article = each.article
        if article.id in standing.removed or (article.id in suspects and article.id not in there):
            detail = f"let it come back with: condensat remove --lift {article.id}"
            report.count(Outcome.REJECTED, Rejection(what=each.what, reason=Reason.REMOVED, detail=detail))
            continue
        merge = standing.merged.get(article.source.domain)
        if merge:
            source = replace(article.source, domain=merge.into, name=merge.name)
            article = replace(article, source=source)
        left.append(replace(each, article=article))
    return left


def _merge(store: Store, arrivals: Sequence[Arrival]) -> tuple[list[Arrival], dict[str, tuple[str, ...]]]:
    """Fold arrivals of one article into one, and give the URLs that are to be added to articles already there.

    An article is replaced only by what its own link leads to: of two such in a batch the last stands. Whatever
    reaches it by another link (a redirect, a canonical link) only adds that link, so that no page can overwrite
    another's article.
    """
    known = store.articles.known(
        [each.article.id for each in arrivals], [url for each in arrivals for url in each.article.urls]
    )
    folded: dict[str, Arrival] = {}
    elsewhere: dict[str, tuple[str, ...]] = {}
    here: dict[str, str] = {}
    for each in arrivals:
        article = each.article
        own = article.id in known or article.id in folded
        there = None if own else next((known[url].id for url in article.urls if url in known), None)
        if there:
            elsewhere[there] = (*elsewhere.get(there, ()), *article.urls)
            continue
        identity = article.id if own else next((here[url] for url in article.urls if url in here), article.id)
        if identity in folded:
            first = folded[identity].article
            content = article if identity == article.id else first
            urls = tuple(dict.fromkeys([*first.urls, *article.urls]))
            article = replace(content, urls=urls, seen=min(first.seen, article.seen))
        folded[identity] = replace(each if identity == each.article.id else folded[identity], article=article)
        here |= dict.fromkeys(article.urls, identity)
    return list(folded.values()), elsewhere


def aliases(*urls: str | None) -> tuple[str, ...]:
    """Normalise URLs that lead to one article, in order, each once."""
    return tuple(dict.fromkeys(normalise(url) for url in urls if url))
