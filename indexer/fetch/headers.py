"""Read what answers say of time: when to come back, and how long they hold."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_SECONDS = re.compile(r"\d{1,9}")
_DIRECTIVE = re.compile(r"(?:^|,)\s*([A-Za-z-]+)(?:\s*=\s*\"?([^\s,\"]*)\"?)?")


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Give the seconds until the server wants to be asked again; None where it says nothing that can be read.

    A date counts from the server's own ``Date``, since its clock may be wrong, and from ``now`` where that is absent.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _moment(value)
    if until is None:
        return None
    return max((until - (_moment(headers.get("Date", "")) or now)).total_seconds(), 0.0)


def max_age(headers: Mapping[str, str]) -> float | None:
    """Give the seconds for which an answer holds by its ``Cache-Control``; None where that is not said."""
    directives = {name.lower(): value for name, value in _DIRECTIVE.findall(headers.get("Cache-Control", ""))}
    if directives.keys() & {"no-store", "no-cache"}:
        return None
    value = directives.get("max-age", "")
    return float(value) if _SECONDS.fullmatch(value) else None


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None  # «-0000» says that nobody knows the zone
