"""The same articles end in the same pairs: in any order, in batches of any size, by several processes at once.

Each case is made from its seed alone. To look at one: pytest tests/integration/test_order.py -k 'any_order and [7]'
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from samples import NOW, now
from world import Arrival, World, arrival, crowd, overtaken, world

from indexer.elastic import Store
from indexer.importing import import_articles
from indexer.lines import parse_line
from indexer.models import REPOST_KINDS, STORED_KINDS, Article, Kind, Pair
from indexer.progress import Silent
from indexer.reposts import Version, relate
from indexer.review import pairs
from indexer.shingles import shingle, signature
from indexer.stars import CROWD, Likeness, likeness
from indexer.urls import article_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer import engine as local

IMPORTER = Path(__file__).with_name("importer.py")
WORKERS = 4
# A worker makes some 45 requests for a poll of 48 articles in batches of 13; two points to die at for each.
DEATHS = 90


class Importer:
    """A process that imports; see importer.py."""

    def __init__(self, engine: local.Running) -> None:
        self._login = {"url": engine.url, "username": engine.username, "password": engine.password}
        self.process = subprocess.Popen(
            [sys.executable, str(IMPORTER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def begin(
        self,
        store: Store,
        lines: Sequence[str],
        *,
        batch: int,
        at: int | None = None,
        signal: Literal["KILL", "STOP"] = "KILL",
    ) -> None:
        """Give it a job."""
        job = {**self._login, "prefix": store.prefix, "batch": batch, "lines": lines, "at": at, "signal": signal}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()

    def end(self) -> dict[str, Any] | None:
        """Wait for the report of the job; None where the process died of it."""
        assert self.process.stdout is not None
        report = self.process.stdout.readline()
        return json.loads(report) if report else None

    def close(self) -> int:
        """Let it end, and give its exit code."""
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture(scope="module")
def importers(engine: local.Running) -> Iterator[list[Importer]]:
    """Give processes that stay for all tests of this module: starting one takes longer than a job."""
    started = [Importer(engine) for _ in range(WORKERS)]
    yield started
    assert [each.close() for each in started] == [0] * WORKERS


@pytest.fixture(scope="module")
def shared(engine: local.Running) -> Iterator[Store]:
    """Give indices for all worlds of this module: making them anew takes longer than a world."""
    prefix = f"test-{secrets.token_hex(6)}"
    with Store.connect(engine.url, prefix=prefix, username=engine.username, password=engine.password) as store:
        store.init()
        yield store
        store.drop()


@dataclass(frozen=True)
class End:
    """What the articles ended in."""

    pairs: frozenset[Pair]
    derived: dict[str, tuple[Any, ...]]  # article → repost_of, reposts, repeats
    texts: dict[str, tuple[str, str]]  # article → text_hash, effective


def end(store: Store, of: World) -> End:
    """Read what stands in the index of a world; nothing of it may wait any more."""
    articles = {identity: store.articles.get(identity) or {} for identity in map(article_id, of.urls)}
    assert articles.keys() & set(store.pending.ids()) == set()
    return End(
        pairs=frozenset(pair for pair in pairs(store) if {pair.earlier, pair.later} & articles.keys()),
        derived={
            identity: (each.get("repost_of"), each["reposts"], each["repeats"]) for identity, each in articles.items()
        },
        texts={identity: (each["text_hash"], each["effective"]) for identity, each in articles.items()},
    )


def send(importers: Sequence[Importer], store: Store, how: Arrival) -> None:
    """Have the processes import both polls, the second when all have ended the first."""
    for poll in how.polls:
        for importer, lines in zip(importers, poll, strict=False):
            importer.begin(store, lines, batch=how.batch)
        for importer, lines in zip(importers, poll, strict=False):
            report = importer.end()
            assert report is not None
            assert (report["read"], report["rejected"], report["warnings"]) == (len(lines), {}, [])


def expected(of: World) -> End:
    """Compare every two articles as they are in the end, without an index: nothing can be missed."""
    last: dict[str, Article] = {}
    facts: dict[str, tuple[Any, Any]] = {}  # the first plausible publication date, and the earliest sight
    for each in (*of.first, *of.later):
        article = parse_line(each.encode(), now=NOW)
        published, seen = facts.get(article.id, (article.published, article.seen))
        facts[article.id] = (published if published.at else article.published, min(seen, article.seen))
        last[article.id] = article
    versions = [
        Version(
            id=identity,
            url=article.url,
            title=article.title,
            source=article.source.domain,
            effective=facts[identity][0].at or facts[identity][1],
            precision=facts[identity][0].precision,
            shingled=shingle(article.text),
        )
        for identity, article in last.items()
    ]
    sampled = {each.id: frozenset(signature(each.shingled)) for each in versions}
    compared = (relate(*both) for both in combinations(versions, 2) if not aside(*both, versions, sampled))
    found = frozenset(pair for pair in compared if pair.kind in STORED_KINDS)
    reposts = [pair for pair in found if pair.kind in REPOST_KINDS]
    derived = {}
    for each in versions:
        originals = sorted((pair.earlier_effective, pair.earlier) for pair in reposts if pair.later == each.id)
        later = sum(pair.earlier == each.id for pair in reposts)
        derived[each.id] = (originals[0][1] if originals else None, 0 if originals else later, len(originals))
    texts = {each.id: (each.shingled.text_hash, each.effective.strftime("%Y-%m-%dT%H:%M:%S.000Z")) for each in versions}
    return End(pairs=found, derived=derived, texts=texts)


def aside(one: Version, other: Version, among: Sequence[Version], sampled: dict[str, frozenset[str]]) -> bool:
    """Tell whether a pair is left out: too little alike, or one of many, of which the later keeps the earliest."""
    earlier, later = sorted((one, other), key=lambda each: each.order)
    how = alike(earlier, later, sampled)
    if not how.in_star:
        return how is Likeness.STRANGE
    before = [each for each in among if each.order < later.order and alike(each, later, sampled) is how]
    return len(before) >= CROWD and min(before, key=lambda each: each.order) is not earlier


def alike(one: Version, other: Version, sampled: dict[str, frozenset[str]]) -> Likeness:
    """Tell how much two articles are alike by what the index sees of them."""
    if one.shingled.text_hash == other.shingled.text_hash:
        return Likeness.COPY
    shared = len(sampled[one.id] & sampled[other.id])
    return likeness(shared, one.shingled.length, other.shingled.length, same_source=one.source == other.source)


def same(found: End, wanted: End) -> None:
    """Compare part by part, so that a failure says what is missing, what is too much, and what is outdated."""
    assert differing(found.texts, wanted.texts) == {}
    assert differing(*({pair.id: pair.to_dict() for pair in each.pairs} for each in (found, wanted))) == {}
    assert differing(found.derived, wanted.derived) == {}


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Give what was found and what was wanted where they are not equal; of records only what differs in them."""
    result = {}
    for key in found.keys() | wanted.keys():
        one, other = found.get(key), wanted.get(key)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            names = (one["earlier_url"], one["later_url"])
            result[names] = {name: (one[name], other[name]) for name in one if one[name] != other[name]}
        else:
            result[key] = (one, other)
    return result


