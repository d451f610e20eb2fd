"""What is done with a feed's entries, and what a poll leaves in the feed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from indexer import schedule
from indexer.elastic.feeds import FeedRecord, Unsettled, document, record
from indexer.fetch import FetchError
from indexer.ingest import decide
from indexer.ingest.decide import End, Step, Task
from indexer.models import Entry, Failure, Fetched, ParsedFeed, Published, Reason, RejectedError
from indexer.urls import normalise

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://a.example/feed"
FEED = FeedRecord(
    id="a" * 20, url=URL, first_url=URL, keys=(normalise(URL),), name=None, title="A", domain="a.example", added=NOW
)


@dataclass(frozen=True)
class There:
    """What the index knows of an article."""

    entry_hash: str | None = "d1"
    text_origin: str | None = "feed"


def entry(number: int = 1, **more: Any) -> Entry:
    return Entry(url=f"https://a.example/{number}", **more)


def decided(known: dict[str, There], unsettled: dict[str, Unsettled], *, now: datetime | None = NOW) -> Task:
    (task,) = decide.tasks([(entry(), "id1", "d1")], known=known, unsettled=unsettled, now=now)
    return task


KEY = decided({}, {}).key


def got(**more: Any) -> Fetched:
    return Fetched(**{"url": URL, "final_url": URL, "status": 200, "body": b"", "etag": '"7"', **more})


def success(feed: FeedRecord, ends: list[End], **more: Any) -> decide.Outcome:
    parsed = ParsedFeed(title="A", entries=tuple(end.task.entry for end in ends))
    options: dict[str, Any] = {"parsed": parsed, "body_hash": "h", "address_is_taken": False, "now": NOW, **more}
    return decide.after_success(feed, options.pop("answer", got()), ends=ends, **options)


def new(number: int, reason: Reason | None = None, *, passing: bool = False, before: Unsettled | None = None) -> End:
    task = Task(entry=entry(number), key=f"k{number}", digest="d", step=Step.NEW, before=before)
    return End(task=task, reason=reason, passing=passing)


def applied(feed: FeedRecord, outcome: decide.Outcome) -> FeedRecord:
    """Give the feed as it is read again after an outcome was stored."""
    everything = {name: getattr(feed, name) for name in FeedRecord.__slots__}
    return record({**document(everything), **document(outcome.fields)})


# Entries


def test_steps() -> None:
    """An entry is new, known, known by another address, or changed."""
    assert decided({}, {}).step is Step.NEW
    assert decided({"id1": There()}, {}).step is Step.KNOWN
    assert decided({normalise("https://a.example/1"): There()}, {}).step is Step.KNOWN
    changed = decided({"id1": There(entry_hash="other", text_origin="page")}, {})
    assert (changed.step, changed.has_page_text) == (Step.CHANGED, True)


@pytest.mark.parametrize(
    ("next_try", "now", "step"),
    [
        (None, NOW, Step.SETTLED),
        (None, None, Step.SETTLED),
        (NOW + HOUR, NOW, Step.SETTLED),
        (NOW + HOUR, None, Step.NEW),
        (NOW, NOW, Step.NEW),
    ],
)
def test_a_rejected_entry_waits_for_its_time(next_try: datetime | None, now: datetime | None, step: Step) -> None:
    """What was rejected for good stays so; what failed in passing comes up when it is due, or when all are wanted."""
    unsettled = {KEY: Unsettled(reason="timeout", tries=1, next_try=next_try)}
    assert decided({}, unsettled, now=now).step is step


def test_a_rejected_entry_that_changed_is_another() -> None:
    """A feed that says something else of a rejected entry brings it up again."""
    unsettled = {KEY: Unsettled(reason="no text", tries=1, next_try=None)}
    (task,) = decide.tasks([(entry(), "id1", "d2")], known={}, unsettled=unsettled, now=NOW)
    assert task.step is Step.NEW


def test_entries_without_a_link_keep_their_name_when_a_feed_moves() -> None:
    """They are named within the address by which the feed was taken up; links of others are left alone."""
    moved = "https://b.example/new"
    entries = (
        Entry(url=f"{moved}#entry-7", has_link=False),
        Entry(url="https://c.example/page#entry-8", has_link=False),
        Entry(url=f"{moved}#a", has_link=True),
    )
    within = decide.within(URL, ParsedFeed(entries=entries), moved)
    assert [each.url for each in within.entries] == [f"{URL}#entry-7", *(each.url for each in entries[1:])]


def test_what_the_feed_stands_in_for_waits_for_its_page() -> None:
    """An article with the feed's text, whose page failed in passing, is there; when its time comes it is asked for."""
    there = There(entry_hash=None, text_origin="feed")
    waiting = {KEY: Unsettled(reason="timeout", tries=1, next_try=NOW + HOUR)}
    before, due = (decided({"id1": there}, waiting, now=now) for now in (NOW, NOW + HOUR))
    assert (before.step, before.is_there) == (Step.SETTLED, True)
    assert (due.step, due.is_there, due.has_page_text) == (Step.CHANGED, True, False)


