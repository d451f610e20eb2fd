"""Find what one source repeats from story to story; pure.

A gram is boilerplate of a source when ``LEAST`` of its stories have it. Versions of one story count once: what a
source writes again and again in the course of a day is its news, not its frame.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from indexer.overlap import isin
from indexer.shingles import GRAM, Hashes, encode, sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from indexer.shingles import Shingled

LEAST = 5  # stories of one source
PHRASE = 40  # words of a repeated piece that are kept to be looked at


def stories(ids: Iterable[str], versions: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name the story of each article: articles that are versions of one another, directly or not, share one."""
    parent = {identity: identity for identity in ids}

    def root(identity: str) -> str:
        while parent[identity] != identity:
            parent[identity] = parent[parent[identity]]
            identity = parent[identity]
        return identity

    for one, other in versions:
        if one in parent and other in parent:
            first, second = sorted((root(one), root(other)))
            parent[second] = first
    return {identity: root(identity) for identity in parent}


def repeated(grams: Mapping[str, Hashes], story_of: Mapping[str, str], *, least: int = LEAST) -> Hashes:
    """Give the grams that at least ``least`` stories have, ascending; ``grams`` are those of each article."""
    by_story: dict[str, list[Hashes]] = {}
    for identity, found in grams.items():
        by_story.setdefault(story_of[identity], []).append(found)
    if not by_story:
        return np.empty(0, dtype=np.uint64)
    once = [np.unique(np.concatenate(each)) for each in by_story.values()]
    every, counts = np.unique(np.concatenate(once), return_counts=True)
    return every[counts >= least]


@dataclass(slots=True)
class Pieces:
    """The repeated pieces of a source's articles, as words to look at and as sampled hashes to search for."""

    hashes: Hashes
    phrases: Counter[str] = field(default_factory=Counter)  # by the number of articles that have it
    lengths: dict[str, int] = field(default_factory=dict)  # tokens of the whole piece
    anchors: dict[int, str] = field(default_factory=dict)  # gram → keyword of the sampled gram next to it

    def add(self, article: Shingled) -> None:
        """Note the repeated pieces of one article."""
        listed = isin(article.grams, self.hashes)
        if not listed.any():
            return
        sampled = listed & isin(article.grams, sample(article.grams))
        edges = np.flatnonzero(np.diff(np.concatenate(([False], listed, [False])).astype(np.int8)))
        met = set()
        for start, end in edges.reshape(-1, 2).tolist():
            words = article.tokens[start : end + GRAM - 1]
            phrase = " ".join(words[:PHRASE]) + (" …" if len(words) > PHRASE else "")
            met.add(phrase)
            self.lengths[phrase] = len(words)
            places = start + np.flatnonzero(sampled[start:end])
            if len(places):
                self._anchor(article.grams, start, end, places)
        self.phrases.update(met)

    def _anchor(self, grams: Hashes, start: int, end: int, places: np.ndarray) -> None:
        keywords = encode(grams[places])
        for place in range(start, end):
            nearest = int(np.abs(places - place).argmin())
            self.anchors.setdefault(int(grams[place]), keywords[nearest])

    def without(self, shared: frozenset[str]) -> Hashes:
        """Give the hashes but for those that stand beside a sampled gram which many sources have."""
        dropped = {gram for gram, keyword in self.anchors.items() if keyword in shared}
        return self.hashes[[gram not in dropped for gram in self.hashes.tolist()]] if dropped else self.hashes