def test_the_world_has_everything_in_it() -> None:
    """Every kind, equal and day-only dates, updates, and articles that several others repeat."""
    wanted = expected(world(1))
    assert {pair.kind for pair in wanted.pairs} == {Kind.EXACT, Kind.NEAR, Kind.PARTIAL, Kind.PASSAGE}
    assert {pair.order_certain for pair in wanted.pairs} == {True, False}
    assert any(pair.update for pair in wanted.pairs)
    assert max(reposts for _, reposts, _ in wanted.derived.values()) > 3
    assert len(wanted.pairs) > 40


def test_one_process_in_order_of_date_misses_nothing(shared: Store) -> None:
    """The articles one after the other, the oldest first, end in what comparing every two of them gives."""
    of = world(0)

    def date(each: str) -> str:
        read = json.loads(each)
        return read["published"] or read["seen"]

    for poll in (of.first, of.later):
        lines = [each.encode() for each in sorted(poll, key=date)]
        import_articles(shared, lines, now=now, progress=Silent())
    same(end(shared, of), expected(of))


@pytest.mark.parametrize("seed", range(2, 8))
def test_any_order_any_batches_and_any_number_of_processes(importers: list[Importer], shared: Store, seed: int) -> None:
    """Whatever the seed decides, the end is the same, and an edited article keeps its old version."""
    of = world(seed)
    send(importers, shared, arrival(of, seed, workers=seed % WORKERS + 1))
    same(end(shared, of), expected(of))
    rewritten = shared.articles.get(article_id(f"https://original{seed}.example/edit")) or {}
    assert len(rewritten["revisions"]) == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_and_run_again(
    engine: local.Running, importers: list[Importer], shared: Store, seed: int
) -> None:
    """One of two processes dies at some request, another does its work again, and the end is the same."""
    killed_and_run_again(engine, importers, shared, 10 + seed, die_at=(seed * 37 + 20) % DEATHS)


