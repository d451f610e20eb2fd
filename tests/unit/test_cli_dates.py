from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from indexer.cli import dates
from indexer.cli.errors import UsageError

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


def test_days_times_and_spans() -> None:
    """A day begins at its midnight in UTC and ends with it; a span goes back from now; a zone is kept to."""
    assert dates.start("2026-09-01", now=NOW) == datetime(2026, 9, 1, tzinfo=UTC)
    assert dates.end("2026-09-01", now=NOW) == datetime(2026, 9, 2, tzinfo=UTC)
    assert dates.start("7d", now=NOW) == NOW - timedelta(days=7)
    assert dates.end("12h", now=NOW) == NOW - timedelta(hours=12)
    assert dates.end("2026-09-01T10:00+02:00", now=NOW) == datetime(2026, 9, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("wrong", ["", "soon", "2026-13-01", "7", "d"])
def test_what_is_no_date_is_wrong_use(wrong: str) -> None:
    """The message shows how to write one."""
    with pytest.raises(UsageError, match="2026-09-01"):
        dates.start(wrong, now=NOW)
