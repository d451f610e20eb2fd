"""Count what matches by source, tag, story, CVE, language and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.search.wanted import Wanted

FACETS = {"source": "source.domain", "tag": "any.tags", "story": "any.stories", "cve": "cves", "language": "language"}
MOST = 10_000  # values of a facet: more than any index that was seen has, and what one answer bears


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """How many articles have each value, the most frequent first; ``other`` have those that are not listed."""

    counts: tuple[tuple[str, int], ...]
    other: int = 0  # an article with two of them counts twice


@dataclass(frozen=True, kw_only=True, slots=True)
class Facets:
    """How what matches is spread; ``days`` without those on which there is nothing, in UTC."""

    total: int
    values: dict[str, Facet]
    days: tuple[tuple[date, int], ...]


def facets(store: Store, wanted: Wanted, *, limit: int | None = None) -> Facets:
    """Count the articles that are wanted; ``limit`` values a facet at most. Raises QueryError as a search does."""
    size = min(limit or MOST, MOST)
    order = [{"_count": "desc"}, {"_key": "asc"}]
    terms: dict[str, Any] = {
        name: {"terms": {"field": field, "size": size, "order": order}} for name, field in FACETS.items()
    }
    days = {"date_histogram": {"field": "effective", "calendar_interval": "day", "min_doc_count": 1}}
    answer = store.articles.search(
        {
            "query": {"bool": {"filter": [wanted.to_query()]}},
            "size": 0,
            "track_total_hits": True,
            "aggs": {**terms, "day": days},
        }
    )
    counted = answer["aggregations"]
    return Facets(
        total=answer["hits"]["total"]["value"],
        values={
            name: Facet(
                counts=tuple((str(each["key"]), each["doc_count"]) for each in counted[name]["buckets"]),
                other=counted[name]["sum_other_doc_count"],
            )
            for name in FACETS
        },
        days=tuple(
            (date.fromisoformat(each["key_as_string"][:10]), each["doc_count"]) for each in counted["day"]["buckets"]
        ),
    )
