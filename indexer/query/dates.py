"""Read dates as people type them into the span of time that they mean; the clock is left to Elasticsearch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HELP = "write 2026-09-01, 2026-09, 2026, a moment such as 2026-09-01T08:30Z, today, or 7d for the last seven days"
_AGO = re.compile(r"(\d{1,5})([hdwMy])")
_PARTS = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time: from ``start`` up to, without it, ``end``; a moment has the same for both."""

    start: str  # as Elasticsearch takes it: a moment of our dates, or its arithmetic from now
    end: str

    @property
    def is_moment(self) -> bool:
        """Whether it is no longer than an instant."""
        return self.start == self.end


def span(text: str) -> Span | None:
    """Read a day, a month, a year, a moment, ``today``, ``yesterday``, or a length of time back from now.

    A length, such as 7d, is the moment so long ago. None where it is none of these.
    """
    text = text.strip()
    lower = text.lower()
    if lower in {"today", "yesterday"}:
        return Span("now/d", "now+1d/d") if lower == "today" else Span("now-1d/d", "now/d")
    if lower == "now":
        return Span("now", "now")
    ago = _AGO.fullmatch(text)
    if ago:
        return Span(f"now-{text}", f"now-{text}")
    try:
        parts = _PARTS.fullmatch(text)
        if parts:
            return _calendar(*(int(each) if each else None for each in parts.groups()))
        if _MOMENT.fullmatch(text):
            at = datetime.fromisoformat(text)
            moment = _write(at if at.tzinfo else at.replace(tzinfo=UTC))
            return Span(moment, moment)
    except (ValueError, OverflowError):
        pass
    return None


def _calendar(year: int | None, month: int | None, day: int | None) -> Span:
    start = datetime(year or 1, month or 1, day or 1, tzinfo=UTC)
    if day:
        end = start + timedelta(days=1)
    elif month:
        end = start.replace(year=start.year + month // 12, month=month % 12 + 1)
    else:
        end = start.replace(year=start.year + 1)
    return Span(_write(start), _write(end))


def _write(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def between(low: Span | None, high: Span | None, *, with_low: bool = True, with_high: bool = True) -> dict[str, str]:
    """Give the bounds of a range from ``low`` to ``high``, the whole of both unless they are left out."""
    bounds = {}
    if low:
        bounds["gte" if with_low or not low.is_moment else "gt"] = low.start if with_low else low.end
    if high:
        bounds["lte" if with_high and high.is_moment else "lt"] = high.end if with_high else high.start
    return bounds
