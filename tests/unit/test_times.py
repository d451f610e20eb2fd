"""Reading publication dates as far as they can be believed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import Precision
from indexer.times import published

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-09-01T08:30:00Z", "2026-09-01T08:30:00+00:00"),
        ("2026-09-01T08:30:00.123456+02:00", "2026-09-01T06:30:00+00:00"),
        ("2026-09-01 08:30:00 +0200", "2026-09-01T06:30:00+00:00"),
        ("Tue, 01 Sep 2026 08:30:00 GMT", "2026-09-01T08:30:00+00:00"),
        ("Tue, 01 Sep 2026 08:30:00 +0200", "2026-09-01T06:30:00+00:00"),
        ("Tue, 01 Sep 2026 08:30 EDT", "2026-09-01T12:30:00+00:00"),
        ("1 Sep 2026 08:30:00 -0000", "2026-09-01T08:30:00+00:00"),
        ("Seg, 24 Ago 2026 10:00:00 -0300", "2026-08-24T13:00:00+00:00"),
        ("mar., 01 sept. 2026 08:30:00 +0200", "2026-09-01T06:30:00+00:00"),
        ("dim., 01 févr. 2026 08:30:00 +0100", "2026-02-01T07:30:00+00:00"),
        ("mer, 01 juil. 2026 08:30:00 +0200", "2026-07-01T06:30:00+00:00"),
        ("lun, 01 juin 2026 08:30:00 +0200", "2026-06-01T06:30:00+00:00"),
        ("Di, 01 Dez 2025 08:30:00 +0100", "2025-12-01T07:30:00+00:00"),
        ("2026-09-11T11:00:00Z", "2026-09-11T11:00:00+00:00"),  # less than a day ahead: a clock or a zone
    ],
)
def test_dates_with_zones(raw: str, expected: str) -> None:
    """ISO 8601, RFC 822 and its localised forms give the moment, in UTC, without a doubt."""
    found = published(raw, now=NOW, origin="feed")
    assert found.at is not None
    assert found.at.isoformat() == expected
    assert (found.precision, found.problem, found.raw, found.origin) == (Precision.SECOND, None, raw, "feed")


@pytest.mark.parametrize("raw", ["2026-09-01T08:30:00", "Tue, 01 Sep 2026 08:30:00", "1 septembre 2026 08:30"])
def test_naive_dates_are_marked(raw: str) -> None:
    """A date without a zone is taken as UTC, and says so."""
    found = published(raw, now=NOW, origin="feed")
    assert found.at == datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    assert found.problem == "no zone"


@pytest.mark.parametrize("raw", ["2026-09-01", "1 Sep 2026", "1er septembre 2026", "1 de setembro de 2026"])
def test_days(raw: str) -> None:
    """A date without a time has the precision of a day."""
    found = published(raw, now=NOW, origin="feed")
    assert found.at == datetime(2026, 9, 1, tzinfo=UTC)
    assert (found.precision, found.problem) == (Precision.DAY, None)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (None, "absent"),
        ("", "absent"),
        (" \n", "absent"),
        ("soon", "unparsable"),
        ("2026-02-30", "unparsable"),
        ("2026-09-01T25:00:00Z", "unparsable"),
        ("32 Sep 2026", "unparsable"),
        ("0001-01-01T00:00:00Z", "too old"),
        ("Mon, 01 Jan 0001 00:00:00 +0000", "too old"),
        ("1970-01-01T00:00:00Z", "too old"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "too old"),
        ("2026-09-11T12:00:01Z", "future"),
        ("2999-01-01", "future"),
    ],
)
def test_impossible_dates_are_not_believed(raw: str | None, problem: str) -> None:
    """What is absent, unreadable, an unset clock or in the future gives no date, and says why."""
    found = published(raw, now=NOW, origin="feed")
    assert (found.at, found.problem) == (None, problem)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"\d{1,4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")))
def test_nothing_raises_and_nothing_is_invented(raw: object) -> None:
    """Whatever is given, there is a plausible date or a reason why there is none."""
    found = published(raw, now=NOW, origin="feed")
    assert (found.at is None) <= (found.problem is not None)
    assert found.at is None or found.at.tzinfo is UTC
