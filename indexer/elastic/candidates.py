"""Ask Elasticsearch which articles may repeat which; it decides about none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts
from indexer.shingles import signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

    from indexer.reposts import Version

LEAST_SHARED = 2  # sampled hashes: a shared run of 34 tokens has that many, and strangers seldom have
CLAUSES = 1_000  # sampled hashes a query: the clause limit is 2,621 on a machine of 16 cores with a small heap
PAGE = 500  # candidates a page; all pages are read


def find(client: Elasticsearch, alias: str, versions: Sequence[Version], *, window_days: int) -> list[set[str]]:
    """Find, for each article, the ids that share ``LEAST_SHARED`` sampled grams with it, or its whole text.

    Candidates are looked for within ± ``window_days`` of its date, 0 for all; as of the last refresh.
    """
    asked = [(index, query) for index, each in enumerate(versions) for query in _queries(each, window_days)]
    shared: list[dict[str, int]] = [{} for _ in versions]
    after: dict[int, Any] = {}
    unread = list(range(len(asked)))
    while unread:
        pages = _pages(client, alias, [(asked[number][1], after.get(number)) for number in unread])
        for number, hits in zip(unread, pages, strict=True):
            counts = shared[asked[number][0]]
            for hit in hits:
                counts[hit["_id"]] = counts.get(hit["_id"], 0) + int(hit["_score"])
            after[number] = hits[-1]["sort"] if len(hits) == PAGE else None
        unread = [number for number in unread if after[number]]
    return [
        {identity for identity, count in counts.items() if count >= _least(len(signature(each.shingled)))}
        for each, counts in zip(versions, shared, strict=True)
    ]


def _pages(client: Elasticsearch, alias: str, searches: Sequence[tuple[dict[str, Any], Any]]) -> list[list[Any]]:
    """Run searches, each from where its last page ended, and give the next page of each."""
    lines: list[dict[str, Any]] = []
    for query, after in searches:
        body = {
            "query": query,
            "size": PAGE,
            "_source": False,
            "track_total_hits": False,
            "sort": [{"_score": "desc"}, {"id": "asc"}],
        }
        lines += [
            {"index": alias, "allow_partial_search_results": False},
            {**body, "search_after": after} if after else body,
        ]
    if not lines:
        return []
    with translated():
        answer = client.msearch(searches=lines)
    for response in answer["responses"]:
        if "error" in response or response["timed_out"]:
            raise StoreError(f"a candidate search failed: {response.get('error', 'timed out')}")
    return [response["hits"]["hits"] for response in answer["responses"]]


def _least(hashes: int) -> int:
    """Give how many hashes must be shared: all of a text that has fewer than ``LEAST_SHARED``."""
    return min(LEAST_SHARED, hashes)


def _queries(each: Version, window_days: int) -> Iterator[dict[str, Any]]:
    """Ask for at most ``CLAUSES`` hashes at a time; the scores of a long article are added by id."""
    hashes = signature(each.shingled)
    pieces = list(parts(hashes, CLAUSES))
    least = _least(len(hashes)) if len(pieces) == 1 else 1
    window = []
    if window_days:
        span = f"||-{window_days}d", f"||+{window_days}d"
        base = moment(each.effective)
        window = [{"range": {"effective": {"gte": base + span[0], "lte": base + span[1]}}}]
    equal = {"constant_score": {"filter": {"term": {"text_hash": each.shingled.text_hash}}, "boost": LEAST_SHARED}}
    for piece in pieces or [()]:
        terms = [{"constant_score": {"filter": {"term": {"signature": hash_}}}} for hash_ in piece]
        shoulds: list[dict[str, Any]] = [equal]
        if terms:
            shoulds.append({"bool": {"should": terms, "minimum_should_match": least}})
        yield {
            "bool": {
                "should": shoulds,
                "minimum_should_match": 1,
                "filter": window,
                "must_not": [{"term": {"id": each.id}}],
            }
        }
