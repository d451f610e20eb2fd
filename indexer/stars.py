"""Keep many articles that are alike a star around the earliest of them instead of a square; pure.

Each article is paired with its earlier copies; one that has ``CROWD`` or more of them, with the earliest alone. So a
story that is taken over four hundred times has five thousand pairs and not eighty thousand, and what is kept depends
on the articles that there are, never on their order of arrival: the later side of a pair decides. So it is, apart from
the copies, with the bulletins of one form that a source publishes: the thousandth is not compared with each before it.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from indexer.shingles import ALL, GRAM, WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CROWD = 100  # earlier copies; so many are still all paired with one another, in 4,950 pairs
MANY = 10  # copies, from which on it is looked whether further ones came in meanwhile
COPY = 0.5  # of the sampled hashes of the shorter of two articles, that are shared: they are copies
FORM = 0.2  # the same within one source: of one form. What is less covered there is no passage either, but …
OWN_RUN = 7  # … where so many are shared in whatever length: a run of 60 tokens has 6 of them
OWN_LONG = 340  # tokens from which on a fifth of the sampled hashes is no less than OWN_RUN


class Likeness(Enum):
    """How much of two articles is alike, by sampled hashes alone. No verdict: it says which pairs are judged at all."""

    STRANGE = "strange"  # not judged: one source, and hardly more than its boilerplate
    LOOSE = "loose"
    FORM = "form"  # one source, and the form of a bulletin; judged in a star
    COPY = "copy"  # judged in a star

    def __init__(self, name: str) -> None:
        # Whether many such articles are kept a star; it is asked of every hit, so it is no property.
        self.in_star = name in {"form", "copy"}


class Like(NamedTuple):  # of which a bulletin has hundreds: made in a third of a dataclass's time
    """An article as far as its place among those that are like another goes."""

    id: str
    order: tuple[str, str]  # the total order of articles: effective date, as it sorts, and id
    likeness: Likeness


def likeness(shared: int, tokens: int, other_tokens: int, *, same_source: bool) -> Likeness:
    """Tell by the number of ``shared`` sampled hashes how much two articles are alike, whichever is asked about."""
    share = shared / max(min(_sampled(tokens), _sampled(other_tokens)), 1)
    if share >= COPY:
        return Likeness.COPY
    if not same_source:
        return Likeness.LOOSE
    if share >= FORM:
        return Likeness.FORM
    return Likeness.LOOSE if shared >= OWN_RUN else Likeness.STRANGE


def least_of_own(tokens: int) -> int:
    """Give how many hashes an article shares at least with one of ``OWN_LONG`` of its source that is not strange."""
    return math.ceil(min(OWN_RUN, FORM * _sampled(tokens)))


def _sampled(tokens: int) -> float:
    """Give about how many hashes of a text are sampled: all of a short one, else 2 of every window and one."""
    grams = max(tokens - GRAM + 1, 0)
    return grams if grams <= ALL else grams * 2 / (WINDOW + 1)


def kept(order: tuple[str, str], others: Iterable[Like], *, crowd: int = CROWD) -> set[str]:
    """Give those of the articles in its stars that an article of this ``order`` is paired with: earlier ones."""
    return set().union(*(_kept(earlier, crowd) for earlier in _earlier(order, others).values()))


def is_crowded(order: tuple[str, str], others: Iterable[Like], *, crowd: int = CROWD) -> bool:
    """Tell whether an article has so many earlier ones in one of its stars that it is not paired with all of them."""
    return any(len(earlier) >= crowd for earlier in _earlier(order, others).values())


def are_many(likenesses: Iterable[Likeness]) -> bool:
    """Tell whether so many of these are in stars that others may have come in while they were judged."""
    return sum(each.in_star for each in likenesses) >= MANY


def count_earlier(order: tuple[str, str], others: Iterable[Like]) -> int:
    """Count those before an article of this ``order``, in its stars or not."""
    return sum(each.order < order for each in others)


def _earlier(order: tuple[str, str], others: Iterable[Like]) -> dict[Likeness, list[Like]]:
    found: dict[Likeness, list[Like]] = {Likeness.COPY: [], Likeness.FORM: []}
    for each in others:
        if each.likeness.in_star and each.order < order:
            found[each.likeness].append(each)
    return found


def _kept(earlier: Sequence[Like], crowd: int) -> set[str]:
    if len(earlier) >= crowd:
        return {min(earlier, key=lambda each: each.order).id}
    return {each.id for each in earlier}
