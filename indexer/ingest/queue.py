"""Make many things at once and hand them on in the order in which they were begun; it must not know what they are."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType

T = TypeVar("T")


class Queue(Generic[T]):
    """At most ``at_once`` are being made or wait for one that was begun before them; an async context manager."""

    def __init__(self, hand_on: Callable[[T], Awaitable[None]], *, at_once: int) -> None:
        self._hand_on = hand_on
        self._at_once = at_once
        self._under_way: deque[asyncio.Task[T]] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in self._under_way:  # there are some only where a bug or the user ends it all
            each.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def put(self, making: Coroutine[Any, Any, T]) -> None:
        """Begin to make something, as soon as there is room; raises what making or handing on something raised."""
        while len(self._under_way) >= self._at_once:
            await self._next()
        self._under_way.append(asyncio.create_task(making))

    async def drain(self) -> None:
        """Hand on all that was begun."""
        while self._under_way:
            await self._next()

    async def _next(self) -> None:
        await self._hand_on(await self._under_way.popleft())