# What a poll leaves


def test_what_the_feed_stands_in_for_is_indexed() -> None:
    """It counts as indexed at once, and as nothing else when its page is given up."""
    end = replace(new(1, Reason.TIMEOUT, passing=True), stands_in=True)
    feed = applied(FEED, success(FEED, [end]))
    assert (feed.discovered, feed.indexed, feed.rejected, set(feed.unsettled)) == (1, 1, {}, {"k1"})
    given_up = Unsettled(reason="timeout", tries=schedule.TRIES - 1, next_try=NOW)
    for step, discovered in ((Step.CHANGED, 1), (Step.NEW, 2)):
        last = replace(end, task=replace(end.task, step=step, is_there=step is Step.CHANGED, before=given_up))
        after = applied(feed, success(feed, [last]))
        assert (after.discovered, after.rejected) == (discovered, {})
        assert after.unsettled["k1"].next_try is None


def test_discovered_is_indexed_and_rejected() -> None:
    """Each entry counts once, when it has ended for good: not while it is tried again, and not at every poll."""
    ends = [
        new(1),
        new(2),
        new(3, Reason.NO_TEXT),
        new(4, Reason.TIMEOUT, passing=True),
    ]
    feed = applied(FEED, success(FEED, ends))
    assert (feed.discovered, feed.indexed, feed.rejected) == (3, 2, {"no text": 1})
    assert set(feed.unsettled) == {"k3", "k4"}
    assert feed.retry_at == feed.unsettled["k4"].next_try == NOW + schedule.BETWEEN_TRIES

    at_rest = Task(entry=entry(3), key="k3", digest="d", step=Step.SETTLED, before=feed.unsettled["k3"])
    last = Unsettled(reason="timeout", tries=schedule.TRIES - 1, next_try=NOW)
    again = [End(task=at_rest), new(4, Reason.TIMEOUT, passing=True, before=last)]
    feed = applied(feed, success(feed, again))
    assert (feed.discovered, feed.indexed, feed.rejected) == (4, 2, {"no text": 1, "timeout": 1})
    assert feed.retry_at is None
    assert feed.unsettled["k4"].next_try is None


def test_what_left_the_feed_is_forgotten() -> None:
    """Only rejected entries that still stand in the feed are remembered."""
    feed = applied(FEED, success(FEED, [new(1, Reason.NO_TEXT)]))
    assert applied(feed, success(feed, [new(2)])).unsettled == {}


def test_a_page_that_waits_brings_the_poll_forward() -> None:
    """The next poll comes when a page is due again, not hours later."""
    feed = replace(FEED, interval=int(schedule.LONGEST.total_seconds()))
    feed = applied(feed, success(feed, [new(1, Reason.TIMEOUT, passing=True), *map(new, range(2, 4))]))
    assert feed.next_poll == NOW + schedule.BETWEEN_TRIES


def test_an_unchanged_feed_keeps_what_is_known_of_it() -> None:
    """A 304 touches neither counts nor validators; it lengthens the interval and ends a row of failures."""
    feed = applied(FEED, success(FEED, [new(1)]))
    feed = replace(feed, failures=3, last_error="timeout", failure="temporary")
    after = applied(
        feed,
        decide.after_success(
            feed, got(status=304), parsed=None, ends=[], body_hash="", address_is_taken=False, now=NOW + HOUR
        ),
    )
    assert (after.etag, after.body_hash, after.indexed, after.entries) == ('"7"', "h", 1, 1)
    assert (after.failures, after.last_error, after.new_entries) == (0, None, 0)
    assert (after.interval or 0) > (feed.interval or 0)


def test_failures_are_counted_until_a_success() -> None:
    """Each failure in a row waits longer, and Retry-After is remembered."""
    feed = FEED
    for times in range(1, 4):
        feed = applied(feed, decide.after_failure(feed, RejectedError(Reason.NOT_A_FEED, "a page"), now=NOW))
        assert (feed.failures, feed.failure) == (times, "soft")
        assert feed.next_poll == NOW + times * schedule.STEPS[Failure.SOFT][0]
    busy = FetchError(Reason.HTTP_STATUS, "429", failure=Failure.TEMPORARY, status=429, retry_after=36_000)
    feed = applied(feed, decide.after_failure(feed, busy, now=NOW))
    assert feed.not_before == feed.next_poll == NOW + 10 * HOUR
    assert applied(feed, success(feed, [new(1)])).not_before is None


