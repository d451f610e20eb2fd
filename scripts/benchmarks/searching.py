"""Time ten typical searches, first pages as the command shows them: ``scripts/bench search``.

It asks an index that is there (``--home`` and ``--prefix``), or fills one with made-up articles in which who repeats
whom is written down as it was made, without looking for it. The words that are asked for come from the index itself.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import orjson
from elasticsearch import helpers

from benchmarks import corpus
from benchmarks.common import opened, setting
from indexer import search, urls
from indexer.elastic import schema
from indexer.elastic.changes import created
from indexer.elastic.documents import article_document, parse_moment
from indexer.indexing import work_out
from indexer.lines import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from benchmarks.common import Setting
    from indexer.elastic import Store
    from indexer.search import Wanted

PREFIX = "searches"
ROUNDS = 30  # of each query, each time with other words
SAMPLE = 400  # articles from which the words are taken
PAGE = 20
COMMON, USUAL = 0.15, 0.01  # share of the articles that have a common and a usual word
SEED = 6


@dataclass(frozen=True, slots=True)
class Words:
    """What there is to ask for."""

    common: Sequence[str]
    usual: Sequence[str]
    phrases: Sequence[str]
    titles: Sequence[str]
    sources: Sequence[str]
    latest: datetime


def run(count: int, *, home: Path | None, prefix: str | None) -> None:
    """Fill an index, or open the one of that prefix, and print a table."""
    if prefix:
        with opened(prefix, home=home) as where:
            _measure(where)
    else:
        with setting(PREFIX, home=home) as where:
            _fill(where, count)
            _measure(where)


def _fill(where: Setting, count: int) -> None:
    began = time.perf_counter()
    alias = schema.write_alias(where.store.prefix, "articles")
    for _ in helpers.parallel_bulk(where.client, _documents(count, alias), thread_count=2, chunk_size=500):
        pass
    where.store.articles.refresh()
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)


def _documents(count: int, index: str) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    for made in corpus.articles(count):
        article = parse_line(orjson.dumps(made.article), now=now)
        document = article_document(article, condensate="", of_text=work_out(article, None).fields, entry_hash=None)
        document = created(document, seen=article.seen, now=now)
        if made.pair and made.pair["label"] in {"exact", "near", "partial"}:
            document["repost_of"] = urls.article_id(made.pair["url_a"])
        yield {"_index": index, "_id": document["id"], "_source": document}


def _words(store: Store) -> Words:
    chance = random.Random(SEED)  # noqa: S311 nothing here is secret
    body = {
        "query": {"match_all": {}},
        "sort": [{"id": "asc"}],
        "source_includes": ["title", "text", "source", "effective"],
    }
    found = [each["_source"] for each in islice(store.articles.scan(body, page=SAMPLE), SAMPLE)]
    having: Counter[str] = Counter()
    phrases, titles = [], []
    for each in found:
        words = each["text"].split()
        having.update({word.lower() for word in words if word.isalpha()})
        start = chance.randrange(max(1, len(words) - 3))
        phrases.append(" ".join(word.strip('.,;:"') for word in words[start : start + 3]))
        titles.append(chance.choice([word for word in each["title"].split() if word.isalpha()] or ["the"]))
    long = [(word, number / len(found)) for word, number in having.most_common() if len(word) > 3]
    newest = store.articles.search({"size": 1, "sort": [{"effective": "desc"}], "source_includes": ["effective"]})
    return Words(
        common=[word for word, share in long if share >= COMMON],
        usual=[word for word, share in long if USUAL <= share < COMMON],
        phrases=phrases,
        titles=titles,
        sources=[each["source"]["domain"] for each in found],
        latest=parse_moment(newest["hits"]["hits"][0]["_source"]["effective"]),
    )


def _measure(where: Setting) -> None:
    store = where.store
    words = _words(store)
    chance = random.Random(SEED)  # noqa: S311 nothing here is secret
    week = (words.latest - timedelta(days=7)).date().isoformat()

    def usual() -> str:
        return chance.choice(words.usual)

    def common() -> str:
        return chance.choice(words.common)

    asked: dict[str, Callable[[], Wanted]] = {
        "a common word": lambda: search.Wanted(query=common(), reposts="fold"),
        "two common words": lambda: search.Wanted(query=f"{common()} {common()}", reposts="fold"),
        "two usual words": lambda: search.Wanted(query=f"{usual()} {usual()}", reposts="fold"),
        "one of three, not a fourth": lambda: search.Wanted(
            query=f"({usual()} OR {usual()} OR {usual()}) -{usual()}", reposts="fold"
        ),
        '"a phrase"': lambda: search.Wanted(query=f'"{chance.choice(words.phrases)}"', reposts="fold"),
        "title:word": lambda: search.Wanted(query=f"title:{chance.choice(words.titles)}", reposts="fold"),
        "begin*": lambda: search.Wanted(query=f"{usual()[:4]}*", reposts="fold"),
        "misspelt~": lambda: search.Wanted(query=f"{usual()[:-1]}x~", reposts="fold"),
        "a word of one source, this week": lambda: search.Wanted(
            query=common(), sources=(chance.choice(words.sources),), start=week, reposts="hide"
        ),
        "everything, the latest first": lambda: search.Wanted(reposts="fold"),
    }
    print(f"{datetime.now(UTC).date()}, {os.cpu_count()} cores, Elasticsearch {store.version()}")
    print(f"{store.articles.count():,} articles; a first page of {PAGE}, ms over {ROUNDS} rounds")
    print(f"{'':<34}{'p50':>8}{'p95':>8}{'found (median)':>18}")
    times: dict[str, list[float]] = {name: [] for name in (*asked, "counts of a common word")}
    found: dict[str, list[int]] = {name: [] for name in times}
    for round_ in range(ROUNDS + 1):
        for name, taken in times.items():
            wanted = asked[name]() if name in asked else search.Wanted(query=common())
            began = time.perf_counter()
            if name in asked:
                sort: search.Sort = "relevance" if wanted.query else "date"
                total = search.list_hits(store, wanted, sort=sort, limit=PAGE).total
            else:
                total = search.facets(store, wanted, limit=10).total
            if round_:  # the first round warms up
                taken.append(1_000 * (time.perf_counter() - began))
                found[name].append(total)
    for name, taken in times.items():
        middle, late = np.percentile(taken, (50, 95))
        print(f"{name:<34}{middle:>8.1f}{late:>8.1f}{np.median(found[name]):>18,.0f}")
    every = [each for name in asked for each in times[name]]
    print(f"{'all ten':<34}{np.percentile(every, 50):>8.1f}{np.percentile(every, 95):>8.1f}")
