"""Sum up who copies whom: pairs of sources with their counts and lags, complete however many pairs there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.models import REPOST_KINDS, STORED_KINDS, Kind
from indexer.review import PairFilter, pair_query
from indexer.search import date_range

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.elastic.sums import Sum

KINDS = tuple(kind for kind in Kind if kind in STORED_KINDS)  # strongest first


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A source as one side of pairs."""

    domain: str
    name: str  # the domain, where no article of it has another


@dataclass(frozen=True, kw_only=True, slots=True)
class Copying:
    """What one source repeats of another, or of itself."""

    earlier: Source
    later: Source
    sum: Sum
    later_reposts: int  # articles of the later source that repeat any source's, under the same filters
    later_articles: int  # all articles of the later source between the same dates

    @property
    def reposts(self) -> int:
        """Pairs that are reposts: exact, near or partial."""
        return sum(self.sum.kinds.get(kind.value, 0) for kind in REPOST_KINDS)

    @property
    def share(self) -> float | None:
        """Share of the later source's articles that are reposts; None where none is left in the index."""
        return self.later_reposts / self.later_articles if self.later_articles else None

    def to_dict(self) -> dict[str, Any]:
        """Give the stable JSON form."""
        return {
            "earlier_source": self.earlier.domain,
            "earlier_name": self.earlier.name,
            "later_source": self.later.domain,
            "later_name": self.later.name,
            "same_source": self.earlier.domain == self.later.domain,
            **sum_dict(self.sum),
            "reposts": self.reposts,
            "later_reposts": self.later_reposts,
            "later_articles": self.later_articles,
            "later_share": None if self.share is None else round(self.share, 4),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Who copies whom, those with the most reposts first, and all of it together."""

    total: Sum
    rows: tuple[Copying, ...]


def summarise(store: Store, wanted: PairFilter) -> Summary:
    """Add up the stored pairs that are wanted, by earlier and later source; raises as ``review.pairs`` does."""
    store.articles.refresh()
    store.pairs.refresh()
    query = pair_query(store, wanted)
    reposts = {"bool": {"filter": [query, {"terms": {"kind": sorted(kind.value for kind in REPOST_KINDS)}}]}}
    dated = {"range": {"effective": date_range(wanted.start, wanted.end)}} if wanted.start or wanted.end else None
    sources = store.sums.articles({"match_all": {}})
    counts = store.sums.articles(dated) if dated else sources
    later_reposts = store.sums.later_articles(reposts)

    def source(domain: str) -> Source:
        return Source(domain=domain, name=sources.get(domain, (domain, 0))[0])

    rows = [
        Copying(
            earlier=source(earlier),
            later=source(later),
            sum=found,
            later_reposts=later_reposts[later],
            later_articles=counts.get(later, ("", 0))[1],
        )
        for earlier, later, found in store.sums.between_sources(query)
    ]
    rows.sort(key=lambda each: (-each.reposts, -each.sum.pairs, each.earlier.domain, each.later.domain))
    return Summary(total=store.sums.total(query), rows=tuple(rows))


def sum_dict(found: Sum) -> dict[str, Any]:
    """Give the stable JSON form of pairs added up: every kind that is stored, the lags in seconds."""
    return {
        "pairs": found.pairs,
        "kinds": {kind.value: found.kinds.get(kind.value, 0) for kind in KINDS},
        "updates": found.updates,
        "lag_p10": _seconds(found.lags.p10),
        "lag_median": _seconds(found.lags.median),
        "lag_p90": _seconds(found.lags.p90),
    }


def _seconds(lag: float | None) -> float | None:
    return None if lag is None else round(lag, 1)
