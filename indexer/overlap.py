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

from indexer.shingles import GRAM, Hashes, Once, Places, Shingled, hash_grams

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
    if ignored is not None and not len(ignored):
        ignored = None
    if a.text_hash == b.text_hash and ignored is None:
        return _of_equal(a)
    in_a, places = _found(a, b)
    in_b = _marked(places, len(b.grams)) if a.distinct and b.distinct else isin(b.grams, a.ascending)
    counted_a, counted_b = _counted(a, ignored), _counted(b, ignored)
    shared_a, shared_b = (in_a, in_b) if ignored is None else (in_a & counted_a, in_b & counted_b)
    tokens_a, tokens_b = _tokens(shared_a), _tokens(shared_b)
    if b.distinct:
        run, start = _longest_run_of_places(shared_a, places)
    else:
        run, start = _longest_run(a.grams, b.grams, shared_a, shared_b)
    whole_a, whole_b = (_whole(a), _whole(b)) if ignored is None else (_tokens(counted_a), _tokens(counted_b))
    coverage_a, coverage_b = _share(tokens_a, whole_a), _share(tokens_b, whole_b)
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
    whole = _whole(text)
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
    """Count the grams of the shorter text that both have, each once; much cheaper than ``measure``."""
    fewer, more = sorted((a, b), key=lambda each: each.length)
    return int(np.count_nonzero(isin(fewer.unique, more.ascending)))


def isin(values: Hashes, ascending: Hashes) -> Mask:
    """Tell which values stand in an ascending array; faster than ``numpy.isin``, which sorts both again."""
    if not len(ascending):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.searchsorted(ascending, values)
    places[places == len(ascending)] = 0
    found: Mask = ascending[places] == values
    return found


def _found(a: Shingled, b: Shingled) -> tuple[Mask, Places]:
    """Tell which grams of ``a`` the other has, and where it has each first; -1 where it lacks it."""
    if not len(b.grams):
        return np.zeros(len(a.grams), dtype=np.bool_), np.zeros(len(a.grams), dtype=np.int32)
    ranks = np.searchsorted(b.ascending, a.grams)
    ranks[ranks == len(b.ascending)] = 0
    found: Mask = b.ascending[ranks] == a.grams
    places: Places = b.order[ranks]
    places[~found] = -1
    return found, places


def _marked(places: Places, count: int) -> Mask:
    """Mark the places that are given, but for -1."""
    marks = np.zeros(count + 1, dtype=np.bool_)
    marks[places] = True
    return marks[:-1]


def _counted(text: Shingled, ignored: Hashes | None) -> Mask:
    if ignored is None:
        return np.ones(len(text.grams), dtype=np.bool_)
    return ~isin(text.grams, ignored)


def _whole(text: Shingled) -> int:
    """Count the tokens of a text that stand in grams: all, or none of a very short one."""
    return text.length if len(text.grams) else 0


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


@dataclass(frozen=True, slots=True)
class _Form:
    """A text as the form of a bulletin: its numbers, and its grams without them."""

    numbers: frozenset[str]
    places: Places  # of the numbers, in tokens
    at: tuple[str, ...]  # the numbers at these places
    grams: Hashes  # with every number masked
    ascending: Hashes


@Once
def _form(text: Shingled) -> _Form:
    tokens = text.tokens
    numbers = _CALENDAR.intersection(tokens).union(_NUMBERS.findall(text.words))
    places = [place for place, token in enumerate(tokens) if token in numbers]
    masked = list(tokens)
    for place in places:
        masked[place] = _NUMBER
    grams = hash_grams(masked) if places else text.grams
    return _Form(
        numbers=numbers,
        places=np.array(places, dtype=np.int32),
        at=tuple(tokens[place] for place in places),
        grams=grams,
        ascending=np.sort(grams) if places else text.ascending,
    )


def _numbers(a: Shingled, b: Shingled, in_a: Mask, in_b: Mask) -> tuple[int, float, float]:
    """Count the numbers exchanged between equal words; give their shares of what differs and of all numbers there.

    With every number masked, a bulletin of the same form is covered almost wholly, an edited article no more than
    before. Only numbers that are exchanged on both sides count: one that was added changes no form.
    """
    one, other = _form(a), _form(b)
    only_a, only_b = one.numbers - other.numbers, other.numbers - one.numbers
    if not only_a or not only_b:
        return 0, 0.0, 0.0
    masked_a, masked_b = _covered(isin(one.grams, other.ascending)), _covered(isin(other.grams, one.ascending))
    changed_a, changed_b = _standing(one, masked_a, only_a), _standing(other, masked_b, only_b)
    if not changed_a or not changed_b:
        return 0, 0.0, 0.0
    explained = max(_explained(masked_a, _covered(in_a)), _explained(masked_b, _covered(in_b)))
    changed = len(changed_a) + len(changed_b)
    kept = len(_standing(one, masked_a, one.numbers & other.numbers))
    return changed, explained, round(changed / (changed + 2 * kept), 4)


def _standing(form: _Form, covered: Mask, wanted: frozenset[str]) -> set[str]:
    return {number for number, stands in zip(form.at, covered[form.places].tolist(), strict=True) if stands} & wanted


def _explained(masked: Mask, plain: Mask) -> float:
    missing = np.count_nonzero(~plain)
    return round(float(np.count_nonzero(masked & ~plain) / missing), 4) if missing else 0.0


# -- the longest run ---------------------------------------------------------------------------------------


def _longest_run_of_places(in_a: Mask, places: Places) -> tuple[int, int]:
    """Give the longest run of tokens as (tokens, start in a), where no gram comes twice in b."""
    at = np.flatnonzero(in_a)
    if not len(at):
        return 0, 0
    diagonal = at - places[at]
    breaks = np.flatnonzero((np.diff(at) != 1) | (np.diff(diagonal) != 0)) + 1
    starts = np.concatenate(([0], breaks))
    lengths = np.diff(np.concatenate((starts, [len(at)])))
    best = int(lengths.argmax())  # of several the first in a
    return int(lengths[best]) + GRAM - 1, int(at[starts[best]])


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
