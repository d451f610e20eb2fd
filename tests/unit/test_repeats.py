"""What one source repeats, and what only looks like it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from indexer.repeats import LEAST, Pieces, repeated, stories
from indexer.shingles import GRAM, encode, sample, shingle

FOOTER = " ".join(f"footer{n}" for n in range(40))


def page(number: int, footer: str = FOOTER) -> str:
    """Give an article of its own words with the frame of its source."""
    return " ".join(f"w{number}x{n}" for n in range(60)) + " " + footer


def grams(texts: list[str]) -> dict[str, np.ndarray]:
    """Give the grams of each text under its place."""
    return {str(n): shingle(text).unique for n, text in enumerate(texts)}


def test_repeated_in_enough_stories() -> None:
    """What five stories have is found, and nothing of what four have."""
    texts = [page(n) for n in range(LEAST)]
    found = repeated(grams(texts), stories(map(str, range(LEAST)), []))
    np.testing.assert_array_equal(found, shingle(FOOTER).unique)
    assert not len(repeated(grams(texts[:-1]), stories(map(str, range(LEAST - 1)), [])))
    assert not len(repeated({}, {}))


def test_versions_of_one_story_count_once() -> None:
    """A story that is published in ten versions is no boilerplate, also where not all are compared with all."""
    texts = [page(1, f"{FOOTER} more{n}") for n in range(10)]
    chain = [(str(n), str(n + 1)) for n in range(9)]
    assert set(stories(map(str, range(10)), chain).values()) == {"0"}
    assert not len(repeated(grams(texts), stories(map(str, range(10)), chain)))


def test_versions_that_were_not_read_join_nothing() -> None:
    """A pair with an article that is not among those read is left aside."""
    assert stories(["a", "b"], [("a", "gone"), ("gone", "b")]) == {"a": "a", "b": "b"}


def test_pieces_are_shown_as_words() -> None:
    """Each repeated piece is a phrase with its length and the number of articles that have it."""
    pieces = Pieces(shingle(FOOTER).unique)
    for number in range(3):
        pieces.add(shingle(page(number)))
    pieces.add(shingle("nothing of it"))
    assert pieces.phrases == Counter({FOOTER: 3})
    assert pieces.lengths == {FOOTER: 40}


def test_what_many_sources_share_is_left_out() -> None:
    """The grams beside a sampled one that many sources have are dropped, the others stay."""
    text = page(1)
    listed = shingle(FOOTER).unique
    pieces = Pieces(listed)
    pieces.add(shingle(text))
    keywords = set(pieces.anchors.values())
    assert keywords <= set(encode(sample(shingle(text).grams)))
    assert len(pieces.anchors) == 40 - GRAM + 1
    np.testing.assert_array_equal(pieces.without(frozenset()), listed)
    assert not len(pieces.without(frozenset(keywords)))
    some = pieces.without(frozenset(sorted(keywords)[:1]))
    assert 0 < len(some) < len(listed)
