"""How feeds do: their states, their rates, and when one has fallen silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import health
from indexer.elastic.feeds import FeedRecord
from indexer.health import State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FINE = FeedRecord(
    id="a" * 20,
    url="https://a.example/feed",
    name="A",
    title=None,
    domain="a.example",
    added=NOW - 90 * DAY,
    last_polled=NOW,
    last_success=NOW,
    entries=10,
)


def history(every: int, *, until: datetime, number: int = 1) -> dict[str, int]:
    """Give ``number`` entries every so many days in the five weeks until a time."""
    return {(until - n * DAY).date().isoformat(): number for n in range(0, 35, every)}


def weekdays(until: datetime) -> dict[str, int]:
    days = [(until - n * DAY).date() for n in range(35)]
    return {day.isoformat(): 3 for day in days if day.weekday() < 5}


def test_states() -> None:
    """Each state has its sign, and the worst one is named."""
    daily = history(1, until=NOW)
    assert health.state(replace(FINE, days=daily), now=NOW) is State.OK
    assert health.state(replace(FINE, last_polled=None, last_success=None), now=NOW) is State.NEW
    assert health.state(replace(FINE, days=daily, moved_to="https://b.example/"), now=NOW) is State.MOVED
    quiet = history(1, until=NOW - 10 * DAY)
    assert health.state(replace(FINE, days=quiet, moved_to="https://b.example/"), now=NOW) is State.SILENT
    assert health.state(replace(FINE, days=quiet, entries=0), now=NOW) is State.EMPTY
    assert health.state(replace(FINE, entries=0, last_error="timeout"), now=NOW) is State.ERROR
    assert health.state(replace(FINE, last_error="http status: 410", gone=NOW), now=NOW) is State.DEAD


@pytest.mark.parametrize(
    ("every", "quiet", "silent"),
    [(1, 2, False), (1, 3, True), (2, 9, False), (2, 11, True), (7, 30, False), (7, 46, True)],
)
def test_silence_is_measured_by_the_feeds_own_past(every: int, quiet: int, *, silent: bool) -> None:
    """A daily feed is missed after three days, a weekly one after six weeks."""
    assert health.is_silent(history(every, until=NOW - quiet * DAY), NOW) is silent


def test_a_weekend_is_not_silence() -> None:
    """A feed of weekdays may be quiet from Friday to Tuesday."""
    friday = datetime(2026, 11, 20, 18, tzinfo=UTC)
    days = weekdays(friday)
    assert not health.is_silent(days, friday + 4 * DAY)
    assert health.is_silent(days, friday + 6 * DAY)


def test_ten_at_once_are_one_day() -> None:
    """A feed that brings ten entries each Monday is not silent on Saturday."""
    assert not health.is_silent(history(7, until=NOW - 6 * DAY, number=10), NOW)


def test_a_young_feed_has_no_rhythm() -> None:
    """One or two days with entries say nothing about what is to come."""
    assert not health.is_silent({"2026-01-01": 50, "2026-01-02": 1}, NOW)
    assert not health.is_silent({}, NOW)


def test_a_feed_that_cannot_be_asked_is_not_silent() -> None:
    """Of a feed that fails the failure is told, not the silence that comes of it."""
    feed = replace(FINE, days=history(1, until=NOW - 10 * DAY), last_success=NOW - 9 * DAY, last_error="timeout")
    assert health.state(feed, now=NOW) is State.ERROR


def test_a_feed_that_nobody_polls_falls_silent() -> None:
    """Silence counts up to now, not to the last poll: where all workers are dead, a listing says so."""
    asked = NOW - 9 * DAY
    feed = replace(FINE, days=history(1, until=asked), last_polled=asked, last_success=asked)
    assert health.state(feed, now=asked) is State.OK
    assert health.state(feed, now=NOW) is State.SILENT
    assert health.describe(feed, now=NOW).endswith("not polled since 2026-11-11")


def test_a_first_poll_is_not_a_days_work() -> None:
    """Entries are counted for the days of their own dates, those without one for today, future ones for today."""
    dates = [NOW - 3 * DAY, NOW - 3 * DAY, NOW - 1 * DAY, NOW + 5 * DAY]
    assert health.count({}, dates, undated=2, now=NOW) == {"2026-11-17": 2, "2026-11-19": 1, "2026-11-20": 3}


def test_polling_again_counts_nothing_again() -> None:
    """The same entries in the next poll, or a part of them, leave the counts as they are."""
    dates = [NOW - 2 * DAY, NOW - 2 * DAY, NOW - DAY]
    once = health.count({}, dates, now=NOW)
    assert health.count(once, dates, now=NOW) == once
    assert health.count(once, dates[1:], now=NOW + DAY) == once


def test_the_rate_is_set_against_the_four_weeks_before() -> None:
    """Last week and the usual one do not overlap."""
    days = history(1, until=NOW, number=2)
    assert health.week(days, NOW) == 14
    assert health.usual(days, NOW) == 14
    assert health.week(days, NOW + 7 * DAY) == 0
    assert health.usual(days, NOW + 7 * DAY) == 14


@given(
    st.dictionaries(st.dates(date(2020, 1, 1), date(2027, 1, 1)).map(date.isoformat), st.integers(1, 99), max_size=60),
    st.lists(st.integers(-13_000, 1_300).map(lambda days: NOW + days * DAY), max_size=60),
    st.integers(0, 5),
)
def test_history_is_short_whatever_comes(days: dict[str, int], dates: list[datetime], undated: int) -> None:
    """No more days are kept than a comparison reaches, and counting never raises."""
    counted = health.count(days, dates, undated=undated, now=NOW)
    assert len(counted) <= health.PAST + health.WEEK
    health.is_silent(counted, NOW)
    assert all(number > 0 for number in counted.values())


@pytest.mark.parametrize("state", State)
def test_every_state_is_described(state: State) -> None:
    """No state leaves a reader without a word."""
    fields = {
        State.DEAD: {"gone": NOW},
        State.ERROR: {"last_error": "timeout"},
        State.EMPTY: {"entries": 0},
        State.SILENT: {"days": history(1, until=NOW - 9 * DAY)},
        State.MOVED: {"moved_to": "https://b.example/"},
        State.OK: {},
        State.NEW: {"last_success": None},
    }
    feed = replace(FINE, **fields[state])  # type: ignore[arg-type]
    assert health.state(feed, now=NOW) is state
    assert health.describe(feed, now=NOW)
