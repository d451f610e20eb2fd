"""What is to be done with a feed's entries, and what is to be remembered of a poll: pure decisions.

It must not know how anything is fetched or written.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from indexer import health, schedule
from indexer.elastic.feeds import FeedRecord, Unsettled
from indexer.models import Entry, Failure, Fetched, ParsedFeed, Reason, RejectedError
from indexer.reports import Alarm
from indexer.schedule import Move, Plan
from indexer.urls import normalise, registrable_domain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class Step(StrEnum):
    """What an entry is to us."""

    KNOWN = "known"  # it is in the index as the feed has it
    NEW = "new"
    CHANGED = "changed"  # it is in the index, and the feed says something else of it now
    SETTLED = "settled"  # it was rejected, and nothing has changed


class Known(Protocol):
    """What the index knows of an article."""

    @property
    def entry_hash(self) -> str | None: ...  # noqa: D102 - plain facts
    @property
    def text_origin(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """An entry, and what is to be done with it."""

    entry: Entry
    key: str  # names it as the feed has it now
    digest: str
    step: Step
    is_there: bool = False  # the article is in the index, if not as the feed has it now
    has_page_text: bool = False  # and has its text from the page
    before: Unsettled | None = None

    @property
    def is_open(self) -> bool:
        """Whether its page is to be fetched."""
        return self.step in {Step.NEW, Step.CHANGED}


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """How the work on one entry ended; no reason where it is in the index as the feed has it."""

    task: Task
    reason: Reason | None = None
    passing: bool = False  # another try may end better
    stands_in: bool = False  # it is in the index with the feed's text, until the page can be had


def within(feed_url: str, parsed: ParsedFeed, final_url: str) -> ParsedFeed:
    """Name entries without a link within the address by which the feed was taken up, wherever it moves to."""
    old, new = final_url.split("#", 1)[0], feed_url.split("#", 1)[0]
    if old == new:
        return parsed
    entries = tuple(
        replace(each, url=new + each.url.removeprefix(old))
        if not each.has_link and each.url.split("#", 1)[0] == old
        else each
        for each in parsed.entries
    )
    return replace(parsed, entries=entries)


def tasks(
    entries: Sequence[tuple[Entry, str, str]],
    *,
    known: Mapping[str, Known],
    unsettled: Mapping[str, Unsettled],
    now: datetime | None,
) -> list[Task]:
    """Decide about each ``(entry, id, digest)``.

    ``known`` maps ids and normalised URLs to what is in the index. An entry whose next try is later than ``now`` waits;
    with None none does.
    """
    found = []
    for entry, identity, digest in entries:
        there = known.get(identity)
        key = hashlib.sha256(f"{identity} {digest}".encode()).hexdigest()[:16]
        before = unsettled.get(key)
        if (there and there.entry_hash == digest) or (there is None and normalise(entry.url) in known):
            step = Step.KNOWN
        elif before and (before.next_try is None or (now is not None and before.next_try > now)):
            step = Step.SETTLED
        else:
            step = Step.CHANGED if there else Step.NEW
        found.append(
            Task(
                entry=entry,
                key=key,
                digest=digest,
                step=step,
                is_there=there is not None,
                has_page_text=bool(there and there.text_origin == "page"),
                before=before,
            )
        )
    return found


def passes(error: RejectedError) -> bool:
    """Tell whether what was rejected may be taken at another try."""
    return error.reason in schedule.PASSING or getattr(error, "failure", None) is Failure.TEMPORARY


@dataclass(frozen=True, kw_only=True, slots=True)
class PollEnd:
    """What a poll leaves: fields of the feed, and what somebody should hear of."""

    fields: dict[str, Any]
    alarm: Alarm | None = None
    moved_to: str | None = None  # the address that was taken over


def after_success(
    feed: FeedRecord,
    got: Fetched,
    *,
    parsed: ParsedFeed | None,
    ends: Sequence[End],
    body_hash: str,
    address_is_taken: bool,
    now: datetime,
) -> PollEnd:
    """Decide what to remember of a poll that was answered; ``parsed`` is None where nothing had changed."""
    fields: dict[str, Any] = {"last_polled": now, "last_success": now, "last_error": None, "last_reason": None}
    fields |= {"failure": None, "failures": 0, "gone": None, "not_before": None}
    if parsed is None:
        fields["new_entries"] = 0
        plan = schedule.after_success(_interval(feed), known=0, entries=0, now=now, max_age=got.max_age)
    else:
        new = sum(end.task.step is Step.NEW for end in ends)
        plan = schedule.after_success(
            _interval(feed), known=len(ends) - new, entries=len(ends), now=now, max_age=got.max_age
        )
        fields |= _of_the_body(feed, got, parsed, body_hash, new=new)
        fields |= _of_the_entries(feed, ends, now=now)
        fields["days"] = health.count(
            feed.days,
            [end.task.entry.published.at for end in ends if end.task.entry.published.at],
            undated=sum(end.task.step is Step.NEW and not end.task.entry.published.at for end in ends),
            now=now,
        )
    fields |= _planned(plan, retry_at=fields.get("retry_at", feed.retry_at), now=now)
    moved, new_address = _moved(feed, got, address_is_taken=address_is_taken)
    fields |= moved
    return _judged(feed, fields, moved_to=new_address, now=now)


def after_failure(feed: FeedRecord, error: RejectedError, *, now: datetime) -> PollEnd:
    """Decide what to remember of a poll that failed."""
    failure = getattr(error, "failure", None) or schedule.FAILURES.get(error.reason, Failure.SOFT)
    plan = schedule.after_failure(
        _interval(feed),
        failures=feed.failures,
        failure=failure,
        now=now,
        retry_after=getattr(error, "retry_after", None),
        status=getattr(error, "status", None),
    )
    fields: dict[str, Any] = {"last_polled": now, "last_error": str(error), "last_reason": error.reason.value}
    fields |= {"failure": failure.value, "failures": plan.failures, "not_before": plan.not_before}
    fields |= {"gone": (feed.gone or now) if plan.gone else None}
    fields |= _planned(plan, retry_at=None, now=now)
    return _judged(feed, fields, moved_to=None, now=now)


def _of_the_body(feed: FeedRecord, got: Fetched, parsed: ParsedFeed, body_hash: str, *, new: int) -> dict[str, Any]:
    return {
        "title": parsed.title or feed.title,
        "site": parsed.link,
        "icon": parsed.icon,
        "language": parsed.language,
        "etag": got.etag,
        "last_modified": got.last_modified,
        "body_hash": body_hash,
        "entries": parsed.read,
        "new_entries": new,
    }


def _of_the_entries(feed: FeedRecord, ends: Sequence[End], *, now: datetime) -> dict[str, Any]:
    """Count each entry once, when it has ended for good; remember of the others how often they were tried."""
    unsettled: dict[str, Unsettled] = {}
    settled: Counter[str] = Counter()
    indexed = 0
    for end in ends:
        task = end.task
        if task.step is Step.SETTLED and task.before:
            unsettled[task.key] = task.before
        elif end.reason is not None:
            tries = (task.before.tries if task.before else 0) + (end.reason not in schedule.OUR_OWN)
            next_try = schedule.try_again(end.reason, tries, passing=end.passing, now=now)
            unsettled[task.key] = Unsettled(reason=end.reason.value, tries=tries, next_try=next_try)
            settled[end.reason.value] += next_try is None and task.step is Step.NEW and not end.stands_in
            indexed += task.step is Step.NEW and end.stands_in
        else:
            indexed += task.step is Step.NEW
    waiting = [each.next_try for each in unsettled.values() if each.next_try]
    return {
        "unsettled": unsettled,
        "retry_at": min(waiting, default=None),
        "discovered": feed.discovered + indexed + settled.total(),
        "indexed": feed.indexed + indexed,
        "rejected": dict(sorted((Counter(feed.rejected) + settled).items())),
    }


def _interval(feed: FeedRecord) -> timedelta | None:
    return timedelta(seconds=feed.interval) if feed.interval else None


def _planned(plan: Plan, *, retry_at: datetime | None, now: datetime) -> dict[str, Any]:
    """Give the fields of a plan; a page that is to be tried again brings the next poll forward."""
    at = plan.next_poll
    if retry_at is not None:
        at = min(at, max(retry_at, now + schedule.SHORTEST))
    return {"next_poll": at, "interval": int(plan.interval.total_seconds()) if plan.interval else None}


def _moved(feed: FeedRecord, got: Fetched, *, address_is_taken: bool) -> tuple[dict[str, Any], str | None]:
    """Count a permanent redirect, or take the new address over; its old ones go on leading to the feed."""
    move = schedule.after_move(Move(feed.moved_to, feed.moved_times), got.moved_permanently_to)
    if move.to is None or not move.is_certain or address_is_taken:
        return {"moved_to": move.to, "moved_times": move.times}, None
    keys = tuple(dict.fromkeys((*feed.keys, normalise(move.to))))
    fields = {"url": move.to, "keys": keys, "domain": registrable_domain(move.to), "first_url": feed.first_url}
    return {**fields, "moved_to": None, "moved_times": 0}, move.to


def _judged(feed: FeedRecord, fields: dict[str, Any], *, moved_to: str | None, now: datetime) -> PollEnd:
    """Name the state that results, and raise an alarm where it is a worse one that no error tells."""
    names = FeedRecord.__slots__
    after = replace(feed, **{name: value for name, value in fields.items() if name in names})
    state = health.state(after, now=now)
    before = feed.state or health.state(feed, now=feed.last_success or now).value
    if state.value != before:
        fields |= {"state": state.value, "since": now}
    elif feed.state is None:
        fields |= {"state": state.value, "since": feed.last_success or now}
    alarm = None
    if state.value != before and state in health.QUIETLY_WORSE and _was_there(feed):
        alarm = Alarm(url=after.url, state=state.value, detail=health.describe(after, now=now))
    return PollEnd(fields=fields, alarm=alarm, moved_to=moved_to)


def _was_there(feed: FeedRecord) -> bool:
    """Tell whether a feed ever had anything that it could have lost."""
    return bool(feed.entries or feed.days)
