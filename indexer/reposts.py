"""Decide how two articles relate, with the evidence; pure: no clock, no server, nothing remembered.

A verdict depends on the two texts, their dates and sources, and the versioned ``RULES`` alone, so any order of
arrival ends in the same pairs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from indexer.models import Kind, Pair, Precision
from indexer.shingles import GRAM, Hashes, Shingled

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The thresholds of the verdicts. Every number's evidence stands in docs/decisions.md."""

    version: int = 1
    near_coverage: float = 0.60  # of the less covered side
    near_tokens: int = 48  # shorter articles are never near on words alone
    partial_coverage: float = 0.60  # of the more covered side
    partial_tokens: int = 40  # shared
    passage_run: int = 60  # tokens in one shared run
    passage_coverage: float = 0.30
    passage_tokens: int = 50
    passage_min_run: int = 25
    template_numbers: int = 3  # distinct numbers that the poorer side must have before they count
    template_shared_numbers: float = 0.50  # of its numbers that the other side must repeat


RULES = Rules()
RUN_TEXT = 60  # words of the longest run that a pair keeps: enough to recognise it, and to search for it
# A source that changes its own article publishes an update; one that repeats it word for word does not.
UPDATE_KINDS = frozenset({Kind.NEAR, Kind.PARTIAL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What two texts share; ``a`` and ``b`` in the order in which they were given."""

    equal: bool
    coverage_a: float  # share of a's distinct grams that b has, 0 … 1
    coverage_b: float
    shared_tokens: int  # tokens of the side with fewer of them that stand in shared grams
    longest_run: int  # tokens
    run_start_a: int  # token position of the longest run in a
    shared_numbers: float  # share of the distinct numbers of the side that has fewer of them; 1 where it has none
    numbers: int  # distinct numbers of that side


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One article as the verdict sees it: its identity, its place in time and its text."""

    id: str
    url: str
    title: str
    source: str  # registrable domain
    effective: datetime
    precision: Precision
    shingled: Shingled

    @property
    def order(self) -> tuple[datetime, str]:
        """The total order of articles: the earlier of two is the original."""
        return self.effective, self.id


def pair_id(one: str, other: str) -> str:
    """Name the pair of two articles, the same whichever is given first."""
    return hashlib.sha256("\n".join(sorted((one, other))).encode()).hexdigest()[:20]


def measure(a: Shingled, b: Shingled, *, ignored: Hashes | None = None) -> Measures:
    """Compare two texts gram by gram; grams in ``ignored`` (boilerplate) count on neither side."""
    grams_a, grams_b = a.grams, b.grams
    counted_a = _counted(grams_a, ignored)
    counted_b = _counted(grams_b, ignored)
    unique_a, unique_b = a.unique[_counted(a.unique, ignored)], b.unique[_counted(b.unique, ignored)]
    shared = np.intersect1d(unique_a, unique_b, assume_unique=True)
    in_a = counted_a & np.isin(grams_a, shared)
    in_b = counted_b & np.isin(grams_b, shared)
    run, start = _longest_run(grams_a, grams_b, in_a, in_b)
    numbers_a, numbers_b = _numbers(a), _numbers(b)
    fewer = min(len(numbers_a), len(numbers_b))
    return Measures(
        equal=a.text_hash == b.text_hash,
        coverage_a=_share(len(shared), len(unique_a)),
        coverage_b=_share(len(shared), len(unique_b)),
        shared_tokens=min(_covered_tokens(in_a), _covered_tokens(in_b)),
        longest_run=run,
        run_start_a=start,
        shared_numbers=len(numbers_a & numbers_b) / fewer if fewer else 1.0,
        numbers=fewer,
    )


def worth_judging(a: Shingled, b: Shingled, rules: Rules = RULES) -> bool:
    """Tell cheaply whether two texts can be a passage or better: by the grams they share, before any run is sought.

    A run of ``passage_run`` tokens has that many grams less four; half of them are asked, since a text that repeats
    itself has fewer distinct ones.
    """
    if a.text_hash == b.text_hash:
        return True
    shared = len(np.intersect1d(a.unique, b.unique, assume_unique=True))
    fewer = min(len(a.unique), len(b.unique))
    return shared > 0 and (shared >= rules.passage_run // 2 or shared >= fewer * rules.passage_coverage)


def judge(measures: Measures, *, tokens_a: int, tokens_b: int, rules: Rules = RULES) -> Kind:
    """Name the relation; tried in the order exact, template, near, partial, passage."""
    shorter = min(tokens_a, tokens_b)
    if measures.equal and shorter:
        return Kind.EXACT
    least, most = sorted((measures.coverage_a, measures.coverage_b))
    if measures.shared_tokens == 0:
        return Kind.UNRELATED
    template = measures.numbers >= rules.template_numbers and measures.shared_numbers < rules.template_shared_numbers
    if not template and least >= rules.near_coverage and shorter >= rules.near_tokens:
        return Kind.NEAR
    if not template and most >= rules.partial_coverage and measures.shared_tokens >= rules.partial_tokens:
        return Kind.PARTIAL
    if not template and (
        measures.longest_run >= rules.passage_run
        or (
            most >= rules.passage_coverage
            and measures.shared_tokens >= rules.passage_tokens
            and measures.longest_run >= rules.passage_min_run
        )
    ):
        return Kind.PASSAGE
    return Kind.RELATED


def relate(one: Version, other: Version, *, rules: Rules = RULES, ignored: Hashes | None = None) -> Pair:
    """Judge two articles, whichever is given first, and say which was earlier."""
    earlier, later = sorted((one, other), key=lambda each: each.order)
    measures = measure(earlier.shingled, later.shingled, ignored=ignored)
    kind = judge(measures, tokens_a=len(earlier.shingled.tokens), tokens_b=len(later.shingled.tokens), rules=rules)
    same_source = earlier.source == later.source
    return Pair(
        id=pair_id(earlier.id, later.id),
        earlier=earlier.id,
        later=later.id,
        earlier_url=earlier.url,
        later_url=later.url,
        earlier_title=earlier.title,
        later_title=later.title,
        earlier_source=earlier.source,
        later_source=later.source,
        earlier_effective=earlier.effective,
        later_effective=later.effective,
        order_certain=order_certain(earlier, later),
        kind=kind,
        update=same_source and kind in UPDATE_KINDS,
        coverage_earlier=measures.coverage_a,
        coverage_later=measures.coverage_b,
        shared_tokens=measures.shared_tokens,
        longest_run=measures.longest_run,
        longest_run_text=run_text(earlier.shingled, measures),
        lag_seconds=(later.effective - earlier.effective).total_seconds(),
        same_source=same_source,
        rules=rules.version,
    )


def order_certain(earlier: Version, later: Version) -> bool:
    """Tell whether the dates say who was first: not when they are equal, nor on one day that is all we know."""
    if Precision.DAY in (earlier.precision, later.precision):
        return earlier.effective.date() != later.effective.date()
    return earlier.effective != later.effective


def run_text(shingled: Shingled, measures: Measures) -> str:
    """Give the words of the longest shared run of the first side, normalised, at most ``RUN_TEXT`` tokens."""
    words = shingled.tokens[measures.run_start_a : measures.run_start_a + measures.longest_run]
    return " ".join(words[:RUN_TEXT]) + (" …" if len(words) > RUN_TEXT else "")


def _counted(grams: Hashes, ignored: Hashes | None) -> np.ndarray:
    if ignored is None or not len(ignored):
        return np.ones(len(grams), dtype=bool)
    return ~np.isin(grams, ignored)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _covered_tokens(in_shared: np.ndarray) -> int:
    if not in_shared.any():
        return 0
    covered = np.convolve(in_shared.astype(np.int8), np.ones(GRAM, dtype=np.int8))
    return int(np.count_nonzero(covered))


def _numbers(shingled: Shingled) -> frozenset[str]:
    return frozenset(each for each in shingled.tokens if each[0].isdigit())


def _longest_run(grams_a: Hashes, grams_b: Hashes, in_a: np.ndarray, in_b: np.ndarray) -> tuple[int, int]:
    """Longest run of tokens that both have, as (tokens, start in a)."""
    places_a, places_b = np.flatnonzero(in_a), np.flatnonzero(in_b)
    if not len(places_a):
        return 0, 0
    order = np.argsort(grams_b[places_b], kind="stable")
    sorted_b = grams_b[places_b][order]
    left = np.searchsorted(sorted_b, grams_a[places_a], side="left")
    right = np.searchsorted(sorted_b, grams_a[places_a], side="right")
    counts = right - left
    total = int(counts.sum())
    i = np.repeat(places_a, counts)
    offsets = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    j = places_b[order[np.repeat(left, counts) + offsets]]
    diagonal = i - j
    by = np.lexsort((i, diagonal))
    i, diagonal = i[by], diagonal[by]
    breaks = np.flatnonzero((np.diff(i) != 1) | (np.diff(diagonal) != 0)) + 1
    starts = np.concatenate(([0], breaks))
    lengths = np.diff(np.concatenate((starts, [total])))
    best = int(lengths.max())
    # several runs of this length: the first in a, so that the evidence does not depend on sorting
    start = int(i[starts[lengths == best]].min())
    return best + GRAM - 1, start
