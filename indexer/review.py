"""Look at one article, at the pairs, or at two articles side by side; it reads and never writes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer import detect, urls
from indexer.differences import Hunk, Words, hunks
from indexer.elastic.documents import version
from indexer.models import CondensatError, Kind, Pair, Precision
from indexer.overlap import Measures, measure
from indexer.reposts import Version, relate, run_text
from indexer.search import date_range
from indexer.shingles import shingle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from indexer.elastic import Store
    from indexer.shingles import Hashes

OFFERED = 5  # near ids that are offered for one that is not known
NAMED = 1_000  # articles whose source is asked for at once
DIFFED = 20  # pairs of an article, each way, of which is told what differs: each takes two texts and up to 0.3 s


class NotFoundError(CondensatError):
    """No article goes by this id or URL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """An article as it is stored, with both directions of its reposts."""

    article: dict[str, Any]
    earlier: tuple[Pair, ...]  # pairs in which this article is the later one: what it repeats
    later: tuple[Pair, ...]  # pairs in which it is the earlier one: who repeated it
    names: Mapping[str, str] = field(default_factory=dict)  # article id → name of its source, of the others
    # pair id → where the later text differs from the earlier one; for the first ``DIFFED`` pairs of a direction
    differences: Mapping[str, tuple[Hunk, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of two articles that are compared."""

    version: Version
    source_name: str
    words: Words  # of its text
    stored: bool  # an article of the index; else a file


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Why two articles are, or are not, the same."""

    a: Side
    b: Side
    kind: Kind
    measures: Measures
    longest_run_text: str  # normalised, as a pair keeps it
    earlier: str  # "a" or "b"
    order_certain: bool
    lag_seconds: float
    update: bool
    hunks: tuple[Hunk, ...]  # where the two texts differ; none where they are equal, or have nothing in common


@dataclass(frozen=True, kw_only=True, slots=True)
class PairFilter:
    """Which stored pairs are wanted; all of it must hold."""

    reference: str | None = None  # an article, as ``resolve`` takes it
    kinds: Sequence[str] = ()
    sources: Sequence[str] = ()  # domains or names, on either side
    start: str | None = None  # of the later article, as ``search.date_range`` takes it
    end: str | None = None
    min_coverage: float = 0.0  # of the more covered side
    update: bool | None = None  # only updates of a source's own articles, or none of them


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
    near = store.articles.near_ids(urls.normalise(reference), limit=OFFERED) if reference else []
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
    earlier = tuple(pair for pair in found if pair.later == identity)
    later = tuple(pair for pair in found if pair.earlier == identity)
    return Review(
        article=article,
        earlier=earlier,
        later=later,
        names=source_names(store, (*earlier, *later)),
        differences=_differences(store, article["text"], (*earlier[:DIFFED], *later[:DIFFED]), identity),
    )


def _differences(store: Store, text: str, among: Sequence[Pair], identity: str) -> dict[str, tuple[Hunk, ...]]:
    """Find, for each of these pairs of one article, where the later text differs from the earlier one."""
    own = Words(text)
    found: dict[str, tuple[Hunk, ...]] = {}
    for pair in among:
        if pair.kind is Kind.EXACT:
            found[pair.id] = ()
            continue
        other = store.articles.get(pair.earlier if pair.later == identity else pair.later)
        if other is not None:
            words = Words(other["text"])
            found[pair.id] = tuple(hunks(words, own) if pair.later == identity else hunks(own, words))
    return found


def source_names(store: Store, among: Iterable[Pair]) -> dict[str, str]:
    """Give the name of the source of each article that these pairs name, by article id; as of the last refresh."""
    ids = sorted({side for pair in among for side in (pair.earlier, pair.later)})
    names = {}
    for start in range(0, len(ids), NAMED):
        part = ids[start : start + NAMED]
        answer = store.articles.search(
            {"query": {"terms": {"id": part}}, "size": len(part), "source_includes": ["source.name"]}
        )
        names.update({hit["_id"]: hit["_source"]["source"]["name"] for hit in answer["hits"]["hits"]})
    return names


def pairs(store: Store, wanted: PairFilter | None = None, *, limit: int | None = None) -> Iterator[Pair]:
    """Yield the stored pairs that are wanted (None: all), the latest repost first.

    Raises NotFoundError for an article that is not there, QueryError for a date that is none.
    """
    store.pairs.refresh()
    yield from islice(store.pairs.find(pair_query(store, wanted or PairFilter())), limit)


def pair_query(store: Store, wanted: PairFilter) -> dict[str, Any]:
    """Give the query on the pairs' index that finds what is wanted."""
    filters: list[dict[str, Any]] = []
    if wanted.reference is not None:
        filters.append({"term": {"articles": resolve(store, wanted.reference)}})
    if wanted.kinds:
        filters.append({"terms": {"kind": list(wanted.kinds)}})
    if wanted.sources:
        domains = _domains(store, wanted.sources)
        filters.append(_either({"terms": {f"{side}_source": domains}} for side in ("earlier", "later")))
    if wanted.start or wanted.end:
        filters.append({"range": {"later_effective": date_range(wanted.start, wanted.end)}})
    if wanted.min_coverage > 0:
        filters.append(
            _either({"range": {f"coverage_{side}": {"gte": wanted.min_coverage}}} for side in ("earlier", "later"))
        )
    if wanted.update is not None:
        filters.append({"term": {"update": wanted.update}})
    return {"bool": {"filter": filters}} if filters else {"match_all": {}}


def _domains(store: Store, sources: Sequence[str]) -> list[str]:
    """Give the domains that are meant: pairs know sources by domain, people by name as well."""
    named = store.sums.articles({"terms": {"source.name": list(sources)}})
    return sorted({*(each.lower() for each in sources), *named})


def compare(open_store: Callable[[], Store], a: str, b: str) -> Comparison:
    """Compare two articles, each an id, a URL or a text file; without a server when both are files."""
    one, other = _side(open_store, a), _side(open_store, b)
    left_out = _boilerplate(open_store(), one.version, other.version) if one.stored and other.stored else None
    pair = relate(one.version, other.version, ignored=left_out)
    # as they were given, where the pair has them by date
    measures = measure(one.version.shingled, other.version.shingled, ignored=left_out)
    return Comparison(
        a=one,
        b=other,
        kind=pair.kind,
        measures=measures,
        longest_run_text=run_text(one.version.shingled, measures),
        earlier="a" if pair.earlier == one.version.id else "b",
        order_certain=pair.order_certain,
        lag_seconds=pair.lag_seconds,
        update=pair.update,
        hunks=() if measures.equal or not measures.shared_tokens else tuple(hunks(one.words, other.words)),
    )


def _boilerplate(store: Store, one: Version, other: Version) -> Hashes | None:
    """Give what the two sources repeat: detection leaves it out, so a comparison of their articles does."""
    return detect.ignored(one, other, store.sources.boilerplate({one.source, other.source}))


def _side(open_store: Callable[[], Store], reference: str) -> Side:
    path = Path(reference)
    if "://" not in reference and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
        changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        source = str(path.resolve())  # a file is its own source: two files are not updates of each other
        return Side(
            version=Version(
                id=hashlib.sha256(source.encode()).hexdigest()[:20],
                url=path.resolve().as_uri(),
                title=path.name,
                source=source,
                effective=changed,
                precision=Precision.SECOND,
                shingled=shingle(text),
            ),
            source_name=source,
            words=Words(text),
            stored=False,
        )
    store = open_store()
    identity = resolve(store, reference)
    article = store.articles.get(identity)
    if article is None:
        raise NotFoundError(f"Article {identity} was removed meanwhile.")
    return Side(
        version=version(identity, article),
        source_name=article["source"]["name"],
        words=Words(article["text"]),
        stored=True,
    )


def _either(queries: Iterator[dict[str, Any]]) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def _list(articles: Sequence[tuple[str, str]]) -> str:
    return "".join(f"\n  {identity}  {title[:70]}" for identity, title in articles)
