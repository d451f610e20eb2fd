"""Show how far work is: a moving bar on a terminal, a line now and then elsewhere; always on standard error."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from indexer import telemetry
from indexer.cli import logs, output

if TYPE_CHECKING:
    from rich.progress import TaskID

    from indexer.progress import Progress

EVERY = 10.0  # seconds between plain lines


class Bar:
    """Progress on a terminal."""

    def __init__(self) -> None:
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=output.stderr(),
            transient=True,
        )
        self._task: TaskID | None = None

    def start(self, label: str, total: int | None) -> None:
        """Show a bar; another piece of work replaces it."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(output.clean(label), total=total)
        self._bars.start()

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.advance(self._task, count)

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._bars.console.print(output.safe(text, "dim"))

    def finish(self) -> None:
        """Take the bar away."""
        self._bars.stop()


class Lines:
    """Progress in a file, a pipe or a log: at the start, and every few seconds where it takes long."""

    def __init__(self) -> None:
        self._label = ""
        self._total: int | None = None
        self._done = 0
        self._told = 0.0

    def start(self, label: str, total: int | None) -> None:
        """Say what begins."""
        self._label, self._total, self._done, self._told = label, total, 0, time.monotonic()
        output.say(label if total is None else f"{label}: {total}")

    def advance(self, count: int = 1) -> None:
        """Say how far it is, if it is time."""
        self._done += count
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            of = "" if self._total is None else f" of {self._total}"
            output.say(f"{self._label}: {self._done}{of}")

    def note(self, text: str) -> None:
        """Say it."""
        output.say(text)

    def finish(self) -> None:
        """Say nothing: the report follows."""


class Traced:
    """Progress whose pieces of work are traced as well."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._span: ExitStack | None = None

    def start(self, label: str, total: int | None) -> None:
        """Begin a piece of work; it ends the one before."""
        self._end()
        self._span = ExitStack()
        self._span.enter_context(telemetry.span(label, {} if total is None else {"condensat.total": total}))
        self._shown.start(label, total)

    def advance(self, count: int = 1) -> None:
        """Hand it on."""
        self._shown.advance(count)

    def note(self, text: str) -> None:
        """Hand it on."""
        self._shown.note(text)

    def finish(self) -> None:
        """End the piece of work."""
        self._end()
        self._shown.finish()

    def _end(self) -> None:
        if self._span is not None:
            self._span.close()
            self._span = None


def make() -> Progress:
    """Give what fits where standard error goes."""
    return Traced(Bar() if output.stderr().is_terminal and not logs.is_json() else Lines())
