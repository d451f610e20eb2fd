"""Say what is wrong with a query, and point at the place."""

from __future__ import annotations

import unicodedata

from indexer.models import CondensatError

BEFORE, AFTER = 50, 20  # characters that are shown around the place


class QueryError(CondensatError):
    """The query of the user is malformed; the text says where."""


def placed(query: str, at: int, says: str) -> str:
    """Give a message with the query below it, and a caret below the place (an index into the query)."""
    shown = "".join(each if each.isprintable() else " " for each in query)
    start, end = max(0, at - BEFORE), at + AFTER
    before, after = shown[start:at], shown[at:end]
    head = "…" if start else ""
    tail = "…" if end < len(shown) else ""
    return f"{says}\n  {head}{before}{after}{tail}\n  {' ' * (len(head) + _width(before))}^"


def _width(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )
