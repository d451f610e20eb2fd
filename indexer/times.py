"""Read publication dates as far as they can be believed; pure, nothing is invented."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from indexer.models import Precision, Published

EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)  # 1970 is an unset clock, year 1 an unset field
FUTURE = timedelta(days=1)  # of clock and zone errors; what is later was scheduled or made up
RAW_LENGTH = 200  # characters of the original string that are kept; none that was seen has more than 40
_READ_LENGTH = 100  # characters beyond which a string is no date

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

# Zone names with one meaning, in minutes east of UTC; IST, for one, would be a guess. CST and BST are RFC 822's and
# the one that feeds use.
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420, "CET": 60, "CEST": 120, "WEST": 60, "BST": 60, "EET": 120, "EEST": 180,
    "MSK": 180, "JST": 540, "AEST": 600, "AEDT": 660,
}  # fmt: skip
_FURTHEST = 14 * 60  # minutes; no zone is further from UTC

_ZONE = r"(?P<zone>[A-Z]{1,5}|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?)?(?:\s*[\[(][\w/+-]+[\])])?"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:h](?P<minute>\d\d))?(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    rf"\s*(?P<half>[ap]\.?m\.?(?![a-z]))?\s*{_ZONE}"
)
_ISO = re.compile(
    rf"(?P<year>\d{{4}})(?:([-/.])(?P<month>\d\d?)\2(?P<day>\d\d?)|(?P<compact>\d{{4}}))(?:(?:T|,?\s)\s*{_CLOCK})?$",
    re.IGNORECASE,
)
_WEEKDAY = r"(?:[^\W\d_]+[.,]*\s*)??"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<day>\d\d?)(?:er|st|nd|rd|th|[ºª°.])?[\s-]+(?:de\s+)?(?P<name>[^\W\d_]{{3,12}})\.?,?"
    r"[\s-]+(?:del?\s+)?(?P<year>\d{4})"
    rf"(?:(?:,?\s+(?:(?:a|as|at|um|alle|ore|-)\s+)?|T){_CLOCK}(?:\s*uhr)?)?$",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<name>[^\W\d_]{{3,12}})\.?\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
    rf"(?:,?\s+(?:(?:at|-)\s+)?{_CLOCK})?$",
    re.IGNORECASE,
)
_MIDNIGHT = re.compile(r"(?<![:\d+-])(?:00[:h]00(?::00(?:[.,]0+)?)?|12:00(?::00)?\s*a\.?m)(?![:\d])", re.IGNORECASE)
_EPOCH = re.compile(r"(\d{10})(?:\d{3})?$")  # seconds or milliseconds since 1970, from 2001 on


def published(raw: object, *, now: datetime, origin: str) -> Published:
    """Read a date string; ``at`` stays None, and ``problem`` says why, where it is absent or cannot be true.

    A date without a zone is taken as UTC and marked «no zone»; one without a time has the precision of a day.
    """
    text = " ".join(str(raw).split()) if raw is not None else ""
    if not text:
        return Published(problem="absent")
    kept = text[:RAW_LENGTH]
    found = parse(text)
    if found is None:
        return Published(raw=kept, origin=origin, problem="unparsable")
    at, precision, zoned = found
    if at < EARLIEST:
        return Published(raw=kept, origin=origin, problem="too old")
    if at > now + FUTURE:
        return Published(raw=kept, origin=origin, problem="future")
    problem = None if zoned or precision is Precision.DAY else "no zone"
    return Published(at=at, precision=precision, raw=kept, origin=origin, problem=problem)


def is_midnight(raw: str | None) -> bool:
    """Tell whether a date string has a time of day, and that is midnight: often one that nobody meant."""
    return bool(_MIDNIGHT.search(raw or ""))


def parse(text: str) -> tuple[datetime, Precision, bool] | None:
    """Read ISO 8601, RFC 822 and its localised forms as ``(UTC time, precision, had a zone)``.

    None where the day or the zone would have to be guessed: a month without a day, a day that may be the month.
    """
    if len(text) > _READ_LENGTH:
        return None
    try:
        if match := _EPOCH.match(text):
            return datetime.fromtimestamp(int(match.group(1)), tz=UTC), Precision.SECOND, True
        if match := _ISO.match(text):
            return _build(match, int(match.group("month") or match.group("compact")[:2]))
        return _named_month(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _named_month(text: str) -> tuple[datetime, Precision, bool] | None:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    if match := _DAY_FIRST.match(plain) or _MONTH_FIRST.match(plain):
        name = match.group("name").lower()
        number = _MONTH.get(name[:4]) or _MONTH.get(name[:3])
        return _build(match, number) if number else None
    if ":" not in text:
        return None
    at = parsedate_to_datetime(text)  # years of two digits, the form of ctime
    zoned = at.tzinfo is not None
    return (at if zoned else at.replace(tzinfo=UTC)).astimezone(UTC), Precision.SECOND, zoned


def _build(match: re.Match[str], month: int) -> tuple[datetime, Precision, bool]:
    """Put a time together of a match's groups; raises ValueError or OverflowError where there is none."""
    found = match.groupdict()
    day = datetime(int(found["year"]), month, int(found["day"] or found["compact"][2:]), tzinfo=UTC)
    if found["hour"] is None:
        return day, Precision.DAY, False
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    elif found["minute"] is None:
        raise ValueError("a number that may be anything")
    second = min(int(found["second"] or 0), 59)  # 60 is a leap second
    zone = _offset(found["zone"])
    at = day.replace(hour=hour, minute=int(found["minute"] or 0), second=second)
    return (at - zone if zone is not None else at), Precision.SECOND, zone is not None


def _offset(zone: str | None) -> timedelta | None:
    """Give the distance from UTC; None where there is no zone, or one whose name says nothing."""
    if not zone:
        return None
    if zone[-1].isdigit():
        sign, digits = re.search(r"([+-])([\d:]+)", zone).groups()  # type: ignore[union-attr]  # by the pattern
        hours, minutes = digits.split(":") if ":" in digits else (digits[:-2] or digits, digits[-2:])
        if len(digits) <= 2:
            hours, minutes = digits, "0"
        total = int(hours) * 60 + int(minutes)
        if total > _FURTHEST or int(minutes) > 59:
            raise ValueError(f"no zone is {zone}")
        return timedelta(minutes=-total if sign == "-" else total)
    minutes_east = _ZONES.get(zone.upper())
    return None if minutes_east is None else timedelta(minutes=minutes_east)
