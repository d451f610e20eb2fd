"""What two sketches say of two texts."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.overlap import measure
from indexer.reposts import RULES, could_repeat
from indexer.shingles import ALL, GRAM, WINDOW, hash_grams, sample, sampled_places, shingle
from indexer.sketch import FAR, NEAR, UNSEEN, bounds, sketch

UNSAMPLED = WINDOW - 1 + GRAM - 1  # tokens: the longest run in which nothing need be sampled


def words(seed: int, count: int, among: int = 5_000) -> list[str]:
    """Make up a text."""
    made = random.Random(seed)  # noqa: S311 texts of a test
    return [f"w{made.randrange(among)}" for _ in range(count)]


def bound(one: str, other: str) -> tuple[int, int]:
    """Bound what two texts share: the longest run, and all."""
    own, others = sketch(shingle(one)), sketch(shingle(other))
    assert own is not None
    assert others is not None
    found = bounds(own, [others])
    return int(found.run[0]), int(found.tokens[0])


@settings(max_examples=150)
@given(
    runs=st.lists(st.integers(UNSAMPLED + 1, 150), min_size=1, max_size=6),
    between=st.integers(0, 120),
    around=st.integers(0, 400),
    seed=st.integers(0, 2**32),
)
def test_no_run_is_longer_than_its_bound(runs: list[int], between: int, around: int, seed: int) -> None:
    """Whatever two texts share in runs of 22 words and more is within both bounds."""
    one, other = words(seed, around), words(seed + 1, around)
    for number, length in enumerate(runs):
        run = words(seed + 2 + number, length)
        one += [*run, *words(seed + 100 + number, between)]
        other += [*words(seed + 200 + number, between), *run]
    a, b = " ".join(one), " ".join(other)
    measured = measure(shingle(a), shingle(b))
    run_bound, all_bound = bound(a, b)
    assert run_bound >= measured.longest_run
    assert all_bound >= sum(runs)
    assert bound(b, a) == (run_bound, all_bound)


def test_one_phrase_in_common_cannot_be_a_passage() -> None:
    """Of long texts with one phrase of 24 words in common it is known that they have no passage of 60."""
    phrase = words(1, 24)
    one, other = [*words(2, 300), *phrase, *words(3, 300)], [*words(4, 200), *phrase, *words(5, 400)]
    run, shared = bound(" ".join(one), " ".join(other))
    assert 24 <= run <= 24 + 2 * NEAR
    assert shared <= UNSEEN * run
    assert not could_repeat(run=run, shared=shared, fewer=624)


def test_of_short_phrases_it_is_seen_that_they_end() -> None:
    """Three stock phrases of eight words each, whole windows apart, could not be the half of a text of 120 words."""
    phrases = [words(seed, 8) for seed in (20, 21, 22)]
    one, other = list[str](), list[str]()
    for number, phrase in enumerate(phrases):
        one += [*words(30 + number, 32), *phrase]
        other += [*phrase, *words(40 + number, 32)]
    run, shared = bound(" ".join(one), " ".join(other))
    assert run < 24
    assert shared < RULES.near_coverage * 120


def test_strangers_share_next_to_nothing() -> None:
    """Of a hundred long strangers, most have no sampled gram in common by their tags, and few more than one."""
    own = sketch(shingle(" ".join(words(6, 600))))
    assert own is not None
    others = [sketch(shingle(" ".join(words(seed, 600, among=10**6)))) for seed in range(10, 110)]
    found = bounds(own, [each for each in others if each])
    assert (found.run == 0).sum() > 80
    assert (found.tokens <= UNSEEN * (GRAM + 2 * FAR)).sum() > 95


def test_a_copy_is_bound_by_more_than_its_length() -> None:
    """Of equal texts everything can be shared."""
    text = " ".join(words(7, 500))
    run, shared = bound(text, text)
    assert run >= 500
    assert shared >= 500
    assert could_repeat(run=run, shared=shared, fewer=500)


def test_a_text_that_repeats_itself_has_no_sketch() -> None:
    """One phrase over and over would meet itself a million times; it is not written down."""
    assert sketch(shingle("over and over again it says so and then " * 2_000)) is None


def test_an_empty_text_has_an_empty_sketch() -> None:
    """A text without grams shares nothing, whatever it is held against, and against nobody too."""
    empty, text = sketch(shingle("too few words")), sketch(shingle(" ".join(words(8, 50))))
    assert empty == b""
    assert text is not None
    assert bounds(empty, [text, empty]).tokens.tolist() == [0, 0]
    assert bounds(text, []).run.tolist() == []


def test_sampled_places_are_those_of_the_signature() -> None:
    """The sketch tells of the grams under which an article is found, and no window is without one."""
    grams = hash_grams(words(9, 3_000, among=300))
    places = sampled_places(grams)
    assert set(grams[places].tolist()) == set(sample(grams).tolist())
    assert max(places[1:] - places[:-1]) <= WINDOW
    assert len(sampled_places(grams[:ALL])) == ALL


def test_could_repeat_follows_the_rules() -> None:
    """A run of 60 words, or 48 words and three tenths of the shorter text, could be a passage; less could not."""
    assert could_repeat(run=60, shared=60, fewer=900)
    assert could_repeat(run=40, shared=48, fewer=100)
    assert not could_repeat(run=40, shared=47, fewer=100)
    assert could_repeat(run=40, shared=270, fewer=900)
    assert not could_repeat(run=40, shared=269, fewer=900)
