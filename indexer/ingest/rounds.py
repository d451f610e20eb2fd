"""Say which feeds are polled and when: all that were named, once; or what is due, for as long as one lets it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from indexer.elastic.errors import StoreError
from indexer.elastic.leases import is_free
from indexer.ingest import names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.feeds import FeedRecord
    from indexer.elastic.leases import Held
    from indexer.ingest.shift import Shift, Worker
    from indexer.ingest.stop import Stop
    from indexer.reports import Report

CLAIM = 50  # feeds at a time: few enough that several workers share what is due
LOOK_EVERY = (1.0, 10.0)  # seconds between two looks for what is due where nothing was; a new feed waits so long
ROUND = timedelta(minutes=1)  # where there is always something due, a line comes so often


async def once(
    store: Store,
    shift: Shift,
    feeds: Sequence[FeedRecord],
    *,
    named: Collection[str],
    worker: Worker,
    report: Report,
    now: Callable[[], datetime],
    stop: Stop,
) -> None:
    """Poll feeds once, due or not; what is left out is said. ``named`` are ids of those that the user named."""
    for start in range(0, len(feeds), CLAIM):
        part = feeds[start : start + CLAIM]
        await shift.until_room(len(part))
        if stop.asked or shift.failure:
            left = len(feeds) - start
            report.feeds_skipped += left
            report.warnings.append(f"{left} feeds were not polled: {'interrupted' if stop.asked else 'see above'}")
            break
        free = []
        for held in await asyncio.to_thread(store.leases.look, [each.id for each in part]):
            reason = _not_now(held.record, worker=worker, now=now(), named=held.record.id in named)
            if reason is None:
                free.append(held)
            else:
                _skip(report, held.record, reason)
        got = await shift.claim(free)
        taken = {each.record.id for each in got}
        for held in free:
            if held.record.id not in taken:
                _skip(report, held.record, "another worker was faster")
        for held in got:
            shift.start(held, retry=True)
    await shift.drain()


async def until_stopped(
    store: Store,
    shift: Shift,
    *,
    worker: Worker,
    now: Callable[[], datetime],
    stop: Stop,
    told: Callable[[datetime | None], None],
    idle: Callable[[], None],
) -> None:
    """Poll what is due until the user stops it or Elasticsearch fails.

    ``told`` is called after each round, with the time of the next; ``idle`` from a thread, when nothing is due.
    """
    stopping = asyncio.create_task(stop.wait())
    began = next_look = now()
    next_due = None
    dead: list[str] = []
    try:
        while not (stop.asked or shift.failure):
            if now() >= next_look and (shift.room >= CLAIM or not shift.polls):
                found = await _claim_due(store, shift, worker=worker, now=now(), dead=dead)
                if not found:
                    next_due, dead = await asyncio.to_thread(lambda: (store.leases.next_due(), _dead(store)))
                    next_look = now() + _until(next_due, now())
            if not shift.polls and now() < next_look:
                await shift.drain()
                told(next_due)
                began = now()
                await asyncio.to_thread(idle)
            elif now() - began >= ROUND:
                told(None)
                began = now()
            await shift.wait(_patience(shift, next_look - now()), stopping)
    except StoreError as error:
        shift.fail(error)
    finally:
        stopping.cancel()
    await shift.drain()


def _patience(shift: Shift, until_look: timedelta) -> float:
    """Give the seconds after which to look around even if no poll has ended."""
    if until_look > timedelta(0):
        return until_look.total_seconds()
    return 0.0 if shift.room >= CLAIM or not shift.polls else ROUND.total_seconds()


async def _claim_due(store: Store, shift: Shift, *, worker: Worker, now: datetime, dead: Sequence[str]) -> list[Held]:
    """Claim and begin what is due; gives what was found due, which others may have taken."""
    found = await asyncio.to_thread(
        store.leases.due, theirs=[worker.name, *dead], now=now, size=min(CLAIM, shift.room), besides=shift.holds
    )
    for held in await shift.claim(found):
        shift.start(held, retry=False)
    return found


def _until(due: datetime | None, now: datetime) -> timedelta:
    least, most = (timedelta(seconds=each) for each in LOOK_EVERY)
    return most if due is None else min(max(due - now, least), most)


def _dead(store: Store) -> list[str]:
    return [name for name in store.leases.holders() if names.has_died(name)]


def _not_now(feed: FeedRecord, *, worker: Worker, now: datetime, named: bool) -> str | None:
    """Say why a feed is not to be polled now; None where it is."""
    theirs = {worker.name}
    if feed.lease_by and names.has_died(feed.lease_by):
        theirs.add(feed.lease_by)
    if not is_free(feed, theirs=theirs, now=now):
        return f"{feed.lease_by} is polling it (its lease ends at {feed.lease_until:%H:%M:%S} UTC)"
    if named:
        return None
    if feed.gone:
        return "it is gone for good (410); name it to try again"
    if feed.not_before and feed.not_before > now:
        return f"its server asked to be left alone until {feed.not_before:%Y-%m-%d %H:%M} UTC; name it to ask anyway"
    return None


def _skip(report: Report, feed: FeedRecord, reason: str) -> None:
    report.feeds_skipped += 1
    report.warnings.append(f"{feed.url}: skipped, {reason}")
