"""The verdicts: each kind, and what they must not depend on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import Kind, Pair, Precision
from indexer.overlap import measure
from indexer.reposts import Version, order_certain, pair_id, relate
from indexer.shingles import shingle

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


def words(name: str, count: int, *, start: int = 0) -> str:
    """Give ``count`` different words, none of which begins with a digit."""
    return " ".join(f"{name}{number}" for number in range(start, start + count))


def edited(text: str, every: int) -> str:
    """Exchange every so-manieth word."""
    return " ".join(word if n % every else f"new{n}" for n, word in enumerate(text.split(), start=1))


def bulletin(plus: int) -> str:
    """Give a table of figures in words that stay the same."""
    return " ".join(f"the rate of bond w{n} is now at level {n + plus} today" for n in range(20))


def version(identity: str, text: str, *, hours: float = 0, source: str = "") -> Version:
    """Make one side of a pair."""
    return Version(
        id=identity,
        url=f"https://{identity}.example/",
        title=identity,
        source=source or f"{identity}.example",
        effective=AT + timedelta(hours=hours),
        precision=Precision.SECOND,
        shingled=shingle(text),
    )


def judged(one: str, other: str) -> Pair:
    """Relate two texts, of which the first is an hour older."""
    return relate(version("one", one), version("two", other, hours=1))


TABLE = [
    ("exact", words("a", 100), words("a", 100), Kind.EXACT),
    ("exact but for case and quotes", "“Quiet” harbour", "QUIET 'harbour'", Kind.EXACT),
    ("exact with other numbers of spaces", words("a", 9), words("a", 9).replace(" ", "\n\n"), Kind.EXACT),
    ("near: a tail of another source", words("a", 100), f"{words('a', 100)} {words('b', 20)}", Kind.NEAR),
    ("near: one word exchanged", words("a", 100), words("a", 100).replace("a50", "other"), Kind.NEAR),
    ("partial: a part of a longer one", words("a", 60), f"{words('b', 100)} {words('a', 60)}", Kind.PARTIAL),
    ("partial: half of one source's text", words("a", 100), f"{words('b', 400)} {words('a', 56)}", Kind.PARTIAL),
    ("near: every seventh word exchanged", words("a", 100), edited(words("a", 100), 7), Kind.NEAR),
    (
        "near: one number corrected",
        f"{words('a', 50)} 12 {words('b', 50)}",
        f"{words('a', 50)} 13 {words('b', 50)}",
        "near",
    ),
    ("related: too short for a repost", words("a", 47), f"{words('a', 46)} b", Kind.RELATED),
    ("passage: a long run", f"{words('a', 70)} {words('b', 300)}", f"{words('a', 70)} {words('c', 300)}", Kind.PASSAGE),
    ("passage: a third", f"{words('a', 52)} {words('b', 90)}", f"{words('a', 52)} {words('c', 90)}", Kind.PASSAGE),
    (
        "passage: a long run in a template",
        f"{words('a', 70)} {bulletin(0)}",
        f"{words('a', 70)} {bulletin(900)}",
        Kind.PASSAGE,
    ),
    ("related: a run too short", f"{words('a', 40)} {words('b', 300)}", f"{words('a', 40)} {words('c', 300)}", "rel"),
    (
        "related: a template with other numbers",
        bulletin(0),
        bulletin(900),
        Kind.RELATED,
    ),
    ("unrelated", words("a", 100), words("b", 100), Kind.UNRELATED),
    ("unrelated: nothing on either side", "", "", Kind.UNRELATED),
    ("unrelated: four words shared", words("a", 4) + " x", words("a", 4) + " y", Kind.UNRELATED),
]


@pytest.mark.parametrize(("one", "other", "kind"), [each[1:] for each in TABLE], ids=[each[0] for each in TABLE])
def test_kinds(one: str, other: str, kind: Kind | str) -> None:
    """Every kind is recognised, whichever text is the earlier."""
    expected = Kind({"rel": "related"}.get(kind, kind))
    assert judged(one, other).kind is expected
    assert judged(other, one).kind is expected


@given(st.lists(st.sampled_from("abcdefgh"), max_size=80), st.lists(st.sampled_from("abcdefgh"), max_size=80))
def test_verdict_is_symmetric(one: list[str], other: list[str]) -> None:
    """Which article is given first changes nothing, not even where words repeat."""
    a, b = version("one", " ".join(one)), version("two", " ".join(other), hours=1)
    assert relate(a, b) == relate(b, a)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.lists(st.sampled_from("abcdefgh"), max_size=60))
def test_longest_run_is_the_longest(one: list[str], other: list[str]) -> None:
    """The longest run is that of a comparison word by word, and stands where it is said to."""
    measures = measure(shingle(" ".join(one)), shingle(" ".join(other)))
    best = 0
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, word in enumerate(one):
        for j, candidate in enumerate(other):
            if word == candidate:
                lengths[i + 1][j + 1] = lengths[i][j] + 1
                best = max(best, lengths[i + 1][j + 1])
    assert measures.longest_run == (best if best >= 5 else 0)
    run = one[measures.run_start_a : measures.run_start_a + measures.longest_run]
    assert any(other[j : j + len(run)] == run for j in range(len(other) + 1))


def test_earlier_is_by_date_then_id() -> None:
    """The older article is the earlier one; of equal dates the smaller id."""
    text = words("a", 50)
    assert relate(version("one", text, hours=1), version("two", text)).earlier == "two"
    assert relate(version("two", text), version("one", text)).earlier == "one"


def test_order_is_certain_only_where_dates_tell() -> None:
    """Equal dates, and days of which the time is not known, leave the order uncertain."""
    one, same, later = version("a", ""), version("b", ""), version("c", "", hours=1)
    day = replace(one, precision=Precision.DAY)
    assert not order_certain(one, same)
    assert order_certain(one, later)
    assert not order_certain(day, later)
    assert order_certain(day, version("d", "", hours=24))


def test_evidence_of_a_pair() -> None:
    """A pair keeps coverage both ways, shared words, the longest run with its words, and the lag."""
    found = judged(words("a", 70), f"{words('b', 100)} {words('a', 70)}")
    assert (found.coverage_earlier, found.coverage_later) == (1.0, round(70 / 170, 4))
    assert (found.shared_tokens, found.longest_run, found.lag_seconds) == (70, 70, 3600)
    assert found.longest_run_text == words("a", 60) + " …"
    assert (found.earlier_url, found.later_title, found.rules) == ("https://one.example/", "two", 2)


@pytest.mark.parametrize(
    ("tail", "source", "update"),
    [(" more", "one.example", True), ("", "one.example", False), (" more", "", False)],
)
def test_update_is_the_same_source_in_changed_form(tail: str, source: str, *, update: bool) -> None:
    """Only a source that changes its own article publishes an update."""
    text = words("a", 80)
    found = relate(version("one", text), version("two", text + tail, hours=1, source=source))
    assert found.update is update


def test_one_source_repeats_its_background() -> None:
    """What makes a repost of another source's article is only a passage within one source, up to four fifths."""
    one, other = words("a", 100), f"{words('b', 400)} {words('a', 70)}"
    assert relate(version("one", one), version("two", other, hours=1)).kind is Kind.PARTIAL
    assert relate(version("one", one), version("two", other, hours=1, source="one.example")).kind is Kind.PASSAGE
    most = f"{words('b', 400)} {words('a', 90)}"
    assert relate(version("one", one), version("two", most, hours=1, source="one.example")).kind is Kind.PARTIAL


