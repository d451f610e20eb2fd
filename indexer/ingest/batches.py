"""Gather what comes one by one and hand it on in batches; it must not know what is gathered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
R = TypeVar("R")


class Batches(Generic[T, R]):
    """Calls ``process`` with batches, one at a time, and gives each item its own result.

    A batch goes when it is full, when ``linger`` seconds have passed since its first item, or when it is hurried.
    ``process`` gives as many results as it got items, in order; what it raises is raised for each of them.
    """

    def __init__(self, process: Callable[[list[T]], Awaitable[list[R]]], *, size: int, linger: float) -> None:
        self._process = process
        self._size = size
        self._linger = linger
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._room = asyncio.Condition()
        self._timer: asyncio.TimerHandle | None = None
        self._worker: asyncio.Task[None] | None = None
        self._hurried = False

    async def put(self, item: T) -> asyncio.Future[R]:
        """Hand over an item, as soon as there is room for it; gives what will be its result."""
        async with self._room:
            await self._room.wait_for(lambda: len(self._waiting) < self._size)
            future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
            self._waiting.append((item, future))
            if len(self._waiting) >= self._size:
                self.hurry()
            elif self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(self._linger, self.hurry)
        return future

    def hurry(self) -> None:
        """Hand on what has gathered, now, or right after the batch that is under way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._hurried = True
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def drain(self) -> None:
        """Hand on all there is, and wait until it is done."""
        while self._waiting or (self._worker is not None and not self._worker.done()):
            self.hurry()
            if self._worker is not None:
                await asyncio.wait({self._worker})

    async def _work(self) -> None:
        while self._waiting and self._hurried:
            async with self._room:
                batch, self._waiting = self._waiting, []
                self._hurried = False
                self._room.notify_all()
            await self._hand_on(batch)
            self._hurried = self._hurried or len(self._waiting) >= self._size

    async def _hand_on(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._process([item for item, _ in batch])
        except BaseException as error:  # noqa: BLE001 - whoever waits for a result gets the error, whatever it is
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # not every item is waited for any more
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
