"""Ask Elasticsearch which articles may repeat which; it decides about none of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from indexer.elastic.documents import moment
from indexer.elastic.errors import StoreError, translated
from indexer.elastic.facts import Facts, unpack
from indexer.elastic.paging import parts
from indexer.reposts import could_repeat
from indexer.shingles import ALL, GRAM, signature
from indexer.sketch import bounds, sketch
from indexer.stars import OWN_LONG, Like, Likeness, are_many, least_of_own, likeness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from elasticsearch import Elasticsearch

    from indexer.reposts import Version

LEAST_SHARED = 2  # sampled hashes: a shared run of 40 tokens has that many, and strangers seldom have
LEAST_SHARED_LONG = 3  # where both texts are long, what makes a pair has a run of 58 tokens, or more than a few runs
LONG = 200  # tokens
LEAST_SHARED_SHORT = 5  # where all grams of both are kept: half of 48 words in pieces of six have twelve
SHORT = ALL + GRAM - 1  # tokens
CLAUSES = 1_000  # sampled hashes a query: the clause limit is 2,621 on a machine of 16 cores with a small heap
PAGE = 500  # candidates a page; all pages are read
TOGETHER = 200  # articles that are asked about in one request …
ASKING = 2  # … and requests at once: while one is answered, the answer to the other is read


@dataclass(frozen=True, slots=True)
class _Lift:
    """What is added to the score of articles of which fewer shared hashes are asked than the least score is."""

    filter: dict[str, Any]
    holds: Callable[[str, int], bool]  # the same of an article's source and tokens
    boost: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """One query; the score of what it finds is the number of shared hashes, and what was added."""

    place: int  # of the article that is asked about
    query: dict[str, Any]
    floor: int = 0  # the least score
    lifts: Sequence[_Lift] = ()

    def shared(self, score: float, facts: Facts) -> int:
        """Give the number of shared hashes of a hit."""
        found = int(score)
        for each in self.lifts:
            if each.holds(facts.source, facts.tokens):
                found -= each.boost
        return found

    def search(self, after: Sequence[Any] | None = None) -> dict[str, Any]:
        """Give the body of the search: for as many hits as a page has, or for the page after one, in a fixed order."""
        body = {
            "query": self.query,
            "size": PAGE,
            "stored_fields": "_none_",
            "docvalue_fields": ["facts"],
            "track_total_hits": False,
        }
        if self.floor:
            body["min_score"] = self.floor
        if after is not None:  # an order costs each hit: one in a thousand queries has more hits than a page
            body["sort"] = [{"_score": "desc"}, {"id": "asc"}]
        if after:
            body["search_after"] = after
        return body


def find(client: Elasticsearch, alias: str, versions: Sequence[Version], *, window_days: int) -> list[list[Like]]:
    """Find, for each article, those that share enough sampled grams with it, or its whole text.

    Candidates are looked for within ± ``window_days`` of its date, 0 for all; as of the last refresh. No stored field
    is read for them: unpacking those of each hit took five times as long as the search. Strangers are left out, but
    where there are so many copies that ``count_earlier`` is asked.
    """
    asking = list(parts(versions, TOGETHER))
    orders: dict[str, tuple[str, str]] = {}  # once for each article: those of a hot story are met by all its others
    if len(asking) < 2:
        return _find(client, alias, versions, window_days, orders)
    with ThreadPoolExecutor(ASKING, thread_name_prefix="candidates") as pool:
        found = pool.map(lambda part: _find(client, alias, part, window_days, orders), asking)
        return [each for part in found for each in part]


def _find(
    client: Elasticsearch,
    alias: str,
    versions: Sequence[Version],
    window_days: int,
    orders: dict[str, tuple[str, str]],
) -> list[list[Like]]:
    asked = [query for place, each in enumerate(versions) for query in _queries(place, each, window_days)]
    shared: list[dict[str, int]] = [{} for _ in versions]
    facts: dict[str, Facts] = {}
    unpacked: dict[str, Facts] = {}  # by how they are packed: what one source repeats is met by many of these articles
    # None: as they come; (): in order, from the beginning; else after the hit that is sorted so.
    unread: list[tuple[_Asked, Sequence[Any] | None]] = [(each, None) for each in asked]
    while unread:
        pages = _pages(client, alias, [each.search(after) for each, after in unread])
        following: list[tuple[_Asked, Sequence[Any] | None]] = []
        for (each, after), hits in zip(unread, pages, strict=True):
            if len(hits) == PAGE:
                following.append((each, hits[-1]["sort"] if after is not None else ()))
                if after is None:
                    continue  # there may be more, and these are in no order: asked again from the beginning
            counts = shared[each.place]
            for hit in hits:
                packed = hit["fields"]["facts"][0]
                known = unpacked.get(packed)
                if known is None:
                    known = unpacked[packed] = unpack(packed)
                    facts[known.id] = known
                counts[known.id] = counts.get(known.id, 0) + each.shared(hit["_score"], known)
        unread = following
    return [_likes(each, counts, facts, orders) for each, counts in zip(versions, shared, strict=True)]


def count_earlier(
    client: Elasticsearch, alias: str, versions: Sequence[Version], *, window_days: int
) -> list[int | None]:
    """Count, for each article, the earlier ones that ``find`` gives; None for one that takes several queries.

    As of the last refresh. It costs no reading of hits.
    """
    found: list[int | None] = [None] * len(versions)
    asked = []
    for place, each in enumerate(versions):
        queries = list(_queries(place, each, window_days))
        if len(queries) == 1:
            asked.append((queries[0], each))
    bodies = []
    for query, each in asked:
        before = {"bool": {"must": [query.query], "filter": [_before(each)]}}
        bodies.append({"query": before, "size": 0, "track_total_hits": True, "min_score": query.floor})
    for (query, _), response in zip(asked, _multi(client, alias, bodies), strict=True):
        found[query.place] = int(response["hits"]["total"]["value"])
    return found


def _before(each: Version) -> dict[str, Any]:
    at = moment(each.effective)
    tied = {"bool": {"filter": [{"term": {"effective": at}}, {"range": {"id": {"lt": each.id}}}]}}
    return {"bool": {"should": [{"range": {"effective": {"lt": at}}}, tied], "minimum_should_match": 1}}


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
                    "must_not": [{"term": {"domain": but}}],
                }
            }
            sources = {"terms": {"field": "domain", "size": least}}
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


def _pages(client: Elasticsearch, alias: str, searches: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """Run searches and give the page of hits of each."""
    return [response["hits"]["hits"] for response in _multi(client, alias, searches)]


def _multi(client: Elasticsearch, alias: str, searches: Sequence[dict[str, Any]]) -> list[Any]:
    header = orjson.dumps({"index": alias, "allow_partial_search_results": False})
    lines: list[Any] = []  # written as JSON by orjson, several times as fast as by the client
    for body in searches:
        lines += [header, orjson.dumps(body)]
    if not lines:
        return []
    with translated():
        return _sound(client.msearch(searches=lines))


def _likes(
    each: Version, counts: dict[str, int], facts: dict[str, Facts], orders: dict[str, tuple[str, str]]
) -> list[Like]:
    """Tell how much what shares so many hashes with an article is alike; strangers only where they are counted."""
    hashes = len(signature(each.shingled))
    found = {identity: _likeness(each, facts[identity], count, hashes) for identity, count in counts.items()}
    for identity in _strangers(each, found, facts):
        found[identity] = Likeness.STRANGE
    counted = are_many(found.values())
    return [
        Like(identity, orders.setdefault(identity, facts[identity].order), how)
        for identity, how in found.items()
        if counted or how is not Likeness.STRANGE
    ]


def _likeness(each: Version, facts: Facts, count: int, hashes: int) -> Likeness:
    tokens, other = each.shingled.length, facts.tokens
    if facts.text_hash == each.shingled.text_hash:
        return Likeness.COPY
    if count < _least(tokens, other, hashes):
        return Likeness.STRANGE
    return likeness(count, tokens, other, same_source=facts.source == each.source)


def _strangers(each: Version, found: dict[str, Likeness], facts: dict[str, Facts]) -> list[str]:
    """Give those that by the places of the shared hashes cannot repeat the article, nor it them.

    Without it, every article would have the texts of some strangers read, and of more the larger the archive is.
    """
    own = sketch(each.shingled)
    if own is None:
        return []
    weak = [
        (identity, sketched)
        for identity, how in found.items()
        if how is Likeness.LOOSE and (sketched := facts[identity].sketch) is not None
    ]
    if not weak:
        return []
    shared = bounds(own, [sketched for _, sketched in weak])
    return [
        identity
        for (identity, _), run, tokens in zip(weak, shared.run.tolist(), shared.tokens.tolist(), strict=True)
        if not could_repeat(run=run, shared=tokens, fewer=min(each.shingled.length, facts[identity].tokens))
    ]


def _least(tokens: int, other_tokens: int, hashes: int) -> int:
    """Give how many hashes must be shared: all of a text that has fewer."""
    if max(tokens, other_tokens) <= SHORT:
        return min(LEAST_SHARED_SHORT, hashes)
    return LEAST_SHARED_LONG if min(tokens, other_tokens) >= LONG else min(LEAST_SHARED, hashes)


def _queries(place: int, each: Version, window_days: int) -> Iterator[_Asked]:
    """Ask for at most ``CLAUSES`` hashes at a time; the scores of a long article are added by id.

    The field's similarity is ``boolean``: each hash that is met adds one to the score.
    """
    hashes = signature(each.shingled)
    window = []
    if window_days:
        span = f"||-{window_days}d", f"||+{window_days}d"
        base = moment(each.effective)
        window = [{"range": {"effective": {"gte": base + span[0], "lte": base + span[1]}}}]
    others = {"filter": window, "must_not": [{"term": {"id": each.id}}]}
    floor = least_of_own(each.shingled.length)
    pieces = list(parts(hashes, CLAUSES)) or [()]
    least = LEAST_SHARED_LONG if each.shingled.length >= LONG else LEAST_SHARED
    if len(pieces) == 1 and len(hashes) >= floor > least:
        # Equal texts share all of so many hashes. What one source repeats in all its articles is left out here.
        lifts = _lifts(each.source, floor=floor, least=least)
        lifted = [{"constant_score": {"filter": lift.filter, "boost": lift.boost}} for lift in lifts]
        query = {"must": [_sharing(hashes, LEAST_SHARED)], "should": lifted, **others}
        yield _Asked(place, {"bool": query}, floor, lifts)
        return
    least = min(LEAST_SHARED, len(hashes)) if len(pieces) == 1 else 1
    equal = {
        "constant_score": {"filter": {"term": {"text_hash": each.shingled.text_hash}}, "boost": LEAST_SHARED_SHORT}
    }
    for piece in pieces:
        shoulds = [equal, _sharing(piece, least)] if piece else [equal]
        yield _Asked(place, {"bool": {"should": shoulds, "minimum_should_match": 1, **others}})


def _sharing(hashes: Sequence[str], least: int) -> dict[str, Any]:
    # Put together as text: a dictionary for each hash took a tenth of an import's time. They need no escaping.
    terms = '"}},{"term":{"signature":"'.join(hashes)
    should = orjson.Fragment(f'[{{"term":{{"signature":"{terms}"}}}}]')
    return {"bool": {"should": should, "minimum_should_match": least}}


def _lifts(own: str, *, floor: int, least: int) -> list[_Lift]:
    """Ask for ``floor`` hashes in long articles of the own source, for ``least`` in others, in short ones for two."""
    elsewhere = {"bool": {"must_not": [{"term": {"domain": own}}]}}
    distant = _Lift(
        filter={"bool": {"should": [elsewhere, {"range": {"tokens": {"lt": OWN_LONG}}}]}},
        holds=lambda source, tokens: source != own or tokens < OWN_LONG,
        boost=floor - least,
    )
    short = _Lift(
        filter={"range": {"tokens": {"lt": LONG}}}, holds=lambda _, tokens: tokens < LONG, boost=least - LEAST_SHARED
    )
    return [each for each in (distant, short) if each.boost]
