from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.differences import Hunk, Words, hunks
from indexer.shingles import tokens


def shown(a: str, b: str, context: int = 3) -> list[str]:
    """Write hunks as text: what is equal as in a, what differs as [a|b]."""
    return [
        " ".join(" ".join(each.a) if each.same else f"[{' '.join(each.a)}|{' '.join(each.b)}]" for each in hunk)
        for hunk in hunks(Words(a), Words(b), context=context)
    ]


def test_words_are_shown_as_they_were_written() -> None:
    """Capitals and punctuation stay, a dropped, an added and a replaced word are found at their places."""
    a = "The Harbour was closed, on Tuesday. A ferry had lost her anchor at night near the quay"
    b = "The harbour was closed on Wednesday morning. A ferry had lost anchor at night near the old quay"
    assert shown(a, b, context=2) == [
        "closed, on [Tuesday.|Wednesday morning.] A ferry had lost [her|] anchor at",
        "near the [|old] quay",
    ]
    assert shown(a, b, context=1) == [
        "on [Tuesday.|Wednesday morning.] A",
        "lost [her|] anchor",
        "the [|old] quay",
    ]


def test_typography_is_no_difference() -> None:
    """Quotes, dashes, case, hyphens between words and spaces are equal, as they are for a verdict."""
    assert shown("He said “no” – twice,  in the well-known HALL", "he said 'no' twice in the well known hall") == []


def test_a_difference_within_a_word_is_the_whole_word() -> None:
    """Parts of a word are not shown apart from it, on either side."""
    assert shown("a well-known hall", "a well-so-known hall") == ["a [well-known|well-so-known] hall"]
    assert shown("a well-known hall", "a well built hall") == ["a [well-known|well built] hall"]
    assert shown("a well-known hall", "a well-built hall") == ["a [well-known|well-built] hall"]


def test_a_stray_word_in_common_is_no_common_ground() -> None:
    """One or two equal words between differences belong to them, unless a text begins or ends with them."""
    assert shown("so they sang a song and danced all night", "so they drank the wine and went home all night") == [
        "so they [sang a song and danced|drank the wine and went home] all night"
    ]


def test_differences_at_both_ends() -> None:
    """There is nothing before the first word and nothing after the last."""
    assert shown("one two three and four", "zero two three and five", context=2) == [
        "[one|zero] two three and [four|five]"
    ]
    assert shown("one two", "") == ["[one two|]"]
    assert shown("", "one") == ["[|one]"]
    assert shown("", "") == []


def test_a_run_of_tokens_is_given_as_it_was_written() -> None:
    """The words that hold a run of tokens are whole words."""
    words = Words("— The “Well-known” Hall, – again")
    assert words.tokens == ["the", "well", "known", "hall", "again"]
    assert words.text(0, 2) == "The “Well-known”"
    assert words.text(3, 9) == "Hall, – again"
    assert words.text(5, 1) == ""


TEXT = st.lists(st.sampled_from(["one", "Two", "a-b", "a", "b", "b-one", "—", "d’e", "漢字"]), max_size=12).map(
    " ".join
)


@given(TEXT, TEXT, st.integers(0, 4))
def test_exchanging_what_differs_gives_the_other_text(one: str, other: str, context: int) -> None:
    """Whatever the texts: with the words of b in place of those of a, a reads as b, word for word as tokens."""
    a, b = Words(one), Words(other)
    found = hunks(a, b, context=context)
    places = [segment for hunk in found for segment in hunk if not segment.same]
    rebuilt, end = [], 0
    for each in places:
        assert each.at_a >= end
        rebuilt += [*a.words[end : each.at_a], *each.b]
        end = each.at_a + len(each.a)
    rebuilt += a.words[end:]
    assert tokens(" ".join(rebuilt)) == tokens(other) == tuple(b.tokens)
    assert all(len(segment.a) <= 2 * context for hunk in found for segment in hunk if segment.same)
    assert found == [] or tokens(one) != tokens(other)


@given(TEXT, TEXT)
def test_both_directions_have_the_same_number_of_words(one: str, other: str) -> None:
    """What is equal within a hunk is equal as tokens."""

    def equal(hunk: Hunk) -> bool:
        return all(tokens(" ".join(each.a)) == tokens(" ".join(each.b)) for each in hunk if each.same)

    assert all(map(equal, hunks(Words(one), Words(other), context=99)))
