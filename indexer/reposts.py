"""Decide how two articles relate, with the evidence; pure: no clock, no server, nothing remembered.

A verdict depends on the two texts, their dates and sources, and the versioned ``RULES`` alone, so any order of
arrival ends in the same pairs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from indexer.models import Kind, Pair, Precision
from indexer.overlap import Measures, measure, shared_grams
from indexer.shingles import GRAM

if TYPE_CHECKING:
    from datetime import datetime

    from indexer.shingles import Hashes, Shingled


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The thresholds of the verdicts. Every number's evidence stands in docs/decisions.md."""

    version: int = 2
    least_tokens: int = 48  # shared or present: below that, nothing but an equal text is called a repost
    near_coverage: float = 0.55  # of the less covered side
    partial_coverage: float = 0.55  # of the more covered side, between two sources
    own_coverage: float = 0.80  # the same within one source, which repeats its background from story to story
    passage_run: int = 60  # tokens in one shared run
    passage_coverage: float = 0.30
    passage_tokens: int = 50
    passage_min_run: int = 25
    template_numbers: int = 3  # numbers exchanged on both sides taken together: one correction exchanges two
    template_explained: float = 0.40  # of what differs, that differs in numbers alone; or …
    template_exchanged: float = 0.50  # … of the numbers, that are exchanged
    template_run: float = 0.60  # of the shorter text in one run: what stands so is an article with new figures


RULES = Rules()
RUN_TEXT = 60  # words of the longest run that a pair keeps: enough to recognise it, and to search for it
# A source that changes its own article publishes an update; one that repeats it word for word does not.
UPDATE_KINDS = frozenset({Kind.NEAR, Kind.PARTIAL})


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


def worth_judging(a: Shingled, b: Shingled, rules: Rules = RULES) -> bool:
    """Tell cheaply whether two texts can be a passage or better: by the grams they share, before any run is sought.

    A run of ``passage_run`` tokens has that many grams less four; half of them are asked, since a text that repeats
    itself has fewer distinct ones. A gram covers at most ``GRAM`` tokens.
    """
    if a.text_hash == b.text_hash:
        return True
    shared = shared_grams(a, b)
    fewer = min(a.length, b.length)
    return shared >= rules.passage_run // 2 or shared * GRAM >= max(fewer * rules.passage_coverage, 1)


def could_repeat(*, run: int, shared: int, fewer: int, rules: Rules = RULES) -> bool:
    """Tell whether two texts can be a passage or better that share no more than these tokens, in one run and in all.

    ``fewer`` are the tokens of the shorter.
    """
    least = max(min(rules.least_tokens, rules.passage_tokens), fewer * min(rules.passage_coverage, rules.near_coverage))
    return run >= rules.passage_run or shared >= least


def judge(measures: Measures, *, tokens_a: int, tokens_b: int, same_source: bool, rules: Rules = RULES) -> Kind:
    """Name the relation; tried in the order exact, template, near, partial, passage."""
    shorter = min(tokens_a, tokens_b)
    if measures.equal and shorter:
        return Kind.EXACT
    if measures.shared_tokens == 0:
        return Kind.UNRELATED
    long_run = measures.longest_run >= rules.passage_run
    if _of_one_form(measures, shorter, rules):
        return Kind.PASSAGE if long_run and not same_source else Kind.RELATED
    least, most = sorted((measures.coverage_a, measures.coverage_b))
    if least >= rules.near_coverage and shorter >= rules.least_tokens:
        return Kind.NEAR
    enough = rules.own_coverage if same_source else rules.partial_coverage
    if most >= enough and measures.shared_tokens >= rules.least_tokens:
        return Kind.PARTIAL
    broken_run = (
        most >= rules.passage_coverage
        and measures.shared_tokens >= rules.passage_tokens
        and measures.longest_run >= rules.passage_min_run
    )
    return Kind.PASSAGE if long_run or broken_run else Kind.RELATED


def _of_one_form(measures: Measures, shorter: int, rules: Rules) -> bool:
    """Tell a bulletin of the same form, in which numbers are others, from an article that was edited."""
    return (
        measures.changed_numbers >= rules.template_numbers
        and (measures.explained >= rules.template_explained or measures.exchanged >= rules.template_exchanged)
        and measures.longest_run < rules.template_run * shorter
    )


class Verdict(NamedTuple):
    """How two articles relate, without what is only written down of those that repeat each other."""

    earlier: Version
    later: Version
    kind: Kind
    measures: Measures  # of the earlier, then of the later


def compare(one: Version, other: Version, *, rules: Rules = RULES, ignored: Hashes | None = None) -> Verdict:
    """Judge two articles, whichever is given first."""
    earlier, later = sorted((one, other), key=lambda each: each.order)
    measures = measure(earlier.shingled, later.shingled, ignored=ignored)
    kind = judge(
        measures,
        tokens_a=earlier.shingled.length,
        tokens_b=later.shingled.length,
        same_source=earlier.source == later.source,
        rules=rules,
    )
    return Verdict(earlier, later, kind, measures)


def relate(one: Version, other: Version, *, rules: Rules = RULES, ignored: Hashes | None = None) -> Pair:
    """Judge two articles, whichever is given first, and say which was earlier."""
    return as_pair(compare(one, other, rules=rules, ignored=ignored), rules=rules)


def as_pair(verdict: Verdict, *, rules: Rules = RULES) -> Pair:
    """Write a verdict down with its evidence."""
    earlier, later, kind, measures = verdict
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
    start, kept = measures.run_start_a, min(measures.longest_run, RUN_TEXT)
    words = shingled.words.split(" ", start + kept)[start : start + kept]  # what comes after them is not taken apart
    return " ".join(words) + (" …" if measures.longest_run > RUN_TEXT else "")
