"""Look at one article, at the pairs, or at two articles side by side; it reads and never writes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer import urls
from indexer.elastic.documents import version
from indexer.models import CondensatError, Kind, Pair, Precision
from indexer.overlap import Measures, measure
from indexer.reposts import Version, relate, run_text
from indexer.search import date_range
from indexer.shingles import shingle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from indexer.elastic import Store

OFFERED = 5  # near ids that are offered for one that is not known


class NotFoundError(CondensatError):
    """No article goes by this id or URL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """An article as it is stored, with both directions of its reposts."""

    article: dict[str, Any]
    earlier: tuple[Pair, ...]  # pairs in which this article is the later one: what it repeats
    later: tuple[Pair, ...]  # pairs in which it is the earlier one: who repeated it


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Why two articles are, or are not, the same."""

    a: Version
    b: Version
    kind: Kind
    measures: Measures
    longest_run_text: str
    earlier: str  # "a" or "b"
    order_certain: bool
    lag_seconds: float
    update: bool


def resolve(store: Store, reference: str) -> str:
    """Find the id of an article by its id, a prefix of it that is its alone, or any of its URLs."""
    reference = reference.strip()
    if "://" in reference:
        key = urls.normalise(reference)
        found = store.articles.known([], [key])
        if key in found:
            return found[key].id
    else:
        if store.articles.states([reference]):
            return reference
        matches = store.articles.by_prefix(reference.lower(), limit=OFFERED + 1) if reference else []
        if len(matches) == 1:
            return matches[0][0]
        if matches:
            raise NotFoundError(f"«{reference}» begins the ids of several articles:{_list(matches[:OFFERED])}")
    near = store.articles.near_ids(urls.normalise(reference), limit=OFFERED)
    offer = f" Near ones:{_list(near)}" if near else " Look for it with: condensat search"
    raise NotFoundError(f"No article has the id or URL «{reference}».{offer}")


def show(store: Store, reference: str) -> Review:
    """Read one article and both directions of its reposts; raises NotFoundError, which offers near ids."""
    identity = resolve(store, reference)
    article = store.articles.get(identity)
    if article is None:
        raise NotFoundError(f"Article {identity} was removed meanwhile.")
    store.pairs.refresh()
    found = sorted(store.pairs.naming([identity]), key=lambda pair: (pair.later_effective, pair.id))
    return Review(
        article=article,
        earlier=tuple(pair for pair in found if pair.later == identity),
        later=tuple(pair for pair in found if pair.earlier == identity),
    )


def pairs(
    store: Store,
    *,
    reference: str | None = None,
    kinds: Sequence[str] = (),
    sources: Sequence[str] = (),
    start: str | None = None,
    end: str | None = None,
    min_coverage: float = 0.0,
    limit: int | None = None,
) -> Iterator[Pair]:
    """Yield stored pairs, the latest repost first; ``min_coverage`` is asked of the more covered side."""
    filters: list[dict[str, Any]] = []
    if reference is not None:
        filters.append({"term": {"articles": resolve(store, reference)}})
    if kinds:
        filters.append({"terms": {"kind": list(kinds)}})
    if sources:
        filters.append(_either({"terms": {f"{side}_source": list(sources)}} for side in ("earlier", "later")))
    if start or end:
        filters.append({"range": {"later_effective": date_range(start, end)}})
    if min_coverage > 0:
        filters.append(_either({"range": {f"coverage_{side}": {"gte": min_coverage}}} for side in ("earlier", "later")))
    store.pairs.refresh()
    query = {"bool": {"filter": filters}} if filters else {"match_all": {}}
    for number, pair in enumerate(store.pairs.find(query)):
        if limit is not None and number >= limit:
            return
        yield pair


def compare(open_store: Callable[[], Store], a: str, b: str) -> Comparison:
    """Compare two articles, each an id, a URL or a text file; without a server when both are files."""
    one, other = _version(open_store, a), _version(open_store, b)
    pair = relate(one, other)
    measures = measure(one.shingled, other.shingled)  # as they were given, where the pair has them by date
    return Comparison(
        a=one,
        b=other,
        kind=pair.kind,
        measures=measures,
        longest_run_text=run_text(one.shingled, measures),
        earlier="a" if pair.earlier == one.id else "b",
        order_certain=pair.order_certain,
        lag_seconds=pair.lag_seconds,
        update=pair.update,
    )


def _version(open_store: Callable[[], Store], reference: str) -> Version:
    path = Path(reference)
    if "://" not in reference and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
        changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        return Version(
            id=hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:20],
            url=path.resolve().as_uri(),
            title=path.name,
            source=str(path.resolve()),  # a file is its own source: two files are not updates of each other
            effective=changed,
            precision=Precision.SECOND,
            shingled=shingle(text),
        )
    store = open_store()
    identity = resolve(store, reference)
    article = store.articles.get(identity)
    if article is None:
        raise NotFoundError(f"Article {identity} was removed meanwhile.")
    return version(identity, article)


def _either(queries: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def _list(articles: Sequence[tuple[str, str]]) -> str:
    return "".join(f"\n  {identity}  {title[:70]}" for identity, title in articles)
