"""Ways to find copies that Elasticsearch runs, each in a throw-away index with the product's own settings."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from elasticsearch import helpers

from benchmarks.methods import Method
from indexer.elastic import candidates, schema
from indexer.elastic.documents import moment
from indexer.shingles import WINDOW, encode, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.common import Setting
    from benchmarks.methods import Corpus
    from indexer.reposts import Version
    from indexer.shingles import Hashes

BULK = 500
LEAST_SHARED = 2  # sampled hashes
HITS = 1_000  # where a count tells: all
TOP = 50  # of those whose score ranks: further ones are not looked at
MODULUS, LEAST_SAMPLE = 8, 16
BUCKETS = 512  # of the min_hash filter, its default
PLACE = {"type": "integer", "index": False}
SETTINGS: dict[str, Any] = schema.definition("articles")["settings"]
MIN_HASH: dict[str, dict[str, Any]] = {
    "filter": {
        "bench_grams": {"type": "shingle", "min_shingle_size": 5, "max_shingle_size": 5, "output_unigrams": False},
        "bench_min_hash": {
            "type": "min_hash",
            "hash_count": 1,
            "bucket_count": BUCKETS,
            "hash_set_size": 1,
            "with_rotation": True,
        },
    },
    "analyzer": {"bench_min_hash": {"tokenizer": "standard", "filter": ["lowercase", "bench_grams", "bench_min_hash"]}},
}


class Server:
    """The Elasticsearch in which throw-away indices are made; one request at a time."""

    def __init__(self, where: Setting) -> None:
        self.client = where.client
        self.prefix = f"{where.store.prefix}-way"
        self.software = f"Elasticsearch {where.store.version()}"

    @contextmanager
    def index(self, name: str, field: dict[str, Any], values: Sequence[Any]) -> Iterator[tuple[str, float, int]]:
        """Index a value an article in one field; give the index, the seconds, and the bytes after merging."""
        documents = [{"value": value} for value in values]
        with self.documents(name, {"value": field}, documents, counted=("value",)) as found:
            yield found

    @contextmanager
    def documents(
        self, name: str, fields: dict[str, Any], documents: Sequence[dict[str, Any]], *, counted: Sequence[str]
    ) -> Iterator[tuple[str, float, int]]:
        """Index documents; give the index, the seconds, and the bytes of the ``counted`` fields after merging."""
        index = f"{self.prefix}-{name}"
        settings = {**SETTINGS["index"], "refresh_interval": "-1", "query.default_field": [*fields]}
        analysis = dict(SETTINGS["analysis"])
        for kind, added in MIN_HASH.items():
            analysis[kind] = {**analysis.get(kind, {}), **added}
        self.client.indices.create(
            index=index,
            settings={"index": settings, "analysis": analysis},
            mappings={"_source": {"enabled": False}, "properties": {**fields, "place": PLACE}},
        )
        try:
            began = time.perf_counter()
            actions = ({"place": place, **each} for place, each in enumerate(documents))
            helpers.bulk(self.client, actions, index=index, chunk_size=BULK)
            self.client.indices.refresh(index=index)
            seconds = time.perf_counter() - began
            self.client.indices.forcemerge(index=index, max_num_segments=1)
            usage: Any = self.client.indices.disk_usage(index=index, run_expensive_tasks=True, flush=True)
            yield index, seconds, sum(int(usage[index]["fields"][each]["total_in_bytes"]) for each in counted)
        finally:
            self.client.indices.delete(index=index)

    def hits(self, index: str, queries: Sequence[dict[str, Any]], size: int) -> list[dict[int, float]]:
        """Search for all in one request; give for each the articles found with their scores."""
        # ids from doc values: reading them from compressed stored fields takes ten times as long as the search
        common = {"size": size, "track_total_hits": False, "stored_fields": "_none_", "docvalue_fields": ["place"]}
        lines = [
            line
            for query in queries
            for line in ({"index": index, "allow_partial_search_results": False}, {"query": query, **common})
        ]
        answers = self.client.msearch(searches=lines)["responses"]
        return [{hit["fields"]["place"][0]: hit["_score"] for hit in each["hits"]["hits"]} for each in answers]


@contextmanager
def product(
    server: Server, given: Corpus, articles: Sequence[Version], asked: Mapping[int, Version]
) -> Iterator[Method]:
    """Find candidates as the product does, with its own fields and queries; ``asked`` have their texts with them."""
    began = time.perf_counter()
    signed = [encode(sample(each)) for each in given.grams]
    sign = time.perf_counter() - began + given.seconds
    documents = [
        {
            "id": article.id,
            "effective": moment(article.effective),
            "signature": signed[place],
            "text_hash": given.text_hashes[place],
            "tokens": given.tokens[place],
        }
        for place, article in enumerate(articles)
    ]
    fields = {name: schema.definition("articles")["mappings"]["properties"][name] for name in documents[0]}
    places = {article.id: place for place, article in enumerate(articles)}
    with server.documents("product", fields, documents, counted=("signature", "text_hash")) as (index, seconds, size):

        def ask(wanted: Sequence[int]) -> list[dict[int, float]]:
            found = candidates.find(server.client, index, [asked[place] for place in wanted], window_days=0)
            return [{places[other.id]: 1.0 for other in each} for each in found]

        yield Method(
            name="condensat", software=server.software, sign=sign, index=seconds, size=size, ask=ask, decides=False
        )


@contextmanager
def sampled(server: Server, given: Corpus, name: str, sampler: Callable[[Hashes], Hashes]) -> Iterator[Method]:
    """Index sampled grams as keywords and find where two are shared, whatever the lengths."""
    began = time.perf_counter()
    signed = [encode(sampler(each)) for each in given.grams]
    sign = time.perf_counter() - began + given.seconds
    field = {"type": "keyword", "doc_values": False, "similarity": "boolean"}
    with server.index(sampler.__name__.strip("_"), field, signed) as (index, seconds, size):

        def query(place: int) -> dict[str, Any]:
            terms = [{"term": {"value": each}} for each in signed[place]]
            return {"bool": {"should": terms, "minimum_should_match": min(LEAST_SHARED, len(terms))}}

        def ask(places: Sequence[int]) -> list[dict[int, float]]:
            return _without(server.hits(index, [query(place) for place in places], HITS), places)

        yield Method(name=name, software=server.software, sign=sign, index=seconds, size=size, ask=ask, decides=False)


def winnow(grams: Hashes) -> Hashes:
    """Sample as the product does."""
    return sample(grams)


def modulo(grams: Hashes) -> Hashes:
    """Sample every hash that 8 divides, and the smallest others up to 16; all of a short text."""
    unique = np.unique(grams)
    if len(grams) <= WINDOW:
        return unique
    divided = unique % MODULUS == 0
    return np.concatenate((unique[divided], unique[~divided][: max(0, LEAST_SAMPLE - int(divided.sum()))]))


@contextmanager
def more_like_this(
    server: Server, name: str, values: Sequence[str], field: dict[str, Any], *, prepared: float, **options: Any
) -> Iterator[Method]:
    """Ask ``more_like_this`` with its defaults; the score is the share of what the article itself gets."""
    with server.index(name.rsplit(maxsplit=1)[-1], field, values) as (index, seconds, size):

        def ask(places: Sequence[int]) -> list[dict[int, float]]:
            queries = [{"more_like_this": {"fields": ["value"], "like": values[place], **options}} for place in places]
            return _without(_relative(server.hits(index, queries, TOP), places), places)

        yield Method(name=name, software=server.software, sign=prepared, index=seconds, size=size, ask=ask)


@contextmanager
def min_hash(server: Server, texts: Sequence[str]) -> Iterator[Method]:
    """Ask a ``min_hash`` subfield: its hashes stand at one position, so a score tells the order, not a count."""
    field = {"type": "text", "analyzer": "bench_min_hash", "norms": False, "index_options": "freqs"}
    with server.index("min_hash", field, texts) as (index, seconds, size):

        def ask(places: Sequence[int]) -> list[dict[int, float]]:
            queries = [{"match": {"value": texts[place]}} for place in places]
            return _without(_relative(server.hits(index, queries, TOP), places), places)

        yield Method(
            name=f"min_hash filter, {BUCKETS} buckets",
            software=server.software,
            sign=0.0,
            index=seconds,
            size=size,
            ask=ask,
        )


def _relative(found: Sequence[dict[int, float]], places: Sequence[int]) -> list[dict[int, float]]:
    """Give scores as shares of what the article itself gets, or else the best: BM25 differs from query to query."""
    best = [each.get(place) or max(each.values(), default=1.0) for each, place in zip(found, places, strict=True)]
    return [{other: score / top for other, score in each.items()} for each, top in zip(found, best, strict=True)]


def _without(found: Sequence[dict[int, float]], places: Sequence[int]) -> list[dict[int, float]]:
    return [
        {other: score for other, score in each.items() if other != place}
        for each, place in zip(found, places, strict=True)
    ]
