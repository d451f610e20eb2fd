"""Many copies of one text: a square up to the limit, a star beyond it."""

from __future__ import annotations

from indexer.stars import Copy, partners

LIMIT = 4


def copies(text: str, count: int) -> list[Copy]:
    """Give so many articles with one text, the first the earliest."""
    return [Copy(f"{text}{n}", text, f"2026-09-01T12:{n:02d}:00.000Z") for n in range(count)]


def test_square_up_to_the_limit() -> None:
    """As long as the copies are few, each is compared with every other."""
    first, *rest = copies("a", LIMIT)
    assert partners(rest[-1], [first, *rest[:-1]], crowd=LIMIT) == {"a0", "a1", "a2"}


def test_star_beyond_the_limit() -> None:
    """One copy more, and each is compared with the earliest alone, and the earliest with all."""
    first, *rest = copies("a", LIMIT + 1)
    assert partners(rest[-1], [first, *rest[:-1]], crowd=LIMIT) == {"a0"}
    assert partners(first, rest, crowd=LIMIT) == {each.id for each in rest}


def test_crowd_of_another_text_is_met_once() -> None:
    """An article that resembles a text of many copies is compared with the earliest of them alone."""
    own = Copy("own", "b", "2026-09-02T00:00:00.000Z")
    few = copies("c", 2)
    assert partners(own, [*copies("a", LIMIT + 1), *few], crowd=LIMIT) == {"a0", "c0", "c1"}


def test_equal_dates_are_told_apart_by_id() -> None:
    """Of copies with one date the smallest id is the earliest, whoever asks."""
    many = [Copy(name, "a", "2026-09-01T12:00:00.000Z") for name in "edcba"]
    for each in many:
        others = [other for other in many if other is not each]
        expected = set("bcde") if each.id == "a" else {"a"}
        assert partners(each, others, crowd=LIMIT) == expected
