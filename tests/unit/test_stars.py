"""Many copies of one text: a square up to the limit, a star beyond it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.stars import Copy, is_copy, kept

LIMIT = 4


def copies(count: int) -> list[Copy]:
    """Give so many copies, the first the earliest."""
    return [Copy(f"a{n}", f"2026-09-01T12:{n:02d}:00.000Z") for n in range(count)]


def test_square_up_to_the_limit() -> None:
    """As long as its earlier copies are few, an article is paired with each of them, and with no later one."""
    many = copies(9)
    assert kept(many[3], [each for each in many if each is not many[3]], crowd=LIMIT) == {"a0", "a1", "a2"}
    assert kept(many[0], many[1:], crowd=LIMIT) == set()


def test_star_beyond_the_limit() -> None:
    """One that has too many earlier copies is paired with the earliest alone."""
    many = copies(9)
    assert kept(many[4], many, crowd=LIMIT) == {"a0"}
    assert kept(many[8], many, crowd=LIMIT) == {"a0"}


def test_equal_dates_are_told_apart_by_id() -> None:
    """Of copies with one date the smallest id is the earliest."""
    many = [Copy(name, "2026-09-01T12:00:00.000Z") for name in "edcba"]
    assert kept(many[0], many, crowd=LIMIT) == {"a"}
    assert kept(many[2], many, crowd=LIMIT) == {"a", "b"}


@given(st.integers(0, 200), st.integers(0, 3000), st.integers(0, 3000))
def test_copies_are_copies_of_each_other(shared: int, one: int, other: int) -> None:
    """Whether two articles are copies does not depend on which is asked about."""
    assert is_copy(shared, one, other) is is_copy(shared, other, one)


def test_copies_share_half_of_the_shorter() -> None:
    """Half of what is sampled of the shorter text makes copies; less does not."""
    assert is_copy(28, 60, 2_000)
    assert not is_copy(27, 60, 2_000)
    assert is_copy(32, 504, 504)  # 500 grams, of which about 62 are sampled
    assert not is_copy(31, 504, 504)
