"""How long work tells that it goes on; whoever watches decides how it looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a use case says while it works. Calls come from one thread, between ``start`` and ``finish``."""

    def start(self, label: str, total: int | None) -> None:
        """Begin a piece of work of ``total`` steps; None where the number is not known yet."""

    def advance(self, count: int = 1) -> None:
        """Say that ``count`` further steps are done."""

    def note(self, text: str) -> None:
        """Say something worth a line."""

    def finish(self) -> None:
        """End the piece of work."""


class Silent:
    """Nobody watches."""

    def start(self, label: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, count: int = 1) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""
