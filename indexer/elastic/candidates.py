"""Ask Elasticsearch which articles may repeat which; it decides about none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.paging import parts
from indexer.shingles import ALL, GRAM, signature
from indexer.stars import Like, Likeness, likeness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from elasticsearch import Elasticsearch

    from indexer.reposts import Version

LEAST_SHARED = 2  # sampled hashes: a shared run of 34 tokens has that many, and strangers seldom have
LEAST_SHARED_LONG = 3  # where both texts are long, what makes a pair has a run of 60 tokens, or more than a few runs
LONG = 200  # tokens
LEAST_SHARED_SHORT = 5  # where all grams of both are kept: half of 48 words in pieces of six have twelve
SHORT = ALL + GRAM - 1  # tokens
CLAUSES = 1_000  # sampled hashes a query: the clause limit is 2,621 on a machine of 16 cores with a small heap
PAGE = 500  # candidates a page; all pages are read
_FIELDS = ["text_hash", "effective", "tokens", "source.domain"]


def find(client: Elasticsearch, alias: str, versions: Sequence[Version], *, window_days: int) -> list[list[Like]]:
    """Find, for each article, those that share enough sampled grams with it, or its whole text.

    Candidates are looked for within ± ``window_days`` of its date, 0 for all; as of the last refresh. No stored field
    is read for them: unpacking those of each hit took five times as long as the search.
    """
    hashes = [signature(each.shingled) for each in versions]
    asked = [
        (index, query)
        for index, (each, signed) in enumerate(zip(versions, hashes, strict=True))
        for query in _queries(each, signed, window_days)
    ]
    shared: list[dict[str, int]] = [{} for _ in versions]
    facts: dict[str, dict[str, list[Any]]] = {}
    after: dict[int, Any] = {}
    unread = list(range(len(asked)))
    while unread:
        pages = _pages(client, alias, [(asked[number][1], after.get(number)) for number in unread])
        for number, hits in zip(unread, pages, strict=True):
            counts = shared[asked[number][0]]
            for hit in hits:
                score, identity = hit["sort"]
                counts[identity] = counts.get(identity, 0) + int(score)
                facts[identity] = hit["fields"]
            after[number] = hits[-1]["sort"] if len(hits) == PAGE else None
        unread = [number for number in unread if after[number]]
    found: list[list[Like]] = []
    for each, counts, signed in zip(versions, shared, hashes, strict=True):
        like = (_like(each, identity, facts[identity], count, len(signed)) for identity, count in counts.items())
        found.append([other for other in like if other.likeness is not Likeness.STRANGE])
    return found


def shared_by(client: Elasticsearch, alias: str, keywords: Sequence[str], *, but: str, least: int) -> frozenset[str]:
    """Give those of these sampled hashes that articles of ``least`` sources other than ``but`` have."""
    shared = set()
    header = orjson.dumps({"index": alias, "allow_partial_search_results": False})
    for part in parts(keywords, PAGE):
        lines: list[Any] = []
        for keyword in part:
            query = {
                "bool": {
                    "filter": [{"term": {"signature": keyword}}],
                    "must_not": [{"term": {"source.domain": but}}],
                }
            }
            sources = {"terms": {"field": "source.domain", "size": least}}
            lines += [header, orjson.dumps({"size": 0, "query": query, "aggs": {"sources": sources}})]
        with translated():
            answer = client.msearch(searches=lines)
        for keyword, response in zip(part, _sound(answer), strict=True):
            if len(response["aggregations"]["sources"]["buckets"]) >= least:
                shared.add(keyword)
    return frozenset(shared)


def _sound(answer: Any) -> list[Any]:
    """Give the responses of a multi-search, none of which may be partial."""
    for response in answer["responses"]:
        if "error" in response or response["timed_out"]:
            raise StoreError(f"a candidate search failed: {response.get('error', 'timed out')}")
    return list(answer["responses"])


def _pages(client: Elasticsearch, alias: str, searches: Sequence[tuple[dict[str, Any], Any]]) -> list[list[Any]]:
    """Run searches, each from where its last page ended, and give the next page of each."""
    lines: list[Any] = []  # written as JSON by orjson, several times as fast as by the client
    header = orjson.dumps({"index": alias, "allow_partial_search_results": False})
    for query, after in searches:
        body = {
            "query": query,
            "size": PAGE,
            "stored_fields": "_none_",
            "docvalue_fields": _FIELDS,
            "track_total_hits": False,
            "sort": [{"_score": "desc"}, {"id": "asc"}],
        }
        lines += [header, orjson.dumps({**body, "search_after": after} if after else body)]
    if not lines:
        return []
    with translated():
        answer = client.msearch(searches=lines)
    return [response["hits"]["hits"] for response in _sound(answer)]


def _like(each: Version, identity: str, facts: dict[str, list[Any]], count: int, hashes: int) -> Like:
    tokens, other = each.shingled.length, facts["tokens"][0]
    same_source = facts["source.domain"][0] == each.source
    if facts["text_hash"][0] == each.shingled.text_hash:
        found = Likeness.COPY
    elif count < _least(tokens, other, hashes):
        found = Likeness.STRANGE
    else:
        found = likeness(count, tokens, other, same_source=same_source)
    return Like(identity, facts["effective"][0], found)


def _least(tokens: int, other_tokens: int, hashes: int) -> int:
    """Give how many hashes must be shared: all of a text that has fewer."""
    if max(tokens, other_tokens) <= SHORT:
        return min(LEAST_SHARED_SHORT, hashes)
    return LEAST_SHARED_LONG if min(tokens, other_tokens) >= LONG else min(LEAST_SHARED, hashes)


def _queries(each: Version, hashes: Sequence[str], window_days: int) -> Iterator[dict[str, Any]]:
    """Ask for at most ``CLAUSES`` hashes at a time; the scores of a long article are added by id.

    The field's similarity is ``boolean``: each hash that is met adds one to the score.
    """
    pieces = list(parts(hashes, CLAUSES))
    least = min(LEAST_SHARED, len(hashes)) if len(pieces) == 1 else 1
    window = []
    if window_days:
        span = f"||-{window_days}d", f"||+{window_days}d"
        base = moment(each.effective)
        window = [{"range": {"effective": {"gte": base + span[0], "lte": base + span[1]}}}]
    equal = {
        "constant_score": {"filter": {"term": {"text_hash": each.shingled.text_hash}}, "boost": LEAST_SHARED_SHORT}
    }
    for piece in pieces or [()]:
        terms = [{"term": {"signature": hash_}} for hash_ in piece]
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
