"""When feeds are polled next, and pages tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import schedule
from indexer.models import Failure, Reason
from indexer.schedule import DAY, FIRST, HOUR, LONGEST, MINUTE, SHORTEST, Move, after_failure, after_move, after_success

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)

intervals = st.none() | st.timedeltas(min_value=SHORTEST, max_value=LONGEST)
numbers = st.integers(min_value=0, max_value=10_000)
seconds = st.none() | st.integers(min_value=0, max_value=10**12).map(float)
failures = st.sampled_from(Failure)


def test_all_new_halves_and_all_known_grows() -> None:
    """The interval follows what a poll brought: nothing new lengthens it, only new shortens it, a mixture keeps it."""
    half = 30 * MINUTE
    assert after_success(half, known=0, entries=10, now=NOW).interval == half / 2
    assert after_success(half, known=10, entries=10, now=NOW).interval == half * schedule.SLOWER
    assert after_success(half, known=5, entries=10, now=NOW).interval == half
    assert after_success(half, known=0, entries=0, now=NOW).interval == half * schedule.SLOWER


def test_the_first_poll_says_nothing_about_speed() -> None:
    """All entries are new at the first poll, however old the feed is."""
    assert after_success(None, known=0, entries=50, now=NOW).interval == FIRST


@given(intervals, numbers, numbers, seconds)
def test_a_success_stays_within_bounds(
    interval: timedelta | None, known: int, others: int, max_age: float | None
) -> None:
    """Whatever came, the next poll is after the shortest and before the longest interval; nothing is held back."""
    plan = after_success(interval, known=known, entries=known + others, now=NOW, max_age=max_age)
    assert plan.interval is not None
    assert SHORTEST <= plan.interval <= LONGEST
    assert plan.interval <= plan.next_poll - NOW <= max(plan.interval, schedule.MAX_AGE_CAP)
    assert (plan.failures, plan.not_before, plan.gone) == (0, None, False)


@given(intervals.filter(bool), st.integers(1, 100), st.data())
def test_more_known_entries_never_shorten(interval: timedelta, entries: int, data: st.DataObject) -> None:
    """Of two polls the one that brought less is not followed by the shorter interval."""
    few, many = sorted(data.draw(st.tuples(st.integers(0, entries), st.integers(0, entries))))
    shorter = after_success(interval, known=few, entries=entries, now=NOW).interval
    longer = after_success(interval, known=many, entries=entries, now=NOW).interval
    assert shorter is not None
    assert longer is not None
    assert shorter <= longer


def test_caching_hints_are_taken_up_to_a_cap() -> None:
    """A server that says for how long nothing changes is not asked sooner; one that says a year is not believed."""
    hinted = after_success(SHORTEST, known=0, entries=9, now=NOW, max_age=900)
    assert hinted.next_poll - NOW == 15 * MINUTE
    assert hinted.interval == SHORTEST  # the hint is this answer's, and not remembered
    assert after_success(SHORTEST, known=0, entries=9, now=NOW, max_age=1e9).next_poll - NOW == schedule.MAX_AGE_CAP


@pytest.mark.parametrize("failure", Failure)
def test_back_off_is_linear(failure: Failure) -> None:
    """Each further failure adds the same step, up to the cap of its kind."""
    step, cap = schedule.STEPS[failure]
    waits = [after_failure(HOUR, failures=n, failure=failure, now=NOW).next_poll - NOW for n in range(200)]
    assert waits[:3] == [step, 2 * step, 3 * step]
    assert waits[-1] == cap
    assert waits == sorted(waits)


def test_lasting_failures_wait_longer() -> None:
    """A time-out is tried again sooner than a broken server, and that sooner than a feed that is not there."""
    waits = [
        after_failure(HOUR, failures=2, failure=each, now=NOW).next_poll
        for each in (Failure.TEMPORARY, Failure.SOFT, Failure.HARD)
    ]
    assert waits == sorted(set(waits))


@given(intervals, st.integers(0, 10_000), failures, seconds)
def test_a_failure_stays_within_bounds(
    interval: timedelta | None, before: int, failure: Failure, retry_after: float | None
) -> None:
    """A feed that fails comes up again within a week, counts one more failure, and keeps its interval."""
    plan = after_failure(interval, failures=before, failure=failure, now=NOW, retry_after=retry_after)
    assert timedelta(0) < plan.next_poll - NOW <= 7 * DAY
    assert plan.failures == before + 1
    assert plan.interval == interval
    if retry_after:
        assert plan.not_before is not None
        assert plan.next_poll >= plan.not_before
        assert plan.not_before - NOW == min(timedelta(seconds=min(retry_after, 1e6)), schedule.RETRY_AFTER_CAP)
    else:
        assert plan.not_before is None


def test_only_410_ends_a_feed() -> None:
    """Feeds come back from 404, so that only 410 is taken for the end."""
    gone = [after_failure(HOUR, failures=0, failure=Failure.HARD, now=NOW, status=each).gone for each in (404, 410)]
    assert gone == [False, True]


def test_a_move_is_believed_after_some_polls_in_a_row() -> None:
    """A permanent redirect counts when it leads to one place each time; any other answer begins anew."""
    move = Move(None, 0)
    for times in range(1, schedule.MOVES_BEFORE_ADOPTION + 1):
        move = after_move(move, "https://new.example/feed")
        assert move == Move("https://new.example/feed", times)
        assert move.is_certain == (times == schedule.MOVES_BEFORE_ADOPTION)
    assert after_move(move, "https://other.example/feed") == Move("https://other.example/feed", 1)
    assert after_move(move, None) == Move(None, 0)
    assert not Move(None, 9).is_certain


def test_a_page_is_tried_a_few_times() -> None:
    """What may pass is tried again, each time later, and then no more; what will not pass is settled at once."""
    tries = [schedule.try_again(Reason.TIMEOUT, n, passing=True, now=NOW) for n in range(1, schedule.TRIES + 1)]
    assert tries[:-1] == [NOW + schedule.BETWEEN_TRIES * n for n in range(1, schedule.TRIES)]
    assert tries[-1] is None
    assert schedule.try_again(Reason.NO_TEXT, 1, passing=False, now=NOW) is None


def test_a_page_that_ended_its_worker_gets_one_more_try() -> None:
    """The machine may have been at fault; but such a page may hold a worker for half a minute."""
    for reason in schedule.DOUBTFUL:
        assert reason in schedule.PASSING
        tries = [schedule.try_again(reason, n, passing=True, now=NOW) for n in (1, 2)]
        assert tries == [NOW + schedule.BETWEEN_TRIES, None]


def test_our_own_failures_are_made_up_for_at_once() -> None:
    """What we could not write, or were stopped at, is due at the next poll."""
    for reason in schedule.OUR_OWN:
        assert schedule.try_again(reason, 0, passing=True, now=NOW) == NOW
