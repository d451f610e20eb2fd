"""Keep many copies of one text a star around the earliest of them instead of a square; pure.

A text that more than ``CROWD`` articles have is compared once, as the earliest of these articles: each other one is
paired with that one alone. What is kept depends on the articles that there are, never on their order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CROWD = 100  # articles with one text that are still all paired with one another: 4,950 pairs


@dataclass(frozen=True, slots=True)
class Copy:
    """An article as far as its place among the copies of its text goes."""

    id: str
    text_hash: str
    effective: str  # sortable


def partners(subject: Copy, found: Iterable[Copy], *, crowd: int = CROWD) -> set[str]:
    """Give the ids of those among ``found`` with which ``subject`` is to be compared.

    ``found`` holds every article that may repeat the subject, and so either all of one text or none.
    """
    groups: dict[str, list[Copy]] = defaultdict(list)
    for each in found:
        groups[each.text_hash].append(each)
    own = [subject, *groups.pop(subject.text_hash, [])]
    if len(own) > crowd:
        first = _first(own)
        if first.id != subject.id:
            return {first.id}
    wanted = {each.id for each in own if each.id != subject.id}
    for group in groups.values():
        wanted |= {_first(group).id} if len(group) > crowd else {each.id for each in group}
    return wanted


def _first(group: list[Copy]) -> Copy:
    return min(group, key=lambda each: (each.effective, each.id))
