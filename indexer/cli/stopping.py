"""Turn the first Ctrl-C or SIGTERM into a wish to stop; the second one ends the process as always."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from indexer.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from indexer.ingest import Stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130  # what a shell makes of a command that Ctrl-C ended


@contextmanager
def by_signal() -> Iterator[Stop]:
    """Give the wish, and listen for it until the end of the block."""
    from indexer.ingest import Stop

    stop = Stop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(_number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, before[each])
        output.say("stopping: what is under way is brought to an end; once more to end at once", "dim")
        stop.ask()

    try:
        for each in SIGNALS:
            signal.signal(each, handle)
        yield stop
    finally:
        for each in SIGNALS:
            signal.signal(each, before[each])
