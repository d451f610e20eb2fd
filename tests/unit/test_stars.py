"""Many copies of one text: a square up to the limit, a star beyond it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.stars import Like, Likeness, is_crowded, kept, likeness

LIMIT = 4


def copies(count: int, likeness: Likeness = Likeness.COPY) -> list[Like]:
    """Give so many copies, the first the earliest."""
    return [Like(f"a{n}", (f"2026-09-01T12:{n:02d}:00.000Z", f"a{n}"), likeness) for n in range(count)]


def test_square_up_to_the_limit() -> None:
    """As long as its earlier copies are few, an article is paired with each of them, and with no later one."""
    many = copies(9)
    assert kept(many[3].order, [each for each in many if each is not many[3]], crowd=LIMIT) == {"a0", "a1", "a2"}
    assert kept(many[0].order, many[1:], crowd=LIMIT) == set()


def test_star_beyond_the_limit() -> None:
    """One that has too many earlier copies is paired with the earliest alone."""
    many = copies(9)
    assert kept(many[4].order, many, crowd=LIMIT) == {"a0"}
    assert kept(many[8].order, many, crowd=LIMIT) == {"a0"}


def test_equal_dates_are_told_apart_by_id() -> None:
    """Of copies with one date the smallest id is the earliest."""
    many = [Like(name, ("2026-09-01T12:00:00.000Z", name), Likeness.COPY) for name in "edcba"]
    assert kept(many[0].order, many, crowd=LIMIT) == {"a"}
    assert kept(many[2].order, many, crowd=LIMIT) == {"a", "b"}


def test_copies_and_bulletins_are_stars_of_their_own() -> None:
    """Many bulletins of one form do not push the earlier copies of one of them out of its star."""
    bulletins, (copy, corrected) = copies(8, Likeness.FORM), copies(10)[8:]
    others = [*bulletins, copy]
    assert kept(corrected.order, others, crowd=LIMIT) == {"a0", "a8"}
    assert is_crowded(corrected.order, others, crowd=LIMIT)
    assert not is_crowded(bulletins[3].order, others, crowd=LIMIT)


def test_loose_likenesses_are_in_no_star() -> None:
    """What is merely similar is never left out, and never kept, for the sake of a star."""
    loose = copies(9, Likeness.LOOSE)
    assert kept(("b", "b"), loose, crowd=LIMIT) == set()
    assert not is_crowded(("b", "b"), loose, crowd=LIMIT)


@given(st.integers(0, 200), st.integers(0, 3000), st.integers(0, 3000), st.booleans())
def test_likeness_is_mutual(shared: int, one: int, other: int, same: bool) -> None:  # noqa: FBT001 hypothesis gives it
    """How much two articles are alike does not depend on which is asked about."""
    assert likeness(shared, one, other, same_source=same) is likeness(shared, other, one, same_source=same)


def test_copies_share_half_of_the_shorter() -> None:
    """Half of what is sampled of the shorter text makes copies, whoever published them; less does not."""
    assert likeness(28, 60, 2_000, same_source=False) is Likeness.COPY
    assert likeness(27, 60, 2_000, same_source=False) is Likeness.LOOSE
    assert likeness(27, 504, 504, same_source=True) is Likeness.COPY  # 500 grams, of which about 53 are sampled
    assert likeness(26, 504, 504, same_source=True) is Likeness.FORM


def test_one_source_repeats_itself() -> None:
    """Within one source a fifth is the form of a bulletin; less is its boilerplate, unless much is shared."""
    assert likeness(11, 504, 504, same_source=True) is Likeness.FORM
    assert likeness(10, 504, 504, same_source=True) is Likeness.LOOSE
    assert likeness(6, 504, 504, same_source=True) is Likeness.STRANGE
    assert likeness(6, 504, 504, same_source=False) is Likeness.LOOSE
