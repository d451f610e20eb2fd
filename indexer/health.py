"""How a feed does: its state, its rate against its own past, and whether it has fallen silent; pure, without a clock.

It must not know how feeds are polled or stored.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WEEK = 7  # days
PAST = 28  # days that a feed is compared with: its own last four weeks, so that weekends count as often as they come
# A feed with new entries on d of 28 days has none on g days in a row with a probability of (1 - d/28)^g. It is silent
# when that is under this: a daily feed after 3 days, one of weekdays after 6, a weekly one after 45. Days with entries
# and not entries are counted, since many feeds bring ten at once and then nothing for a week.
UNLIKELY = 0.001
LEAST_GAP = 3  # days; less is a long weekend
UNATTENDED = timedelta(days=1)  # a feed that nobody has polled for longer says nothing; the longest interval is an hour
LEAST_DAYS = 3  # with new entries, before which a feed has no rhythm to fall out of


class State(StrEnum):
    """How a feed does, the worst first. The values stand in listings: never rename one."""

    DEAD = "dead"  # it is gone for good (410)
    ERROR = "error"  # the last poll failed
    EMPTY = "empty"  # it answers, without entries
    SILENT = "silent"  # it answered, and has brought nothing for longer than it ever does
    MOVED = "moved"  # it answers from another address
    OK = "ok"
    NEW = "new"  # not polled yet


TROUBLED = frozenset({State.DEAD, State.ERROR, State.EMPTY, State.SILENT})
# What nobody would notice: an error is told at every poll, and these only look like a quiet day.
QUIETLY_WORSE = frozenset({State.DEAD, State.EMPTY, State.SILENT})


class Polled(Protocol):
    """What is remembered of a feed's polls."""

    @property
    def gone(self) -> datetime | None: ...  # noqa: D102 - plain facts
    @property
    def last_polled(self) -> datetime | None: ...  # noqa: D102
    @property
    def last_success(self) -> datetime | None: ...  # noqa: D102
    @property
    def last_error(self) -> str | None: ...  # noqa: D102
    @property
    def entries(self) -> int: ...  # noqa: D102
    @property
    def days(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def moved_to(self) -> str | None: ...  # noqa: D102


def state(feed: Polled, *, now: datetime) -> State:
    """Name what is worst about a feed: by its last poll, and silence by ``now``, for nobody may have polled since."""
    if feed.gone:
        return State.DEAD
    if feed.last_error:
        return State.ERROR
    if not feed.last_success:
        return State.NEW
    if feed.entries == 0:
        return State.EMPTY
    if is_silent(feed.days, now):
        return State.SILENT
    return State.MOVED if feed.moved_to else State.OK


def count(days: Mapping[str, int], published: Iterable[datetime], *, undated: int = 0, now: datetime) -> dict[str, int]:
    """Bring the entries a day up to a feed as it stands: by the dates of its entries, which may stand in it for weeks.

    ``undated`` are entries without a date that were not there before; they count for today. What is older than a
    comparison can reach is dropped. Days are ISO dates in UTC.
    """
    today = _day(now)
    counted = dict(days)
    for day, number in Counter(min(_day(each), today).isoformat() for each in published).items():
        counted[day] = max(counted.get(day, 0), number)  # part of a day's entries may have left the feed
    if undated:
        counted[today.isoformat()] = counted.get(today.isoformat(), 0) + undated
    newest = max(counted, default=None)
    if newest is None:
        return {}
    first = (date.fromisoformat(newest) - timedelta(days=PAST + WEEK - 1)).isoformat()
    return {day: number for day, number in sorted(counted.items()) if day >= first}


def week(days: Mapping[str, int], now: datetime) -> int:
    """Give the entries of the last seven days, today among them."""
    return _between(days, _day(now) - timedelta(days=WEEK - 1), _day(now))


def usual(days: Mapping[str, int], now: datetime) -> float:
    """Give the entries a week in the 28 days before the last seven."""
    last = _day(now) - timedelta(days=WEEK)
    return _between(days, last - timedelta(days=PAST - 1), last) * WEEK / PAST


def is_silent(days: Mapping[str, int], now: datetime) -> bool:
    """Tell whether a feed has brought nothing for longer than its past lets expect."""
    newest = max(days, default=None)
    if newest is None:
        return False
    last = date.fromisoformat(newest)
    gap = (_day(now) - last).days
    first = last - timedelta(days=PAST - 1)
    active = sum(first.isoformat() <= day <= newest for day in days)
    if gap < LEAST_GAP or active < LEAST_DAYS:
        return False
    quiet = 1 - min(active, PAST - 1) / PAST
    return bool(quiet**gap < UNLIKELY)


def describe(feed: Polled, *, now: datetime) -> str:
    """Say in a few words what a feed's state means."""
    rate = f"{week(feed.days, now)} in the last week, {usual(feed.days, now):.3g} in its usual one"
    said = {
        State.SILENT: _silence(feed, now),
        State.EMPTY: "it answers without an entry",
        State.DEAD: "the server says that it is gone for good (410)",
        State.ERROR: feed.last_error or "",
        State.MOVED: f"it answers from {feed.moved_to}",
        State.NEW: "not polled yet",
        State.OK: rate,
    }
    return said[state(feed, now=now)]


def _silence(feed: Polled, now: datetime) -> str:
    """Say since when, and where nobody has asked lately, that this is why."""
    said = f"nothing new since {max(feed.days, default='')}, usually {usual_before(feed.days):.3g} a week"
    asked = feed.last_polled
    return f"{said}; not polled since {_day(asked)}" if asked and now - asked > UNATTENDED else said


def usual_before(days: Mapping[str, int]) -> float:
    """Give the entries a week in the 28 days that end with the last one that brought any."""
    newest = max(days, default=None)
    if newest is None:
        return 0.0
    last = date.fromisoformat(newest)
    return _between(days, last - timedelta(days=PAST - 1), last) * WEEK / PAST


def _between(days: Mapping[str, int], first: date, last: date) -> int:
    return sum(number for day, number in days.items() if first.isoformat() <= day <= last.isoformat())


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
