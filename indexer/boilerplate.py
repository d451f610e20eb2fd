"""Learn what each source repeats, and have its pairs judged again; how it is found is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from indexer.detect import detect, mark_again
from indexer.elastic.sources import Boilerplate, Phrase
from indexer.models import CondensatError
from indexer.repeats import LEAST, Pieces, repeated, stories
from indexer.shingles import shingle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.progress import Progress

READ = 10_000  # latest articles of a source that are read: 30 MB of grams
SHARED_BY = 3  # other sources that have a piece, from which on it is syndication and no source's own frame
ONE_STORY = 48 * 3600  # seconds between versions of one story
SHOWN = 50  # phrases kept to be looked at
MARKED = 5_000  # articles marked at a time


class UnknownSourceError(CondensatError):
    """No article is of this source, or nothing was learnt of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """What became of one source's list."""

    boilerplate: Boilerplate
    before: int  # grams that were in the list
    changed: bool


def learn(store: Store, domains: Sequence[str], *, now: Callable[[], datetime], progress: Progress) -> list[Learnt]:
    """Learn the lists of these sources (none named: of all), and judge again those whose list changed.

    Raises ``UnknownSourceError`` for a source without
    articles, before anything is learnt.
    """
    store.articles.refresh()
    counts = store.articles.sources()
    unknown = [domain for domain in domains if domain not in counts]
    if unknown:
        raise UnknownSourceError(f"No article is of the source «{unknown[0]}»; sources are named by domain.")
    wanted = list(domains) or [domain for domain, count in counts.items() if count >= LEAST]
    progress.start("learning what sources repeat", len(wanted))
    learnt = []
    for domain in sorted(wanted):
        learnt.append(_learn(store, domain, now()))
        progress.advance()
    progress.finish()
    _judge_again(store, [each.boilerplate.domain for each in learnt if each.changed], now, progress)
    return learnt


def forget(store: Store, domains: Sequence[str], *, now: Callable[[], datetime], progress: Progress) -> list[Learnt]:
    """Empty the lists of these sources and judge them again; raises ``UnknownSourceError`` where there is none."""
    lists = {domain: store.sources.get(domain) for domain in domains}
    unknown = [domain for domain, found in lists.items() if found is None]
    if unknown:
        raise UnknownSourceError(f"Nothing was learnt of «{unknown[0]}»; see: condensat boilerplate show")
    learnt = [_store(store, Boilerplate(domain=domain, version=0, learned=now())) for domain in domains]
    _judge_again(store, [each.boilerplate.domain for each in learnt if each.changed], now, progress)
    return learnt


def _learn(store: Store, domain: str, at: datetime) -> Learnt:
    grams = {identity: shingle(text).unique for identity, text in _texts(store, domain)}
    hashes = repeated(grams, stories(grams, _versions(store, domain)))
    pieces = Pieces(hashes)
    if len(hashes):
        for _, text in _texts(store, domain):
            pieces.add(shingle(text))
        hashes = pieces.without(store.signatures.shared_by(set(pieces.anchors.values()), but=domain, least=SHARED_BY))
    kept = [
        Phrase(text=text, tokens=pieces.lengths[text], articles=count)
        for text, count in sorted(
            pieces.phrases.items(), key=lambda item: (-item[1] * pieces.lengths[item[0]], item[0])
        )[:SHOWN]
        if count >= LEAST
    ]
    return _store(
        store,
        Boilerplate(domain=domain, version=0, learned=at, articles=len(grams), hashes=hashes, phrases=tuple(kept)),
    )


def _texts(store: Store, domain: str) -> Iterator[tuple[str, str]]:
    return islice(store.articles.texts_of(domain), READ)


def _versions(store: Store, domain: str) -> Iterator[tuple[str, str]]:
    """Yield the articles of a source that are versions of one story, two by two."""
    same = [{"term": {name: domain}} for name in ("earlier_source", "later_source")]
    query = {"bool": {"filter": [*same, {"range": {"lag_seconds": {"lte": ONE_STORY}}}]}}
    store.pairs.refresh()
    for pair in store.pairs.find(query):
        if pair.kind.is_repost:
            yield pair.earlier, pair.later


def _store(store: Store, found: Boilerplate) -> Learnt:
    """Store a list under the next version, if it is another than the one that is there."""
    old = store.sources.get(found.domain) or Boilerplate(domain=found.domain, version=0)
    changed = not np.array_equal(old.hashes, found.hashes)
    boilerplate = Boilerplate(
        domain=found.domain,
        version=old.version + changed,
        learned=found.learned,
        articles=found.articles,
        hashes=found.hashes,
        phrases=found.phrases,
    )
    if changed or old.version:
        store.sources.write(boilerplate)
    return Learnt(boilerplate=boilerplate, before=len(old.hashes), changed=changed)


def _judge_again(store: Store, domains: Sequence[str], now: Callable[[], datetime], progress: Progress) -> None:
    if domains:
        progress.start("judging these sources again", None)
        for domain in domains:
            ids = store.articles.ids_of(domain)
            while part := list(islice(ids, MARKED)):
                mark_again(store, part, now=now())
                progress.advance(len(part))
        progress.finish()
    # also what an earlier run that was cut short marked
    detect(store, now=now)
    store.pairs.refresh()
    store.articles.refresh()