def test_a_feed_that_is_gone_can_come_back() -> None:
    """410 marks a feed as dead; an answer after all takes the mark away."""
    gone = FetchError(Reason.HTTP_STATUS, "410", failure=Failure.HARD, status=410)
    feed = applied(FEED, success(FEED, [new(1)]))
    outcome = decide.after_failure(feed, gone, now=NOW)
    assert outcome.alarm is not None
    feed = applied(feed, outcome)
    assert (feed.gone, feed.state) == (NOW, "dead")
    feed = applied(feed, success(feed, [new(2)]))
    assert (feed.gone, feed.state) == (None, "ok")


def test_a_move_is_taken_over_after_a_while() -> None:
    """The new address becomes the feed's, which keeps its id, its first address and its old keys."""
    there = got(moved_permanently_to="https://b.example/feed")
    feed = FEED
    for _ in range(schedule.MOVES_BEFORE_ADOPTION - 1):
        outcome = success(feed, [new(1)], answer=there)
        assert outcome.moved_to is None
        feed = applied(feed, outcome)
        assert (feed.url, feed.state) == (URL, "moved")
    outcome = success(feed, [new(1)], answer=there)
    assert outcome.moved_to == "https://b.example/feed"
    feed = applied(feed, outcome)
    assert (feed.id, feed.url, feed.first_url) == (FEED.id, "https://b.example/feed", URL)
    assert feed.keys == (normalise(URL), normalise("https://b.example/feed"))
    assert (feed.domain, feed.moved_to, feed.moved_times, feed.state) == ("b.example", None, 0, "ok")


def test_an_address_that_another_feed_has_is_not_taken() -> None:
    """Two feeds that moved to one place stay two, and are shown as moved."""
    feed = FEED
    for _ in range(schedule.MOVES_BEFORE_ADOPTION + 2):
        answer = got(moved_permanently_to="https://b.example/feed")
        outcome = success(feed, [new(1)], answer=answer, address_is_taken=True)
        feed = applied(feed, outcome)
    assert (feed.url, feed.moved_to, feed.state) == (URL, "https://b.example/feed", "moved")


def test_an_alarm_is_raised_once() -> None:
    """A feed that falls silent is told when it does, and not at every poll after that."""
    start = NOW - timedelta(days=40)
    daily = {(start + timedelta(days=n)).date().isoformat(): 2 for n in range(35)}
    feed = replace(FEED, days=daily, entries=5, last_success=NOW - timedelta(days=5), state="ok")
    old = End(task=replace(new(1).task, step=Step.KNOWN, entry=entry(published=Published(at=start))))
    outcome = success(feed, [old])
    assert outcome.alarm is not None
    assert (outcome.alarm.state, outcome.alarm.url) == ("silent", URL)
    feed = applied(feed, outcome)
    assert (feed.state, feed.since) == ("silent", NOW)
    assert success(feed, [old], now=NOW + HOUR).alarm is None
    fresh = new(2)
    fresh = replace(fresh, task=replace(fresh.task, entry=entry(2, published=Published(at=NOW))))
    assert applied(feed, success(feed, [fresh])).state == "ok"


def test_a_feed_that_lost_its_entries_is_told() -> None:
    """Empty is alarming where there was something before, and not where there never was."""
    assert success(FEED, []).alarm is None
    feed = applied(FEED, success(FEED, [new(1)]))
    outcome = success(feed, [])
    assert outcome.alarm is not None
    assert outcome.alarm.state == "empty"


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (RejectedError(Reason.TIMEOUT), True),
        (RejectedError(Reason.NOT_WRITTEN), True),
        (RejectedError(Reason.NO_TEXT), False),
        (RejectedError(Reason.ROBOTS), False),
        (FetchError(Reason.ROBOTS, failure=Failure.TEMPORARY), True),
        (FetchError(Reason.HTTP_STATUS, "404", failure=Failure.HARD, status=404), True),
    ],
)
def test_what_passes(error: RejectedError, *, passing: bool) -> None:
    """A rule of a robots.txt stays, a robots.txt that could not be read may come; a page may appear late."""
    assert decide.passes(error) is passing


def test_a_record_survives_being_stored() -> None:
    """Every field of a feed is read as it was written."""
    feed = replace(
        FEED,
        last_polled=NOW,
        lease_by="me",
        lease_until=NOW,
        rejected={"no text": 2},
        days={"2026-11-01": 3},
        unsettled={"k": Unsettled(reason="timeout", tries=2, next_try=NOW)},
        interval=600,
    )
    assert record(document({name: getattr(feed, name) for name in FeedRecord.__slots__})) == feed
