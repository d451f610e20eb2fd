"""Show feeds and how they do; what a state means is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from indexer import health
from indexer.cli import output
from indexer.health import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from indexer.elastic.feeds import FeedRecord

STYLES = {
    State.DEAD: "bold red",
    State.ERROR: "red",
    State.EMPTY: "yellow",
    State.SILENT: "bold yellow",
    State.MOVED: "cyan",
    State.OK: "green",
    State.NEW: "dim",
}
REASONS_SHOWN = 3


def to_dict(record: FeedRecord, *, now: datetime) -> dict[str, Any]:
    """Give the JSON form of a feed."""
    return {
        "id": record.id,
        "url": record.url,
        "name": record.name,
        "title": record.title,
        "domain": record.domain,
        "added": record.added,
        "state": health.state(record, now=now).value,
        "since": record.since,
        "detail": health.describe(record, now=now),
        "last_polled": record.last_polled,
        "last_success": record.last_success,
        "last_error": record.last_error,
        "last_reason": record.last_reason,
        "failures": record.failures,
        "next_poll": record.next_poll,
        "not_before": record.not_before,
        "interval_seconds": record.interval,
        "moved_to": record.moved_to,
        "polled_by": record.lease_by if record.lease_until and record.lease_until > now else None,
        "entries": record.entries,
        "new_entries": record.new_entries,
        "week": health.week(record.days, now),
        "usual_week": round(health.usual(record.days, now), 2),
        "discovered": record.discovered,
        "indexed": record.indexed,
        "rejected": record.rejected,
        "waiting": waiting(record),
    }


def waiting(record: FeedRecord) -> int:
    """Count the entries whose pages will be tried again."""
    return sum(each.next_try is not None for each in record.unsettled.values())


def table(records: Sequence[FeedRecord], *, now: datetime) -> Table:
    """Draw the feeds, each with its state and what there is to say of it."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("id", no_wrap=True)
    drawn.add_column("feed", ratio=3, overflow="fold")
    drawn.add_column("state", no_wrap=True)
    drawn.add_column("entries", justify="right")
    drawn.add_column("week", justify="right", no_wrap=True)
    drawn.add_column("polled", no_wrap=True)
    drawn.add_column("next", no_wrap=True)
    drawn.add_column("", ratio=2, overflow="fold")
    for each in records:
        state = health.state(each, now=now)
        drawn.add_row(
            output.short(each.id),
            _name(each),
            Text(state.value, STYLES[state]),
            str(each.entries),
            f"{health.week(each.days, now)} / {health.usual(each.days, now):.3g}",
            _polled(each, now),
            _next(each, now),
            output.line(health.describe(each, now=now), STYLES[state]) if state is not State.OK else Text(),
        )
    return drawn


def check_table(records: Sequence[FeedRecord], *, now: datetime) -> Table:
    """Draw what became of the entries of each feed."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("feed", ratio=3, overflow="fold")
    drawn.add_column("state", no_wrap=True)
    for name in ("discovered", "indexed", "waiting"):
        drawn.add_column(name, justify="right")
    drawn.add_column("rejected", ratio=2, overflow="fold")
    drawn.add_column("", ratio=2, overflow="fold")
    for each in records:
        state = health.state(each, now=now)
        drawn.add_row(
            _name(each),
            Text(state.value, STYLES[state]),
            str(each.discovered),
            str(each.indexed),
            str(waiting(each)),
            _rejected(each),
            output.line(health.describe(each, now=now), STYLES[state]),
        )
    return drawn


def _name(record: FeedRecord) -> Text:
    return Text.assemble(
        output.line(record.name or record.title or record.domain, "bold"), "\n", output.line(record.url, "dim")
    )


def _polled(record: FeedRecord, now: datetime) -> Text:
    """Say when it was asked last, and when it answered, if that was at another time."""
    if record.last_polled is None:
        return Text("never")
    polled = Text(f"{output.span((now - record.last_polled).total_seconds())} ago")
    if record.last_success is None:
        return polled.append("\nno success yet", "dim")
    if record.last_success != record.last_polled:
        polled.append(f"\nsuccess {output.span((now - record.last_success).total_seconds())} ago", "dim")
    return polled


def _next(record: FeedRecord, now: datetime) -> str:
    if record.gone:
        return output.DASH
    if record.next_poll is None or record.next_poll <= now:
        return "now"
    return f"in {output.span((record.next_poll - now).total_seconds())}"


def _rejected(record: FeedRecord) -> Text:
    by_number = sorted(record.rejected.items(), key=lambda each: (-each[1], each[0]))
    shown = ", ".join(f"{number} {reason}" for reason, number in by_number[:REASONS_SHOWN])
    return output.line(shown + (" …" if len(by_number) > REASONS_SHOWN else ""), "yellow")
