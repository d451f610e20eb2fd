"""Write down where the sampled grams of a text stand, and tell from that alone how much two texts can share; pure.

A run of tokens that two texts share has every gram in it that either samples, at equal distances. So the sampled grams
that both have, their places, and what stands beside them bound the length of each run: strangers that have a stock
phrase or two in common are told apart without their texts. Which bound makes a repost is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.shingles import GRAM, WINDOW, Once, sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.shingles import Places, Shingled

# A run goes at most so far beyond the sampled grams that are shared in it, on either side: less than a window; and not
# for a whole gram where the next grams that have no token in common with them are others.
FAR = WINDOW - 1
NEAR = GRAM - 1
# Of what is shared in runs with a sampled gram; the rest of a text that was changed everywhere stands in shorter ones.
UNSEEN = 1.5
# Texts in which one gram is sampled more often have no sketch: comparing two such would take the square of that.
REPEATED = 8
_LOWER = np.uint64(0xFFFF)  # of a gram: of two articles of 566 tokens one in 17 has a tag in common by chance
_BESIDE = np.uint64(16)  # the bits of the grams beside it, from here: four of the one before, four of the one after
_BYTES = 4  # a sampled gram: its tag, its distance from the one before, which no window exceeds, and those bits

Bounds = npt.NDArray[np.int64]


class Shared(NamedTuple):
    """How much a text can share with each of others, in tokens."""

    run: Bounds  # in the longest run at most; one without a sampled gram has less than 22
    tokens: Bounds  # in all runs together; ``UNSEEN`` times what those with a sampled gram have at most


@Once
def sketch(text: Shingled) -> bytes | None:
    """Write the sampled grams, one by one; None for a text that repeats itself a lot."""
    places = sampled(text)
    tags = (text.grams[places] & _LOWER).astype(np.uint16)
    if len(tags) and np.bincount(tags).max() > REPEATED:
        return None
    written = np.empty((len(places), _BYTES), dtype=np.uint8)
    written[:, 0] = tags >> 8
    written[:, 1] = tags & 0xFF
    written[:, 2] = np.diff(places, prepend=0)
    # Zeros where there is no such gram: so near to its end, a text has no further gram either.
    beside = np.zeros(len(text.grams) + 2 * GRAM, dtype=np.uint8)
    beside[GRAM : len(text.grams) + GRAM] = (text.grams >> _BESIDE) & np.uint64(0xF)
    written[:, 3] = beside[places] << 4 | beside[places + 2 * GRAM]
    return written.tobytes()


def bounds(own: bytes, others: Sequence[bytes]) -> Shared:
    """Bound what the text of a sketch shares with those of others, one by one; the same whichever is ``own``."""
    tags, places, beside, _ = _read([own])
    by_tag = np.argsort(tags, kind="stable")
    ascending = tags[by_tag]
    other_tags, other_places, other_beside, which = _read(others)
    left = np.searchsorted(ascending, other_tags, side="left")
    counts = np.searchsorted(ascending, other_tags, side="right") - left
    # One line for every meeting of equal tags: whose it is, where it stands in ``own``, how far the two are apart, and
    # in which bits of what stands beside them they differ.
    offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    met = by_tag[np.repeat(left, counts) + offsets]
    at = places[met]
    apart = at - np.repeat(other_places, counts)
    which = np.repeat(which, counts)
    differing = beside[met] ^ np.repeat(other_beside, counts)
    order = np.lexsort((at, apart, which))
    at, apart, which, differing = at[order], apart[order], which[order], differing[order]
    run, total = np.zeros(len(others), dtype=np.int64), np.zeros(len(others), dtype=np.int64)
    if len(at):
        begins = np.flatnonzero(
            np.concatenate(([True], (np.diff(which) != 0) | (np.diff(apart) != 0) | (np.diff(at) > WINDOW)))
        )
        ends = np.concatenate((begins[1:], [len(at)])) - 1
        before = np.where(differing[begins] & 0xF0, NEAR, FAR)
        after = np.where(differing[ends] & 0x0F, NEAR, FAR)
        lengths = before + at[ends] - at[begins] + GRAM + after
        np.maximum.at(run, which[begins], lengths)
        np.add.at(total, which[begins], lengths)
    return Shared(run, (total * UNSEEN).astype(np.int64))


def _read(written: Sequence[bytes]) -> tuple[npt.NDArray[np.uint16], Places, npt.NDArray[np.uint8], Places]:
    """Give of all sketches, one after the other: tags, places, what stands beside, and whose each gram is."""
    raw = np.frombuffer(b"".join(written), dtype=np.uint8).reshape(-1, _BYTES)
    counts = np.array([len(each) // _BYTES for each in written], dtype=np.int32)
    which = np.repeat(np.arange(len(written), dtype=np.int32), counts)
    tags = raw[:, 0].astype(np.uint16)
    tags <<= 8
    tags |= raw[:, 1]
    places = np.cumsum(raw[:, 2], dtype=np.int32)
    # The distances were summed up over all; each begins at the end of the one before.
    ends = np.cumsum(counts)
    begins = np.where(ends > counts, places[np.maximum(ends - counts - 1, 0)], 0) if len(places) else ends
    return tags, places - np.repeat(begins, counts), raw[:, 3], which
