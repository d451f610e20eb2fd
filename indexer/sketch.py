"""Write down where the sampled grams of a text stand, and tell from that alone how much two texts can share; pure.

A run of tokens that two texts share has every gram in it that either samples, at equal distances. So the sampled grams
that both have, and their places, bound the length of each run: strangers that have a stock phrase or two in common
are told apart without their texts. Which bound makes a repost is not known here.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.shingles import GRAM, WINDOW, sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.shingles import Places, Shingled

# A run goes at most so far beyond the sampled grams that are shared in it: less than a window on either side, and
# the rest of the last gram.
BEYOND = 2 * (WINDOW - 1) + GRAM
# Texts in which one gram is sampled more often have no sketch: comparing two such would take the square of that.
REPEATED = 8
_TAG = np.dtype(">u2")  # the lower 16 bits of a gram: of two articles of 566 tokens one in 14 has one by chance
_BYTES = _TAG.itemsize + 1  # a sampled gram: its tag, and its distance from the one before, which no window exceeds

Bounds = npt.NDArray[np.int64]


class Shared(NamedTuple):
    """How much a text can share with each of others at most, in tokens; runs without a sampled gram aside.

    Such a run has less than 19 tokens.
    """

    run: Bounds  # the longest run
    tokens: Bounds  # all runs together


def sketch(text: Shingled) -> str | None:
    """Write the tags and distances of the sampled grams, as base64; None for a text that repeats itself a lot."""
    places = sampled(text)
    tags = (text.grams[places] & np.uint64(0xFFFF)).astype(_TAG)
    if len(tags) and np.bincount(tags).max() > REPEATED:
        return None
    distances = np.diff(places, prepend=0).astype(np.uint8)
    return base64.b64encode(tags.tobytes() + distances.tobytes()).decode("ascii")


def bounds(own: str, others: Sequence[str]) -> Shared:
    """Bound what the text of a sketch shares with those of others, one by one; the same whichever is ``own``."""
    tags, places = _read(own)
    by_tag = np.argsort(tags, kind="stable")
    ascending = tags[by_tag]
    read = [_read(each) for each in others]
    which = np.repeat(np.arange(len(others)), [len(each) for each, _ in read])
    other_tags = np.concatenate([each for each, _ in read]) if read else tags[:0]
    other_places = np.concatenate([each for _, each in read]) if read else places[:0]
    left = np.searchsorted(ascending, other_tags, side="left")
    counts = np.searchsorted(ascending, other_tags, side="right") - left
    # One line for every meeting of equal tags: whose it is, where it stands in ``own``, and how far the two are apart.
    offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    at = places[by_tag[np.repeat(left, counts) + offsets]]
    apart = at - np.repeat(other_places, counts)
    which = np.repeat(which, counts)
    order = np.lexsort((at, apart, which))
    at, apart, which = at[order], apart[order], which[order]
    run, total = np.zeros(len(others), dtype=np.int64), np.zeros(len(others), dtype=np.int64)
    if len(at):
        begins = np.flatnonzero(
            np.concatenate(([True], (np.diff(which) != 0) | (np.diff(apart) != 0) | (np.diff(at) > WINDOW)))
        )
        ends = np.concatenate((begins[1:], [len(at)])) - 1
        lengths = at[ends] - at[begins] + BEYOND
        np.maximum.at(run, which[begins], lengths)
        np.add.at(total, which[begins], lengths)
    return Shared(run, total)


def _read(written: str) -> tuple[npt.NDArray[np.uint16], Places]:
    raw = base64.b64decode(written)
    count = len(raw) // _BYTES
    tags = np.frombuffer(raw, dtype=_TAG, count=count).astype(np.uint16)
    distances = np.frombuffer(raw, dtype=np.uint8, offset=count * _TAG.itemsize)
    return tags, np.cumsum(distances, dtype=np.int32)
