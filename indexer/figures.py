"""Round shares and lengths of time as people read them; pure, and it knows no language."""

from __future__ import annotations

# Unit, its seconds, and how many of it are written before the next one is taken.
_UNITS = (("s", 1, 60), ("min", 60, 60), ("h", 3600, 48), ("d", 86_400, 730))
YEAR = 31_557_600


def whole_percent(share: float) -> int:
    """Give a share in whole percent; 100 only where nothing is missing, 0 only where nothing is shared."""
    whole = round(share * 100)
    if share < 1:
        whole = min(whole, 99)
    return max(whole, 1) if share > 0 else whole


def rough_span(seconds: float) -> tuple[int, str]:
    """Give a length of time roughly, in its largest fitting unit: s, min, h, d or y."""
    for unit, size, most in _UNITS:
        if round(abs(seconds) / size) < most:
            return round(abs(seconds) / size), unit
    return round(abs(seconds) / YEAR), "y"
