"""Keep many copies of one text a star around the earliest of them instead of a square; pure.

Each article is paired with its earlier copies; one that has ``CROWD`` or more of them, with the earliest alone. So a
story that is taken over four hundred times has five thousand pairs and not eighty thousand, and what is kept depends
on the articles that there are, never on their order of arrival: the later side of a pair decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.shingles import ALL, GRAM, WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable

CROWD = 100  # earlier copies; so many are still all paired with one another, in 4,950 pairs


@dataclass(frozen=True, slots=True)
class Copy:
    """An article as far as its place among the copies of a text goes."""

    id: str
    effective: str  # sortable

    @property
    def order(self) -> tuple[str, str]:
        """The total order of articles."""
        return self.effective, self.id


def is_copy(shared: int, tokens: int, other_tokens: int) -> bool:
    """Tell by sampled hashes alone whether two articles are copies: half of those of the shorter one are shared.

    The same whichever article is asked about, and no verdict: it only decides which pairs a star leaves out.
    """
    return 2 * shared >= min(_sampled(tokens), _sampled(other_tokens))


def _sampled(tokens: int) -> float:
    """Give about how many hashes of a text are sampled: all of a short one, else 2 of every window and one."""
    grams = max(tokens - GRAM + 1, 0)
    return grams if grams <= ALL else grams * 2 / (WINDOW + 1)


def kept(subject: Copy, copies: Iterable[Copy], *, crowd: int = CROWD) -> set[str]:
    """Give the ids of the earlier ones among its ``copies`` with which an article is paired."""
    earlier = [each for each in copies if each.order < subject.order]
    if len(earlier) >= crowd:
        return {min(earlier, key=lambda each: each.order).id}
    return {each.id for each in earlier}
