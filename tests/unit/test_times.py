"""Reading publication dates as far as they can be believed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models import Precision
from indexer.times import is_midnight, published

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
        ("Tue, 01 Sep 2026 08:30:00 EEST", "2026-09-01T05:30:00+00:00"),
        ("Tue,01 Sep 2026 08:30:00 GMT+2", "2026-09-01T06:30:00+00:00"),
        ("Tue, 01 Sep 2026 08:30:00 +0000 (UTC)", "2026-09-01T08:30:00+00:00"),
        ("Tue, 01 Sep 26 08:30:00 GMT", "2026-09-01T08:30:00+00:00"),
        ("2026-09-01T08:30:00-07:00[America/Los_Angeles]", "2026-09-01T15:30:00+00:00"),
        ("2026-09-01 08:30:00 PST", "2026-09-01T16:30:00+00:00"),
        ("September 1st, 2026 at 3:05 p.m. EST", "2026-09-01T20:05:00+00:00"),
        ("Sep 1, 2026 12:05 AM GMT", "2026-09-01T00:05:00+00:00"),
        ("Tue, 30 Jun 2026 23:59:60 GMT", "2026-06-30T23:59:59+00:00"),
        ("1756715400", "2025-09-01T08:30:00+00:00"),
        ("1756715400000", "2025-09-01T08:30:00+00:00"),
        ("2026-09-11T11:00:00Z", "2026-09-11T11:00:00+00:00"),  # less than a day ahead: a clock or a zone
    ],
)
def test_dates_with_zones(raw: str, expected: str) -> None:
    """ISO 8601, RFC 822 and its localised forms give the moment, in UTC, without a doubt."""
    found = published(raw, now=NOW, origin="feed")
    assert found.at is not None
    assert found.at.isoformat() == expected
    assert (found.precision, found.problem, found.raw, found.origin) == (Precision.SECOND, None, raw, "feed")


@pytest.mark.parametrize(
    "raw",
    [
        "2026-09-01T08:30:00",
        "Tue, 01 Sep 2026 08:30:00",
        "1 septembre 2026 08:30",
        "Dienstag, 1. September 2026 um 08:30 Uhr",
        "mardi 1er septembre 2026 à 8h30",
        "Tue Sep  1 08:30:00 2026",
        "2026/09/01 08:30",
        "Tue, 01 Sep 2026 08:30:00 XYZ",
    ],
)
def test_naive_dates_are_marked(raw: str) -> None:
    """A date without a zone is taken as UTC, and says so."""
    found = published(raw, now=NOW, origin="feed")
    assert found.at == datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
    assert found.problem == "no zone"


@pytest.mark.parametrize(
    "raw",
    [
        "2026-09-01",
        "2026-9-1",
        "20260901",
        "1 Sep 2026",
        "September 1, 2026",
        "1er septembre 2026",
        "1 de setembro de 2026",
        "Di, 1. Sep. 2026",
    ],
)
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
        ("01/09/2026", "unparsable"),  # the first of September, or the ninth of January
        ("September 2026", "unparsable"),
        ("2026-09", "unparsable"),
        ("2026", "unparsable"),
        ("202691", "unparsable"),
        ("Tue, 01 Sep 2026 08:30:00 +9900", "unparsable"),
        ("Tue, 01 Sep 2026 13:30 PM", "unparsable"),
        ("2026-09-01T08:30:00Z" + " " * 10 + "x" * 200, "unparsable"),
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


@pytest.mark.parametrize(
    ("raw", "midnight"),
    [
        ("Tue, 01 Sep 2026 00:00:00 GMT", True),
        ("2026-09-01T00:00:00.000+08:00", True),
        ("2026-09-01 00:00", True),
        ("Sep 1, 2026 12:00 AM", True),
        ("2026-09-01T00:00:01Z", False),
        ("2026-09-01T10:00:00+00:00", False),
        ("Tue, 01 Sep 2026 10:00:00 +0000", False),
        ("2026-09-01", False),
        (None, False),
    ],
)
def test_midnight(raw: str | None, *, midnight: bool) -> None:
    """Midnight is told from the hours, minutes and zones that look like it."""
    assert is_midnight(raw) is midnight