def test_changed_numbers_are_told_from_edits() -> None:
    """Numbers exchanged between the same words explain the difference; a number that was added does not."""
    changed = measure(shingle(bulletin(0)), shingle(bulletin(900)))
    assert (changed.changed_numbers, changed.explained) == (40, 1.0)
    added = measure(shingle(f"{words('a', 60)}"), shingle(f"{words('a', 30)} 17 {words('a', 30, start=30)}"))
    assert (added.changed_numbers, added.explained) == (0, 0.0)
    months = measure(shingle(bulletin(0) + " in march"), shingle(bulletin(0) + " in april"))
    assert months.changed_numbers == 2


def test_forms_of_one_source_are_related() -> None:
    """A bulletin in which most numbers and some names are others is no repost, however long its small print."""
    small_print = words("print", 120)
    facts = "product {name} {number}.0 fails on {host} hosts and {other} sites of region {name} since day {day} {end}"
    weeks = [
        facts.format(name="fregata", number=5, host=312, other=17, day=7, end=words("x", 12)) + " " + small_print,
        facts.format(name="ormeau", number=11, host=87, other=23, day=14, end=words("x", 12)) + " " + small_print,
    ]
    of_one = relate(version("a", weeks[0]), version("b", weeks[1], hours=1, source="a.example"))
    assert of_one.kind is Kind.NEAR  # six sevenths in one run: an article with new figures
    halves = [f"{week} {words('y', 60)} seen {number} times" for number, week in enumerate(weeks, start=40)]
    broken = [half.replace(small_print, small_print.replace("print60 ", f"{n} ")) for n, half in enumerate(halves)]
    assert relate(version("a", broken[0]), version("b", broken[1], hours=1, source="a.example")).kind is Kind.RELATED
    assert relate(version("a", broken[0]), version("b", broken[1], hours=1)).kind is Kind.PASSAGE


def test_boilerplate_does_not_count() -> None:
    """Grams that are ignored count on neither side."""
    footer = words("footer", 80)
    one, other = shingle(f"{words('a', 50)} {footer}"), shingle(f"{words('b', 50)} {footer}")
    assert measure(one, other).longest_run == 80
    measures = measure(one, other, ignored=shingle(footer).unique)
    assert (measures.longest_run, measures.shared_tokens, measures.coverage_a) == (0, 0, 0.0)
    nothing = np.empty(0, dtype=np.uint64)
    assert measure(one, other, ignored=nothing) == measure(one, other)


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60))
def test_equal_texts_need_no_comparison(text: list[str]) -> None:
    """What is said of a text beside itself is what comparing it word by word says."""
    one = shingle(" ".join(text))
    assert measure(one, one) == measure(one, one, ignored=np.array([1], dtype=np.uint64))


def test_pair_id_is_blind_to_order() -> None:
    """A pair has one name, and two pairs have two."""
    assert pair_id("a", "b") == pair_id("b", "a") != pair_id("a", "c")


def test_text_that_repeats_itself_is_measured() -> None:
    """One word 2,000 times over is compared: every gram of one side meets every one of the other."""
    measures = measure(shingle("ha " * 2_000), shingle("ha " * 1_500))
    assert (measures.coverage_a, measures.longest_run) == (1.0, 1_500)
