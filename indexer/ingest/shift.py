"""Hold the feeds that are being polled: start polls, keep their leases alive, record how they ended.

Which feeds, and when, is for others to say.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from indexer.elastic.errors import StoreError
from indexer.ingest import names
from indexer.ingest.batches import Batches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import TracebackType

    from indexer.elastic import Store
    from indexer.elastic.leases import Held
    from indexer.ingest.polling import Poller
    from indexer.ingest.writing import Writer
    from indexer.progress import Progress

FEEDS_AT_ONCE = 100  # claimed and not recorded yet; most of them wait for their host or an answer, and cost little
RECORDS = 50  # feeds a write
LINGER = 0.2  # seconds that the record of a poll waits for others
LEASE = timedelta(minutes=2)  # a worker that dies keeps its feeds from others for so long
RENEWALS = 3  # in the time of a lease: two may fail


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """Who polls, and for how long it claims a feed at a time."""

    name: str
    lease: timedelta = LEASE

    @classmethod
    def this_process(cls, lease: timedelta = LEASE) -> Worker:
        """Name this process."""
        return cls(name=names.own(), lease=lease)


class Shift:
    """The feeds that a worker holds; an async context manager, after which it holds none."""

    def __init__(
        self,
        store: Store,
        poller: Poller,
        writer: Writer,
        *,
        worker: Worker,
        now: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self._store = store
        self._poller = poller
        self._writer = writer
        self._worker = worker
        self._now = now
        self._progress = progress
        self._held: dict[str, Held] = {}
        self._polls: set[asyncio.Task[None]] = set()
        self._leasing = asyncio.Lock()
        self._over = asyncio.Event()
        self._ends: Batches[tuple[str, dict[str, Any]], None] = Batches(self._record, size=RECORDS, linger=LINGER)

    async def __aenter__(self) -> Self:
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for poll in self._polls:  # there are some only where a bug or the user ends it all
            poll.cancel()
        self._over.set()
        await self._renewing
        with contextlib.suppress(StoreError):  # then the leases end by themselves
            await self._give_back()

    @property
    def failure(self) -> StoreError | None:
        """Why nothing can be written any more."""
        return self._writer.failure

    def fail(self, error: StoreError) -> None:
        """Write nothing any more; the first failure is the one that is told."""
        self._writer.fail(error)

    @property
    def polls(self) -> set[asyncio.Task[None]]:
        """The polls that are under way."""
        return self._polls

    @property
    def room(self) -> int:
        """How many further feeds may be claimed."""
        return FEEDS_AT_ONCE - len(self._polls)

    @property
    def holds(self) -> set[str]:
        """The ids of the feeds that are held."""
        return set(self._held)

    async def claim(self, candidates: Sequence[Held]) -> list[Held]:
        """Take the leases of feeds; gives those that were got."""
        async with self._leasing:
            until = self._now() + self._worker.lease
            got = await asyncio.to_thread(self._store.leases.claim, candidates, worker=self._worker.name, until=until)
            self._held |= {each.record.id: each for each in got}
        return got

    def start(self, held: Held, *, retry: bool) -> None:
        """Begin to poll a feed that was claimed."""
        poll = asyncio.create_task(self._poll(held, retry=retry))
        self._polls.add(poll)

    async def until_room(self, number: int) -> None:
        """Wait until ``number`` further feeds may be claimed; raises what a poll raised."""
        while self.room < min(number, FEEDS_AT_ONCE):
            await self.wait(None)

    async def drain(self) -> None:
        """Wait until every poll that was begun is recorded; raises what a poll raised."""
        while self._polls:
            await self.wait(None)
        await self._writer.drain()

    async def wait(self, seconds: float | None, *others: asyncio.Task[Any]) -> None:
        """Wait until a poll or one of ``others`` has ended, at most so long; raises what a poll raised."""
        done, _ = await asyncio.wait({*self._polls, *others}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for poll in done & self._polls:
            self._polls.discard(poll)
            poll.result()

    async def _poll(self, held: Held, *, retry: bool) -> None:
        fields: dict[str, Any] = {}
        try:
            fields = (await self._poller.poll(held.record, retry=retry)).fields
        except StoreError as error:
            self.fail(error)
        self._progress.advance()
        try:
            await (await self._ends.put((held.record.id, fields)))
        except StoreError as error:
            self.fail(error)

    async def _record(self, ends: list[tuple[str, dict[str, Any]]]) -> list[None]:
        """Write how polls ended, of the feeds that are still held, and give their leases back."""
        async with self._leasing:
            ours = [(self._held[identity], fields) for identity, fields in ends if identity in self._held]
            await asyncio.to_thread(self._store.leases.end, ours, worker=self._worker.name)
            for held, _ in ours:
                del self._held[held.record.id]
        return [None] * len(ends)

    async def _renew(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), self._worker.lease.total_seconds() / RENEWALS)
            if self._over.is_set() or not self._held:
                continue
            async with self._leasing:
                held = list(self._held.values())
                until = self._now() + self._worker.lease
                with contextlib.suppress(StoreError):  # the next time may be better; the polls tell that it fails
                    kept = await asyncio.to_thread(
                        self._store.leases.prolong, held, worker=self._worker.name, until=until
                    )
                    self._held = {each.record.id: each for each in kept}

    async def _give_back(self) -> None:
        async with self._leasing:
            held, self._held = list(self._held.values()), {}
            if held:
                await asyncio.to_thread(self._store.leases.end, [(each, {}) for each in held], worker=self._worker.name)
