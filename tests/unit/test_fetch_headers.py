"""What answers say of time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.fetch import headers

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DATE = "Mon, 02 Nov 2026 11:00:00 GMT"  # the server's clock is an hour behind


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Mon, 02 Nov 2026 12:10:00 GMT"}, 600),
        ({"Retry-After": "Mon, 02 Nov 2026 12:10:00 GMT", "Date": DATE}, 4200),
        ({"Retry-After": "Mon, 02 Nov 2026 12:10:00 GMT", "Date": "yesterday"}, 600),
        ({"Retry-After": "Sun, 01 Nov 2026 12:00:00 GMT"}, 0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 40}, None),
        ({"Retry-After": "Mon, 02 Nov 99999 12:10:00 GMT"}, None),
    ],
)
def test_retry_after(given: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date, by the server's own clock where it tells it; what is neither says nothing."""
    assert headers.retry_after(given, now=NOW) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("max-age=300", 300),
        ("public, MAX-AGE=300", 300),
        ('private, max-age="60", must-revalidate', 60),
        ("s-maxage=300", None),
        ("no-cache, max-age=300", None),
        ("no-store", None),
        ("max-age=-1", None),
        ("max-age", None),
        ("", None),
    ],
)
def test_max_age(value: str, seconds: float | None) -> None:
    """The seconds that an answer may be kept, if it may."""
    assert headers.max_age({"Cache-Control": value}) == seconds


@given(st.text(), st.text())
def test_any_header(value: str, date: str) -> None:
    """Nothing in a header raises, or gives less than no time."""
    wish = headers.retry_after({"Retry-After": value, "Date": date}, now=NOW)
    assert wish is None or wish >= 0
    headers.max_age({"Cache-Control": value})