def killed_and_run_again(
    engine: local.Running, importers: list[Importer], shared: Store, seed: int, *, die_at: int
) -> None:
    of = world(seed)
    how = arrival(of, seed, workers=2)
    for poll in how.polls:
        victim = Importer(engine)
        victim.begin(shared, poll[0], batch=how.batch, at=die_at)
        importers[0].begin(shared, poll[1], batch=how.batch)
        died = victim.end() is None
        assert victim.close() == (-9 if died else 0)
        importers[1].begin(shared, poll[0], batch=how.batch)
        for each in importers[:2]:
            assert each.end() is not None
    same(end(shared, of), expected(of))


@pytest.mark.parametrize("stop_at", [10, 20, 24])
def test_a_process_that_is_overtaken(
    engine: local.Running, importers: list[Importer], shared: Store, stop_at: int
) -> None:
    """One process waits at some request while another edits what it read and moves the date of what it writes."""
    was_overtaken(engine, importers, shared, 20 + stop_at, stop_at=stop_at)


def was_overtaken(engine: local.Running, importers: list[Importer], shared: Store, seed: int, *, stop_at: int) -> None:
    of = world(seed)
    there, slow, quick = overtaken(of)
    importers[0].begin(shared, there, batch=50)
    assert importers[0].end() is not None
    waiting = Importer(engine)
    waiting.begin(shared, slow, batch=50, at=stop_at, signal="STOP")
    stopped = (waiting.end() or {}).get("stopped")
    if stopped:
        os.waitpid(waiting.process.pid, os.WUNTRACED)
    importers[0].begin(shared, quick, batch=50)
    assert importers[0].end() is not None
    if stopped:
        waiting.process.send_signal(signal.SIGCONT)
        assert waiting.end() is not None
    assert waiting.close() == 0
    same(end(shared, of), expected(of))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 220))
def test_many_more_orders(importers: list[Importer], shared: Store, seed: int) -> None:
    """The same for many seeds."""
    of = world(seed)
    send(importers, shared, arrival(of, seed))
    same(end(shared, of), expected(of))


@pytest.mark.long
@pytest.mark.parametrize("die_at", range(0, DEATHS, 3))
def test_death_at_any_request(engine: local.Running, importers: list[Importer], shared: Store, die_at: int) -> None:
    """There is no request before or after which a death leaves anything behind."""
    killed_and_run_again(engine, importers, shared, 1_000 + die_at, die_at=die_at)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2_000, 2_003))
@pytest.mark.parametrize(
    "sizes",
    [(CROWD - 2, 5, 1), (CROWD + 2, 0, 3), (CROWD + 4, 2, 2)],
    ids=["a square becomes a star", "a star becomes a square", "a star gets another middle"],
)
def test_a_crowd_of_copies(importers: list[Importer], shared: Store, seed: int, sizes: tuple[int, int, int]) -> None:
    """What many copies of one text end in depends on how many there are in the end, not on how they came."""
    first, later, leaving = sizes
    of = crowd(seed * 1_000 + first, first=first, later=later, leaving=leaving)
    send(importers, shared, replace(arrival(of, seed), batch=20))
    same(end(shared, of), expected(of))


@pytest.mark.long
@pytest.mark.parametrize("stop_at", range(80))
def test_overtaken_at_any_request(
    engine: local.Running, importers: list[Importer], shared: Store, stop_at: int
) -> None:
    """There is no request before or after which being overtaken leaves anything outdated."""
    was_overtaken(engine, importers, shared, 5_000 + stop_at, stop_at=stop_at)
