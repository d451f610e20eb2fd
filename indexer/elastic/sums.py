"""Count pairs and articles by source, all of them, page after page: the numbers behind «who copies whom»."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.elastic import schema
from indexer.elastic.errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from elasticsearch import Elasticsearch

PAGE = 1_000  # buckets a page, each with its own counts
PERCENTS = (10, 50, 90)
KINDS = 20  # more than there are


@dataclass(frozen=True, kw_only=True, slots=True)
class Lags:
    """How much later, in seconds: a tenth of the pairs took less than ``p10``, half less than ``median``."""

    p10: float | None  # None where there is no pair
    median: float | None
    p90: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """Pairs added up."""

    pairs: int
    kinds: dict[str, int]
    updates: int
    lags: Lags


class Sums:
    """Both indices, counted."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._articles = schema.read_alias(prefix, "articles")
        self._pairs = schema.read_alias(prefix, "reposts")

    def total(self, query: dict[str, Any]) -> Sum:
        """Add up the pairs that a query matches. Percentiles are Elasticsearch's: near, exact for few pairs."""
        with translated():
            answer = self._client.search(
                index=self._pairs,
                query=query,
                size=0,
                track_total_hits=True,
                aggs=_SUM,
                allow_partial_search_results=False,
            )
        return _sum({**answer["aggregations"], "doc_count": answer["hits"]["total"]["value"]})

    def between_sources(self, query: dict[str, Any]) -> Iterator[tuple[str, str, Sum]]:
        """Yield ``(earlier source, later source, sum)`` over the pairs that a query matches."""
        keys = {"earlier": "earlier_source", "later": "later_source"}
        for bucket in self._composite(self._pairs, query, keys, _SUM):
            yield bucket["key"]["earlier"], bucket["key"]["later"], _sum(bucket)

    def later_articles(self, query: dict[str, Any]) -> Counter[str]:
        """Count, by source, the articles that are the later one of any pair that a query matches, each once."""
        keys = {"source": "later_source", "article": "later"}
        return Counter(bucket["key"]["source"] for bucket in self._composite(self._pairs, query, keys, {}))

    def articles(self, query: dict[str, Any]) -> dict[str, tuple[str, int]]:
        """Give, by domain, the name that most of its articles carry, and how many articles a query matches there."""
        names = {"name": {"terms": {"field": "source.name", "size": 1, "order": [{"_count": "desc"}, {"_key": "asc"}]}}}
        found = {}
        for bucket in self._composite(self._articles, query, {"domain": "source.domain"}, names):
            domain = bucket["key"]["domain"]
            name = next((each["key"] for each in bucket["name"]["buckets"]), domain)
            found[domain] = (name, bucket["doc_count"])
        return found

    def _composite(
        self, alias: str, query: dict[str, Any], keys: Mapping[str, str], inner: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """Yield every bucket of these fields' values over one point in time, however many there are."""
        composite: dict[str, Any] = {
            "size": PAGE,
            "sources": [{name: {"terms": {"field": field}}} for name, field in keys.items()],
        }
        with translated():
            point = self._client.open_point_in_time(index=alias, keep_alive="5m", allow_partial_search_results=False)[
                "id"
            ]
        try:
            while True:
                with translated():
                    answer = self._client.search(
                        pit={"id": point, "keep_alive": "5m"},
                        query=query,
                        size=0,
                        track_total_hits=False,
                        aggs={"all": {"composite": composite, "aggs": inner}},
                        allow_partial_search_results=False,
                    )
                found = answer["aggregations"]["all"]
                yield from found["buckets"]
                if len(found["buckets"]) < PAGE:
                    return
                composite["after"], point = found["after_key"], answer["pit_id"]
        finally:
            with translated():
                self._client.close_point_in_time(id=point)


_SUM: dict[str, Any] = {
    "kinds": {"terms": {"field": "kind", "size": KINDS}},
    "updates": {"filter": {"term": {"update": True}}},
    "lags": {"percentiles": {"field": "lag_seconds", "percents": list(PERCENTS), "keyed": False}},
}


def _sum(bucket: dict[str, Any]) -> Sum:
    p10, median, p90 = (each["value"] for each in bucket["lags"]["values"])
    return Sum(
        pairs=bucket["doc_count"],
        kinds={each["key"]: each["doc_count"] for each in bucket["kinds"]["buckets"]},
        updates=bucket["updates"]["doc_count"],
        lags=Lags(p10=p10, median=median, p90=p90),
    )
