"""Other thresholds: which can be set, and what a sweep does with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.labelled import Labelled
from indexer.models import Kind, Precision
from indexer.reposts import RULES, Version, relate
from indexer.scores import Judged, binary
from indexer.shingles import shingle
from indexer.trial import Case, RulesError, Sweep, changed, evidence, half, sweep, thresholds, worst


def words(name: str, count: int) -> str:
    """Give ``count`` different words."""
    return " ".join(f"{name}{number}" for number in range(count))


def version(name: str, text: str, *, hours: float = 0) -> Version:
    """Make one side of a pair."""
    return Version(
        id=name,
        url=f"https://{name}.example/",
        title=name,
        source=f"{name}.example",
        effective=datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=hours),
        precision=Precision.SECOND,
        shingled=shingle(text),
    )


def case(line: int, one: str, other: str, label: Kind, verdict: Kind | None = None) -> Case:
    """Make a case of two texts; its verdict is what they give, unless another is said."""
    a, b = version("one", one), version("two", other, hours=1)
    pair = relate(a, b)
    return Case(
        labelled=Labelled(line=line, url_a=a.url, url_b=b.url, labels=frozenset({label})),
        judged=Judged(labels=frozenset({label}), verdict=verdict or pair.kind),
        pair=pair,
        a_first=True,
        stored=True,
        evidence=evidence(a, b, ignored=None),
    )


def swept(*cases: Case) -> Sweep:
    return sweep(cases, RULES)


def test_every_number_of_the_rules_is_a_threshold_but_the_version() -> None:
    """They are read from the rules, so one that is added can be set and swept at once."""
    names = thresholds(RULES)
    assert "version" not in names
    assert {"near_coverage", "passage_run"} <= names.keys()
    assert all(getattr(RULES, name) == value for name, value in names.items())


def test_thresholds_are_set_by_name() -> None:
    """A share and a whole number are read as what they are; the rest stays."""
    rules = changed(RULES, ["near_coverage=0.55", " passage_run = 70"])
    assert (rules.near_coverage, rules.passage_run) == (0.55, 70)
    assert isinstance(rules.passage_run, int)
    assert rules.partial_coverage == RULES.partial_coverage
    assert RULES.passage_run != 70


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("nearcoverage=1", "no threshold «nearcoverage».*near_coverage, "),
        ("version=2", "no threshold «version»"),
        ("=2", "no threshold «»"),
        ("near_coverage", "such as near_coverage=0"),
        ("near_coverage=", "cannot be «»"),
        ("near_coverage=much", "cannot be «much»"),
        ("near_coverage=nan", "cannot be «nan»"),
        ("near_coverage=inf", "cannot be «inf»"),
        ("near_coverage=-0.1", "cannot be «-0.1»"),
        ("passage_run=60.5", "whole number"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(setting: str, says: str) -> None:
    """An unknown name is answered with the known ones, a wrong value with what it may be."""
    with pytest.raises(RulesError, match=says):
        changed(RULES, [setting])


def test_a_sweep_moves_each_threshold_by_a_tenth_or_by_one() -> None:
    """Shares move by exactly a tenth, whole numbers by a rounded one and never by nothing."""
    moved = {each.name: each for each in swept().moved}
    assert moved.keys() == thresholds(RULES).keys()
    for name, value in thresholds(RULES).items():
        assert moved[name].lower < value < moved[name].higher, name
    assert (moved["near_coverage"].lower, moved["near_coverage"].higher) == pytest.approx(
        (RULES.near_coverage * 0.9, RULES.near_coverage * 1.1)
    )


def test_a_sweep_is_what_the_texts_would_give() -> None:
    """Judging from the evidence that was kept is judging the two texts anew under the moved threshold."""
    labelled = [
        *((f"{words('a', shared)} {words('b', 100 - shared)}", Kind.NEAR) for shared in range(20, 100, 4)),
        *((f"{words('a', shared)} {words('b', 300)}", Kind.PASSAGE) for shared in range(20, 100, 4)),
    ]
    cases = [case(line, words("a", 100), other, label) for line, (other, label) in enumerate(labelled)]
    done = swept(*cases)
    a = version("one", words("a", 100))
    for each in done.moved:
        for value, counts in ((each.lower, each.at_lower), (each.higher, each.at_higher)):
            rules = changed(RULES, [f"{each.name}={value:g}"])
            kinds = [relate(a, version("two", other, hours=1), rules=rules).kind for other, _ in labelled]
            again = [
                Judged(labels=frozenset({label}), verdict=kind)
                for kind, (_, label) in zip(kinds, labelled, strict=True)
            ]
            assert binary(again) == counts, each.name
    assert any(done.base not in (each.at_lower, each.at_higher) for each in done.moved)
    assert done.base == binary(each.judged for each in cases)


@given(st.integers(0, 60), st.integers())
def test_a_random_half_is_the_same_for_its_seed(size: int, seed: int) -> None:
    """Half of the cases, each at most once, and the same again."""
    cases = [case(line, "a", "b", label=Kind.UNRELATED) for line in range(size)]
    drawn = [each.labelled.line for each in half(cases, seed)]
    assert len(drawn) == len(set(drawn)) == size // 2
    assert drawn == [each.labelled.line for each in half(cases, seed)]


def test_the_worst_are_wrong_and_in_order() -> None:
    """What is right is not listed; equal faults come in the order of the file."""
    cases = [
        case(1, "a", "b", label=Kind.UNRELATED),
        case(2, "a", "b", label=Kind.RELATED),
        case(4, "a", "b", label=Kind.EXACT),
        case(3, "a", "b", label=Kind.EXACT),
    ]
    assert [each.labelled.line for each in worst(cases, 9)] == [3, 4, 2]
    assert [each.labelled.line for each in worst(cases, 1)] == [3]
