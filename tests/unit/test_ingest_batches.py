"""Gathering what comes one by one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from indexer.ingest.batches import Batches

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Sink:
    """Notes the batches it gets, and doubles what is in them."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.batches: list[list[int]] = []
        self.seconds = seconds

    async def __call__(self, batch: list[int]) -> list[int]:
        """Process a batch; 13 is too much for it."""
        self.batches.append(batch)
        await asyncio.sleep(self.seconds)
        if 13 in batch:
            raise ValueError("unlucky")
        return [2 * each for each in batch]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def test_full_batches_go_at_once_and_the_rest_when_drained() -> None:
    """Every item is in exactly one batch, and gets its own result."""

    async def work() -> None:
        sink = Sink()
        batches = Batches(sink, size=10, linger=3600)
        futures = [await batches.put(number) for number in range(12)]
        await batches.drain()
        assert [await each for each in futures] == [2 * number for number in range(12)]
        assert [len(each) for each in sink.batches] == [10, 2]

    run(work())


def test_items_do_not_wait_for_ever() -> None:
    """A batch that does not fill goes after its time."""

    async def work() -> None:
        batches = Batches(Sink(), size=10, linger=0.02)
        assert await (await batches.put(4)) == 8
        assert await (await batches.put(5)) == 10

    run(work())


def test_what_is_hurried_during_a_batch_follows_it() -> None:
    """A wish to go on is not lost while a batch is under way."""

    async def work() -> None:
        sink = Sink(seconds=0.05)
        batches = Batches(sink, size=2, linger=3600)
        first = [await batches.put(each) for each in (1, 2)]
        await asyncio.sleep(0.01)
        third = await batches.put(3)
        batches.hurry()
        assert await asyncio.gather(*first, third) == [2, 4, 6]
        assert sink.batches == [[1, 2], [3]]

    run(work())


def test_a_full_batch_holds_back_who_brings_more() -> None:
    """No more gathers than a batch, beside the one that is under way."""

    async def work() -> None:
        sink = Sink(seconds=0.05)
        batches = Batches(sink, size=2, linger=3600)
        puts = [asyncio.ensure_future(batches.put(each)) for each in range(7)]
        await asyncio.sleep(0.02)
        assert sum(each.done() for each in puts) == 4
        futures = await asyncio.gather(*puts)
        await batches.drain()
        assert [await each for each in futures] == [0, 2, 4, 6, 8, 10, 12]
        assert all(len(each) <= 2 for each in sink.batches)

    run(work())


def test_an_error_reaches_those_it_concerns() -> None:
    """What processing raises is raised for each item of that batch, and the next batch is processed."""

    async def work() -> None:
        batches = Batches(Sink(), size=2, linger=3600)
        bad = [await batches.put(each) for each in (13, 1)]
        good = [await batches.put(each) for each in (2, 3)]
        await batches.drain()
        for each in bad:
            with pytest.raises(ValueError, match="unlucky"):
                await each
        assert [await each for each in good] == [4, 6]

    run(work())
