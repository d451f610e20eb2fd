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
_LOWER = np.uint64(0xFFFF)  # of a gram: of two articles of 566 tokens one in 17 has a tag in common by chance
_BYTES = (
    3  # a sampled gram: its tag, and its distance from the one before, which no window exceeds. No padding in base64
)

Bounds = npt.NDArray[np.int64]


class Shared(NamedTuple):
    """How much a text can share with each of others at most, in tokens; runs without a sampled gram aside.

    Such a run has less than 22 tokens.
    """

    run: Bounds  # the longest run
    tokens: Bounds  # all runs together


def sketch(text: Shingled) -> str | None:
    """Write the tags and distances of the sampled grams, as base64; None for a text that repeats itself a lot."""
    places = sampled(text)
    tags = (text.grams[places] & _LOWER).astype(np.uint16)
    if len(tags) and np.bincount(tags).max() > REPEATED:
        return None
    written = np.empty((len(places), _BYTES), dtype=np.uint8)
    written[:, 0] = tags >> 8
    written[:, 1] = tags & 0xFF
    written[:, 2] = np.diff(places, prepend=0)
    return base64.b64encode(written.tobytes()).decode("ascii")


def bounds(own: str, others: Sequence[str]) -> Shared:
    """Bound what the text of a sketch shares with those of others, one by one; the same whichever is ``own``."""
    tags, places, _ = _read([own])
    by_tag = np.argsort(tags, kind="stable")
    ascending = tags[by_tag]
    other_tags, other_places, which = _read(others)
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


def _read(written: Sequence[str]) -> tuple[npt.NDArray[np.uint16], Places, Places]:
    """Give the tags of all sketches, one after the other, their places, and whose each is."""
    raw = np.frombuffer(base64.b64decode("".join(written)), dtype=np.uint8).reshape(-1, _BYTES)
    counts = np.array([len(each) // 4 for each in written], dtype=np.int32)  # four characters are three bytes
    tags = raw[:, 0].astype(np.uint16)
    tags <<= 8
    tags |= raw[:, 1]
    places = np.cumsum(raw[:, 2], dtype=np.int32)
    # The distances were summed up over all; each begins at the end of the one before.
    ends = np.cumsum(counts)
    begins = np.where(ends > counts, places[np.maximum(ends - counts - 1, 0)], 0) if len(places) else ends
    return tags, places - np.repeat(begins, counts), np.repeat(np.arange(len(written), dtype=np.int32), counts)
