"""When a feed is polled next, and when a page that failed is tried again: pure rules, without a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from indexer.models import Failure, Reason

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# The interval of a feed. What other numbers do to real feeds stands in docs/decisions.md.
FIRST = 30 * MINUTE
SHORTEST = 5 * MINUTE
LONGEST = HOUR
MOSTLY_NEW, MOSTLY_KNOWN = 1 / 3, 2 / 3  # shares of known entries under which it halves, and over which it grows
FASTER, SLOWER = 0.5, 1.25
MAX_AGE_CAP = HOUR  # of what a server says about caching; static hosts say a year

# Linear back-off: a feed that failed n times in a row is asked again after n steps, at the latest after the cap.
# Feeds come back even from 404, so none of these ends; only 410 does, which somebody must have meant.
STEPS: dict[Failure, tuple[timedelta, timedelta]] = {
    Failure.TEMPORARY: (10 * MINUTE, 4 * HOUR),
    Failure.SOFT: (30 * MINUTE, DAY),
    Failure.HARD: (6 * HOUR, 7 * DAY),
}
RETRY_AFTER_CAP = DAY  # longer wishes are mistakes
GONE = 410

# How lasting a rejection is that does not say so itself; the others mean that what came was no use.
FAILURES: dict[Reason, Failure] = {
    Reason.UNREACHABLE: Failure.TEMPORARY,
    Reason.TIMEOUT: Failure.TEMPORARY,
    Reason.INTERRUPTED: Failure.TEMPORARY,
    Reason.NOT_WRITTEN: Failure.TEMPORARY,
    Reason.FORBIDDEN_ADDRESS: Failure.HARD,
    Reason.BAD_URL: Failure.HARD,
}

# A feed's new address is taken over when it has sent us there so many times in a row: some sites move by mistake, or
# for an hour.
MOVES_BEFORE_ADOPTION = 3

# What may be otherwise at another try, of a page; the rest is settled until the feed says something else of it.
PASSING = frozenset(
    {
        Reason.UNREACHABLE,
        Reason.TIMEOUT,
        Reason.HTTP_STATUS,
        Reason.NOT_WRITTEN,
        Reason.INTERRUPTED,
        Reason.PARSE_TIMEOUT,
        Reason.PARSE_CRASH,
    }
)
# As a rule the page's own doing, but a machine that slept or has no memory left ends a worker in the same way.
DOUBTFUL = frozenset({Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH})
# Our own doing, not the page's: such a try does not count.
OUR_OWN = frozenset({Reason.NOT_WRITTEN, Reason.INTERRUPTED})
TRIES = 5  # of one page: after 15, 45, 90 and 150 minutes
TRIES_IF_DOUBTFUL = 2  # each may hold a worker for half a minute
BETWEEN_TRIES = 15 * MINUTE  # times the number of tries so far


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """When a feed is due next, and what the rule wants to remember for the time after that."""

    interval: timedelta | None
    next_poll: datetime
    failures: int = 0  # in a row
    not_before: datetime | None = None  # the server asked for it
    gone: bool = False


def after_success(
    interval: timedelta | None, *, known: int, entries: int, now: datetime, max_age: float | None = None
) -> Plan:
    """Plan the next poll of a feed that answered, by the share of its entries that were known already.

    ``interval`` is the one that led to this poll, None at the first, whose entries say nothing about how fast they
    come. A feed that did not change, and one without entries, has nothing new. ``max_age`` are the seconds for which
    the server says that nothing will change.
    """
    if interval is None:
        length = FIRST
    else:
        share = known / entries if entries else 1.0
        factor = FASTER if share < MOSTLY_NEW else SLOWER if share > MOSTLY_KNOWN else 1.0
        length = _within(interval * factor)
    hint = min(timedelta(seconds=max_age), MAX_AGE_CAP) if max_age else timedelta(0)
    return Plan(interval=length, next_poll=now + max(length, hint))


def after_failure(
    interval: timedelta | None,
    *,
    failures: int,
    failure: Failure,
    now: datetime,
    retry_after: float | None = None,
    status: int | None = None,
) -> Plan:
    """Plan the next poll of a feed that failed; ``failures`` counts those in a row before this one.

    The interval is kept for when it comes back. ``retry_after`` in seconds is obeyed where it is longer.
    """
    step, cap = STEPS[failure]
    wait = min(step * (failures + 1), cap)
    wish = None
    if retry_after is not None:
        wish = min(timedelta(seconds=min(retry_after, RETRY_AFTER_CAP.total_seconds())), RETRY_AFTER_CAP)
        wait = max(wait, wish)
    return Plan(
        interval=interval,
        next_poll=now + wait,
        failures=failures + 1,
        not_before=now + wish if wish else None,
        gone=status == GONE,
    )


def try_again(reason: Reason, tries: int, *, passing: bool, now: datetime) -> datetime | None:
    """Tell when to try a page again that failed for the ``tries``-th time; None when that is settled."""
    if not passing or tries >= (TRIES_IF_DOUBTFUL if reason in DOUBTFUL else TRIES):
        return None
    return now if reason in OUR_OWN else now + BETWEEN_TRIES * tries


@dataclass(frozen=True, slots=True)
class Move:
    """Where a feed says it has moved for good, and how many polls in a row it said so."""

    to: str | None
    times: int

    @property
    def is_certain(self) -> bool:
        """Whether the new address may be taken over."""
        return self.to is not None and self.times >= MOVES_BEFORE_ADOPTION


def after_move(before: Move, to: str | None) -> Move:
    """Count a poll that was redirected for good to ``to``, or that was not redirected (None)."""
    if to is None:
        return Move(None, 0)
    return Move(to, before.times + 1 if before.to == to else 1)


def _within(interval: timedelta) -> timedelta:
    return min(max(interval, SHORTEST), LONGEST)
