"""Read publication dates as far as they can be believed; pure, nothing is invented."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from indexer.models import Precision, Published

EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)  # 1970 is an unset clock, year 1 an unset field
FUTURE = timedelta(days=1)  # of clock and zone errors; what is later was scheduled or made up

# English months as RFC 822 has them, and the languages that were seen to localise it: French, Portuguese, Spanish,
# Italian, German. Compared without accents, by the shortest beginning that is no other month's.
_MONTHS = (
    ("jan", "gen", "ene"),
    ("feb", "fev"),
    ("mar", "mae"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mag"),
    ("jun", "juin", "giu"),
    ("jul", "juil", "lug"),
    ("aug", "aou", "ago"),
    ("sep", "set"),
    ("oct", "okt", "out", "ott"),
    ("nov",),
    ("dec", "dez", "dic"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d|UTC|GMT)?)?$",
    re.IGNORECASE,
)
_LOCALISED = re.compile(
    r"(?:\w+\.?,?\s+)??(\d{1,2})(?:er|º|°|\.)?\s+(?:de\s+)?([a-z]{3,12})\.?\s+(?:de\s+)?(\d{4})"
    r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([A-Z]{1,5}|[+-]\d\d:?\d\d)?)?$",
    re.IGNORECASE,
)


def published(raw: object, *, now: datetime, origin: str) -> Published:
    """Read a date string; ``at`` stays None, and ``problem`` says why, where it is absent or cannot be true.

    A date without a zone is taken as UTC and marked «no zone»; one without a time has the precision of a day.
    """
    text = " ".join(str(raw).split()) if raw is not None else ""
    if not text:
        return Published(problem="absent")
    found = parse(text)
    if found is None:
        return Published(raw=text[:200], origin=origin, problem="unparsable")
    at, precision, zoned = found
    if at < EARLIEST:
        return Published(raw=text[:200], origin=origin, problem="too old")
    if at > now + FUTURE:
        return Published(raw=text[:200], origin=origin, problem="future")
    problem = None if zoned or precision is Precision.DAY else "no zone"
    return Published(at=at, precision=precision, raw=text[:200], origin=origin, problem=problem)


def parse(text: str) -> tuple[datetime, Precision, bool] | None:
    """Read ISO 8601, RFC 822 and its localised forms as ``(UTC time, precision, had a zone)``."""
    if match := _ISO.match(text):
        year, month, day, hour, minute, second, zone = match.groups()
        return _build(int(year), int(month), int(day), hour, minute, second, zone)
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    if match := _LOCALISED.search(plain):
        day, name, year, hour, minute, second, zone = match.groups()
        lowered = name.lower()
        number = _MONTH.get(lowered[:4]) or _MONTH.get(lowered[:3])
        if number and (hour is None or zone is None or zone[0] in "+-" or zone.upper() in _ZONES):
            return _build(int(year), number, int(day), hour, minute, second, zone)
    try:
        at = parsedate_to_datetime(text)
        zoned = at.tzinfo is not None
        return (at if zoned else at.replace(tzinfo=UTC)).astimezone(UTC), Precision.SECOND, zoned
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


# RFC 822's zone names, in minutes east of UTC; others would be guesses.
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "CET": 60, "CEST": 120, "WEST": 60, "BST": 60,
}  # fmt: skip


def _build(  # noqa: PLR0917 the groups of a match, in its order
    year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None, zone: str | None
) -> tuple[datetime, Precision, bool] | None:
    try:
        at = datetime(year, month, day, int(hour or 0), int(minute or 0), min(int(second or 0), 59), tzinfo=UTC)
        at -= _offset(zone)
    except (ValueError, OverflowError):
        return None
    return at, Precision.SECOND if hour else Precision.DAY, bool(zone)


def _offset(zone: str | None) -> timedelta:
    if not zone:
        return timedelta()
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:4])
        return timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    return timedelta(minutes=_ZONES.get(zone.upper(), 0))
