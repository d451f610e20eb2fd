"""A wish to stop that may come from anywhere, a signal handler among others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Stop:
    """Asked for once, from any thread or signal handler; seen by one event loop."""

    def __init__(self) -> None:
        self.asked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None
        self._then: Callable[[], None] = lambda: None

    def ask(self) -> None:
        """Let the work end soon."""
        self.asked = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell)

    def bind(self, then: Callable[[], None]) -> None:
        """Use this loop, and call ``then`` in it when the wish comes."""
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._then = then
        if self.asked:
            self._tell()

    def unbind(self) -> None:
        """Let go of the loop, which is about to end."""
        self._loop = None

    async def wait(self) -> None:
        """Wait until it is asked for."""
        if self._event is not None:
            await self._event.wait()

    def _tell(self) -> None:
        if self._event is not None and not self._event.is_set():
            self._event.set()
            self._then()
