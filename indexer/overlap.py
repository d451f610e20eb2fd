"""Measure what two texts share, word by word; pure, and blind to what the measures are used for.

A token counts as shared when it stands in a 5-gram that both texts have. Coverage is counted in tokens, not in
grams: one word exchanged takes five grams away, but one token, so that an edited copy keeps its coverage and a
chance phrase does not gain any.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.shingles import GRAM, Hashes, Shingled, hash_grams

Mask = npt.NDArray[np.bool_]

# Months and days of the week stand for numbers: bulletins of one form differ in them as they do in their figures.
_CALENDAR_WORDS = """
january february march april may june july august september october november december
monday tuesday wednesday thursday friday saturday sunday
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
lundi mardi mercredi jeudi vendredi samedi dimanche
"""
_CALENDAR = frozenset(_CALENDAR_WORDS.split())
_NUMBER = "#"
_NUMBERS = re.compile(r"(?<!\w)\d\w*")
# Below this coverage of either side two texts are not of one form, and their numbers are not compared.
_FORM_COVERAGE = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What two texts share; ``a`` and ``b`` in the order in which they were given."""

    equal: bool
    coverage_a: float  # share of a's tokens that stand in 5-grams of b, 0 … 1; boilerplate counts on neither side
    coverage_b: float
    shared_tokens: int  # of the side with fewer of them
    longest_run: int  # tokens
    run_start_a: int  # token position of the longest run in a
    changed_numbers: int  # distinct numbers of both sides that the other lacks and that stand in the same words
    explained: float  # share of what differs that differs in numbers alone, 0 … 1
    exchanged: float  # share of the distinct numbers in equal words that are changed numbers, 0 … 1


def measure(a: Shingled, b: Shingled, *, ignored: Hashes | None = None) -> Measures:
    """Compare two texts; grams in ``ignored`` (boilerplate, ascending) count on neither side."""
    if a.text_hash == b.text_hash and (ignored is None or not len(ignored)):
        return _of_equal(a)
    counted_a, counted_b = _counted(a.grams, ignored), _counted(b.grams, ignored)
    in_a, in_b = isin(a.grams, b.unique), isin(b.grams, a.unique)
    shared_a, shared_b = in_a & counted_a, in_b & counted_b
    tokens_a, tokens_b = _tokens(shared_a), _tokens(shared_b)
    run, start = _longest_run(a.grams, b.grams, shared_a, shared_b)
    coverage_a, coverage_b = _share(tokens_a, _tokens(counted_a)), _share(tokens_b, _tokens(counted_b))
    of_one_form = max(coverage_a, coverage_b) >= _FORM_COVERAGE
    changed, explained, exchanged = _numbers(a, b, in_a, in_b) if of_one_form else (0, 0.0, 0.0)
    return Measures(
        equal=a.text_hash == b.text_hash,
        coverage_a=coverage_a,
        coverage_b=coverage_b,
        shared_tokens=min(tokens_a, tokens_b),
        longest_run=run,
        run_start_a=start,
        changed_numbers=changed,
        explained=explained,
        exchanged=exchanged,
    )


def _of_equal(text: Shingled) -> Measures:
    """Give the measures of a text beside itself, which need no comparison."""
    whole = len(text.tokens) if len(text.grams) else 0
    share = 1.0 if whole else 0.0
    return Measures(
        equal=True,
        coverage_a=share,
        coverage_b=share,
        shared_tokens=whole,
        longest_run=whole,
        run_start_a=0,
        changed_numbers=0,
        explained=0.0,
        exchanged=0.0,
    )


def shared_grams(a: Shingled, b: Shingled) -> int:
    """Count the distinct grams that both texts have: much cheaper than ``measure``."""
    fewer, more = sorted((a.unique, b.unique), key=len)
    return int(np.count_nonzero(isin(fewer, more)))


def isin(values: Hashes, ascending: Hashes) -> Mask:
    """Tell which values stand in an ascending array; faster than ``numpy.isin``, which sorts both again."""
    if not len(ascending):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.searchsorted(ascending, values)
    places[places == len(ascending)] = 0
    found: Mask = ascending[places] == values
    return found


def _counted(grams: Hashes, ignored: Hashes | None) -> Mask:
    if ignored is None or not len(ignored):
        return np.ones(len(grams), dtype=np.bool_)
    return ~isin(grams, ignored)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _covered(in_shared: Mask) -> Mask:
    """Mark the tokens that stand in marked grams."""
    if not len(in_shared):
        return np.zeros(0, dtype=np.bool_)
    covered = np.zeros(len(in_shared) + GRAM - 1, dtype=np.bool_)
    for offset in range(GRAM):
        covered[offset : offset + len(in_shared)] |= in_shared
    return covered


def _tokens(in_shared: Mask) -> int:
    return int(np.count_nonzero(_covered(in_shared)))


# -- numbers that were changed -----------------------------------------------------------------------------


def _numbers_of(tokens: tuple[str, ...]) -> frozenset[str]:
    return _CALENDAR.intersection(tokens).union(_NUMBERS.findall(" ".join(tokens)))


def _numbers(a: Shingled, b: Shingled, in_a: Mask, in_b: Mask) -> tuple[int, float, float]:
    """Count the numbers exchanged between equal words; give their shares of what differs and of all numbers there.

    With every number masked, a bulletin of the same form is covered almost wholly, an edited article no more than
    before. Only numbers that are exchanged on both sides count: one that was added changes no form.
    """
    numbers_a, numbers_b = _numbers_of(a.tokens), _numbers_of(b.tokens)
    only_a, only_b = numbers_a - numbers_b, numbers_b - numbers_a
    if not only_a or not only_b:
        return 0, 0.0, 0.0
    grams_a, grams_b = _masked(a.tokens, numbers_a), _masked(b.tokens, numbers_b)
    masked_a, masked_b = _covered(isin(grams_a, np.sort(grams_b))), _covered(isin(grams_b, np.sort(grams_a)))
    changed_a, changed_b = _standing(a.tokens, masked_a, only_a), _standing(b.tokens, masked_b, only_b)
    if not changed_a or not changed_b:
        return 0, 0.0, 0.0
    explained = max(_explained(masked_a, _covered(in_a)), _explained(masked_b, _covered(in_b)))
    changed = len(changed_a) + len(changed_b)
    kept = len(_standing(a.tokens, masked_a, numbers_a & numbers_b))
    return changed, explained, round(changed / (changed + 2 * kept), 4)


def _masked(tokens: tuple[str, ...], numbers: frozenset[str]) -> Hashes:
    return hash_grams(tuple(_NUMBER if token in numbers else token for token in tokens))


def _standing(tokens: tuple[str, ...], covered: Mask, wanted: frozenset[str]) -> set[str]:
    return {tokens[place] for place in np.flatnonzero(covered) if tokens[place] in wanted}


def _explained(masked: Mask, plain: Mask) -> float:
    missing = np.count_nonzero(~plain)
    return round(float(np.count_nonzero(masked & ~plain) / missing), 4) if missing else 0.0


# -- the longest run ---------------------------------------------------------------------------------------


def _longest_run(grams_a: Hashes, grams_b: Hashes, in_a: Mask, in_b: Mask) -> tuple[int, int]:
    """Longest run of tokens that both have, as (tokens, start in a)."""
    places_a, places_b = np.flatnonzero(in_a), np.flatnonzero(in_b)
    if not len(places_a) or not len(places_b):
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
