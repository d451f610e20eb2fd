"""Read the dates that a user gives on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from indexer.cli.errors import UsageError

_SPAN = re.compile(r"(\d{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def start(value: str, *, now: datetime) -> datetime:
    """Read 2026-09-01, a time, or 7d for the last seven days; raises UsageError."""
    if span := _SPAN.fullmatch(value):
        return now - int(span.group(1)) * _UNITS[span.group(2)]
    return _moment(value)


def end(value: str, *, now: datetime) -> datetime:
    """Read the same as an end that is not part of what is meant: a day is, so its end is the next one's beginning."""
    return start(value, now=now) + (timedelta(days=1) if _DAY.fullmatch(value) else timedelta())


def _moment(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"«{value}» is not a date; write 2026-09-01, or 7d for the last seven days") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
