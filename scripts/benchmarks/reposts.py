"""Compare ways to find copies, side by side on the same labelled articles: ``scripts/bench reposts``.

Truth: ``reposts/natural`` (140 pairs, inside 18,877 Reuters bulletins) and ``reposts/synthetic`` (2,950 pairs). Every
pair is asked as it would come up: the later article looks for the earlier one among all.
"""

from __future__ import annotations

import gzip
import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson

from benchmarks import methods, searches
from benchmarks.common import REPOSTS, need, setting
from benchmarks.scoring import Score, score, tuned
from indexer import urls
from indexer.models import Kind, Precision
from indexer.reposts import RULES, Version, relate
from indexer.shingles import shingle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.methods import Method

REPOST_LABELS = frozenset({"exact", "near", "partial", "near|partial", "partial|near"})
UNDATED = "2026-01-01T00:00:00+00:00"  # of some of the background: when they were seen
ASKED = 50  # articles a request
SETS = ("natural", "synthetic")


class Pair(NamedTuple):
    """A labelled pair; the articles by their places."""

    earlier: int
    later: int
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """All articles, and the pairs of each set."""

    versions: list[Version]
    texts: list[str]
    pairs: dict[str, list[Pair]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What was measured of one way."""

    method: Method
    query: float  # seconds an article
    candidates: float  # an article
    found: dict[str, float]  # set → share of the reposts whose earlier article is among the candidates
    passages: float  # the same of the synthetic passages
    own: dict[str, Score]  # by its own score
    judged: dict[str, Score]  # by our verdict on its candidates


def run(*, home: Path | None = None, limit: int | None = None) -> None:
    """Measure every way and print a table; ``limit`` takes a part of the background and of the pairs, to try it.

    The client and the engine that it starts have one core together.
    """
    need(REPOSTS)
    os.environ["RAYON_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    data = load(limit)
    pairs = sum(map(len, data.pairs.values()))
    print(f"{len(data.texts):,} articles, {pairs:,} pairs, rules of version {RULES.version}", file=sys.stderr)
    verdicts = {pair: _is_repost(data, pair) for pair in _pairs(data)}
    given = methods.corpus(data.texts)
    results: dict[str, Result] = {}
    for method in _methods(data, given, home):
        done = results[method.name] = measure(method, data, verdicts)
        print(f"{_quality(done)}\n{_cost(done, len(data.texts))}", file=sys.stderr, flush=True)
    print(tables(list(results.values()), len(data.texts)))


def _methods(data: Data, given: methods.Corpus, home: Path | None) -> Iterator[Method]:
    """Make every way, one after the other; the index of the last one is gone when the next is asked for."""
    exact = {"type": "text", "analyzer": "exact"}
    tokens = {"type": "text", "analyzer": "condensate_tokens", "norms": False, "index_options": "docs"}
    with setting("ways", home=home) as where:
        here = searches.Server(where)
        asked = {pair.later: _with_text(data, pair.later) for pair in _pairs(data)}
        for _ in range(2):  # so that the first way is not the one that starts cold
            with searches.product(here, given, data.versions, asked) as each:
                yield each
        with searches.sampled(here, given, "winnowing, 2 shared", searches.winnow) as each:
            yield each
        with searches.sampled(here, given, "mod 8, at least 16, 2 shared", searches.modulo) as each:
            yield each
        yield methods.minhash_datasketch(given)
        yield methods.minhash_rensa(given)
        yield methods.simhash(given)
        with searches.more_like_this(here, "more_like_this on text", data.texts, exact, prepared=0.0) as each:
            yield each
        began = time.perf_counter()
        condensed = where.store.condense(data.texts)
        seconds = time.perf_counter() - began
        with searches.more_like_this(
            here, "more_like_this on condensate", condensed, tokens, prepared=seconds, min_term_freq=1
        ) as each:
            yield each
        with searches.min_hash(here, data.texts) as each:
            yield each


def load(limit: int | None = None) -> Data:
    """Read all articles, each once, and the pairs."""
    places: dict[str, int] = {}
    versions: list[Version] = []
    texts: list[str] = []
    background = list(_lines("background-reuters.jsonl.gz"))
    for line in (*_lines("natural/docs.jsonl"), *_lines("synthetic/docs.jsonl.gz"), *background[:limit]):
        if line["url"] in places:
            continue
        places[line["url"]] = len(texts)
        texts.append(line["text"])
        versions.append(
            Version(
                id=urls.article_id(line["url"]),
                url=line["url"],
                title=line["title"],
                source=urls.registrable_domain(line["url"]),
                effective=datetime.fromisoformat(line["published"] or UNDATED),
                precision=Precision.SECOND,
                shingled=shingle(""),  # made anew for each verdict: all of them would take 400 MB
            )
        )
    pairs = {}
    for name in SETS:
        named = [
            (places[each["url_a"]], places[each["url_b"]], each["label"]) for each in _lines(f"{name}/pairs.jsonl")
        ]
        # the labels of natural do not say who was first
        ordered = [
            Pair(b, a, label) if name == "natural" and versions[b].order < versions[a].order else Pair(a, b, label)
            for a, b, label in named
        ]
        chosen = np.random.default_rng(1).permutation(len(ordered))[:limit]
        pairs[name] = [ordered[place] for place in sorted(chosen)]
    return Data(versions=versions, texts=texts, pairs=pairs)


def measure(method: Method, data: Data, verdicts: dict[Pair, bool]) -> Result:
    """Ask for every later article once and judge what was found."""
    asked = sorted({pair.later for pair in _pairs(data)})
    batches = [asked[start : start + ASKED] for start in range(0, len(asked), ASKED)]
    for batch in batches:  # the second time counts: a virtual machine compiles what is asked often
        method.ask(batch)
    began = time.perf_counter()
    found_by = [method.ask(batch) for batch in batches]
    query = (time.perf_counter() - began) / len(asked)
    answers = dict(zip(asked, (each for batch in found_by for each in batch), strict=True))
    found, own, judged = {}, {}, {}
    for name, pairs in data.pairs.items():
        scores = np.array([answers[pair.later].get(pair.earlier, -1.0) for pair in pairs])
        truth = np.array([pair.label in REPOST_LABELS for pair in pairs])
        found[name] = float((scores[truth] >= 0).mean())
        verdict = (scores >= 0) & np.array([verdicts[pair] for pair in pairs])
        judged[name] = score(verdict, truth)
        own[name] = tuned(scores, truth) if method.decides else judged[name]
    passages = [pair.earlier in answers[pair.later] for pair in data.pairs["synthetic"] if pair.label == "passage"]
    return Result(
        method=method,
        query=query,
        candidates=float(np.mean([len(each) for each in answers.values()])),
        found=found,
        passages=float(np.mean(passages)),
        own=own,
        judged=judged,
    )


def tables(results: Sequence[Result], articles: int) -> str:
    """Give the results as two tables in Markdown: how good, and at what cost."""
    good = (
        "| way | found: natural | synthetic | passages "
        "| natural: own decision | our verdict | synthetic: own decision | our verdict |"
    )
    cost = "| way | candidates | sign | index | query | all three | bytes |"
    return "\n".join(
        [
            *(good, "| --- " * 8 + "|"),
            *(_quality(each) for each in results),
            *("", cost, "| --- " * 7 + "|"),
            *(_cost(each, articles) for each in results),
        ]
    )


def _quality(each: Result) -> str:
    def written(found: Score) -> str:
        return f"{found.precision:.3f} / {found.recall:.3f} / {found.f1:.3f}"

    cells = [each.method.name, *(f"{each.found[name]:.3f}" for name in SETS), f"{each.passages:.3f}"]
    for name in SETS:
        cells += [written(each.own[name]) if each.method.decides else "–", written(each.judged[name])]
    return f"| {' | '.join(cells)} |"


def _cost(each: Result, articles: int) -> str:
    method = each.method
    spent = (method.sign / articles, method.index / articles, each.query)
    rates = [f"{1 / seconds:,.0f}" if seconds else "–" for seconds in (*spent, sum(spent))]
    cells = [f"{method.name} ({method.software})", f"{each.candidates:.1f}", *rates, f"{method.size / articles:,.0f}"]
    return f"| {' | '.join(cells)} |"


def _is_repost(data: Data, pair: Pair) -> bool:
    one, other = (_with_text(data, place) for place in (pair.earlier, pair.later))
    return relate(one, other).kind in {Kind.EXACT, Kind.NEAR, Kind.PARTIAL}


def _with_text(data: Data, place: int) -> Version:
    return replace(data.versions[place], shingled=shingle(data.texts[place]))


def _pairs(data: Data) -> Iterator[Pair]:
    for pairs in data.pairs.values():
        yield from pairs


def _lines(name: str) -> Iterator[dict[str, str]]:
    path = REPOSTS / name
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        yield from map(orjson.loads, lines)
