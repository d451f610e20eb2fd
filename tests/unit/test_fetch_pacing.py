"""Turns at hosts: the pauses between requests, and what a host that wants rest gets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from site_server import Asked, Site, answer

from indexer.fetch import Fetcher, FetchError, Limits, Pacing
from indexer.fetch.pacing import SWEEP_FROM, Hosts, PausedError
from indexer.models import Failure, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

QUICK = Limits(connect=0.5, read=0.5, total=2.0, retry_pauses=(0.01, 0.02))
DELAY = 0.05


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve on loopback; each test puts up the routes it needs."""
    with Site() as running:
        yield running


def with_fetcher(work: Callable[[Fetcher], Coroutine[Any, Any, None]], *, limits: Limits = QUICK, **more: Any) -> None:
    """Run with a fetcher to whom every host is loopback."""

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def run() -> None:
        async with Fetcher(allow_private=True, limits=limits, resolve=resolve, **more) as fetcher:
            await work(fetcher)

    asyncio.run(run())


def test_requests_to_one_host_are_apart(site: Site) -> None:
    """Two requests to one host never start closer together than the delay, redirects among them."""
    starts: list[float] = []

    async def note(asked: Asked, writer: Any) -> None:
        starts.append(asyncio.get_running_loop().time())
        await (answer(302, headers={"Location": "/end"}) if asked.path == "/go" else answer(body=b"ok"))(asked, writer)

    site.routes |= {"/": note, "/go": note, "/end": note}

    async def work(fetcher: Fetcher) -> None:
        starts.append(asyncio.get_running_loop().time())
        await asyncio.gather(*(fetcher.get(site.url + path, kind="page") for path in ("/", "/go", "/", "/")))

    with_fetcher(work, pacing=Pacing(delay=DELAY, per_host=3))
    assert len(starts) == 1 + 5
    assert starts[-1] - starts[0] >= 4 * DELAY


def test_hosts_do_not_wait_for_each_other(site: Site) -> None:
    """Each host has a queue of its own: with an hour between two requests, ten hosts are asked at once."""
    site.routes["/"] = answer(body=b"ok")

    async def work(fetcher: Fetcher) -> None:
        async with asyncio.timeout(5):
            urls = [f"http://h{each}.example:{site.port}/" for each in range(10)]
            await asyncio.gather(*(fetcher.get(url, kind="page") for url in urls))

    with_fetcher(work, pacing=Pacing(delay=3600.0))
    assert len(site.asked) == 10


@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_thousands_of_fetches_open_few_connections(site: Site, number: int) -> None:
    """10,000 feeds that are due at once, each on a host of its own, are asked over no more than the allowed places."""
    site.routes["/"] = answer(body=b"ok", headers={"Connection": "close"})

    async def work(fetcher: Fetcher) -> None:
        urls = [f"http://h{each}.example:{site.port}/" for each in range(number)]
        await asyncio.gather(*(fetcher.get(url, kind="feed") for url in urls))

    with_fetcher(work, pacing=Pacing(connections=16), limits=Limits())
    assert len(site.asked) == number
    assert site.most_open <= 16


def test_a_body_keeps_its_place_until_it_is_dealt_with(site: Site) -> None:
    """No further body is read in while those that were read are not dealt with."""
    site.routes["/"] = answer(body=b"ok")

    async def work(fetcher: Fetcher) -> None:
        dealing = asyncio.Event()
        done = asyncio.Event()

        async def deal(name: str) -> None:
            async with fetcher.open(f"http://{name}.example:{site.port}/", kind="page"):
                dealing.set()
                await done.wait()

        first = asyncio.ensure_future(deal("one"))
        await dealing.wait()
        second = asyncio.ensure_future(deal("two"))
        await asyncio.sleep(0.1)
        assert len(site.asked) == 1
        done.set()
        await asyncio.gather(first, second)
        assert len(site.asked) == 2

    with_fetcher(work, pacing=Pacing(delay=0.0, connections=1))


def test_a_place_comes_back_however_a_fetch_ends(site: Site) -> None:
    """Failed, redirected and cancelled fetches, and blocks that raise, give their place back."""

    async def hang(_: Asked, __: Any) -> None:
        await asyncio.sleep(30)

    site.routes |= {
        "/": answer(body=b"ok"),
        "/hang": hang,
        "/gone": answer(410),
        "/busy": answer(503),
        "/loop": answer(302, headers={"Location": "/loop"}),
        "/big": answer(body=b"x" * 6_000_000),
    }

    async def work(fetcher: Fetcher) -> None:
        for path in ("/gone", "/busy", "/loop", "/big", "/hang"):
            with pytest.raises(RejectedError):
                await fetcher.get(site.url + path, kind="page")
        hanging = asyncio.ensure_future(fetcher.get(f"{site.url}/hang", kind="page"))
        await asyncio.sleep(0.05)
        hanging.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hanging
        with pytest.raises(ZeroDivisionError):
            async with fetcher.open(f"{site.url}/", kind="page"):
                raise ZeroDivisionError
        async with asyncio.timeout(2):
            assert (await fetcher.get(f"{site.url}/", kind="page")).body == b"ok"

    with_fetcher(work, pacing=Pacing(delay=0.0, connections=1))


# Wishes


@pytest.mark.parametrize(("status", "wish"), [(429, "120"), (429, None), (503, "120")])
def test_a_host_that_wants_rest_gets_it(site: Site, status: int, wish: str | None) -> None:
    """After 429, and after 503 with Retry-After, the host is not asked again; what wants to ask it fails for now."""
    site.routes |= {"/": answer(status, headers={"Retry-After": wish} if wish else {}), "/other": answer(body=b"ok")}

    async def work(fetcher: Fetcher) -> None:
        with pytest.raises(FetchError) as first:
            await fetcher.get(f"{site.url}/", kind="page")
        assert (first.value.status, first.value.retry_after) == (status, float(wish) if wish else None)
        if wish:
            with pytest.raises(FetchError) as second:
                await fetcher.get(f"{site.url}/other", kind="page")
            assert second.value.reason is Reason.HTTP_STATUS
            assert second.value.failure is Failure.TEMPORARY
            assert 110 < (second.value.retry_after or 0) <= 120
        else:  # half a minute is waited for
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(fetcher.get(f"{site.url}/other", kind="page"), 0.3)

    with_fetcher(work, pacing=Pacing(delay=0.0))
    assert site.paths() == ["/"]


def test_a_short_rest_is_waited_for(site: Site) -> None:
    """A host that asks for a second is asked again after it, in the same run."""

    async def first_busy(asked: Asked, writer: Any) -> None:
        busy = len(site.asked) == 1
        await (answer(503, headers={"Retry-After": "1"}) if busy else answer(body=b"ok"))(asked, writer)

    site.routes["/"] = first_busy

    async def work(fetcher: Fetcher) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(FetchError):
            await fetcher.get(f"{site.url}/", kind="page")
        assert (await fetcher.get(f"{site.url}/", kind="page")).body == b"ok"
        assert loop.time() - began >= 1

    with_fetcher(work, pacing=Pacing(delay=0.0))


def test_stop(site: Site) -> None:
    """Stopping ends what is under way, what waits for its turn and what comes later, each as interrupted."""

    async def hang(_: Asked, __: Any) -> None:
        await asyncio.sleep(30)

    site.routes["/"] = hang

    async def work(fetcher: Fetcher) -> None:
        fetches = [asyncio.ensure_future(fetcher.get(f"{site.url}/", kind="page")) for _ in range(5)]
        await asyncio.sleep(0.1)
        fetcher.stop()
        ends = await asyncio.gather(*fetches, fetcher.get(f"{site.url}/", kind="page"), return_exceptions=True)
        assert [isinstance(each, RejectedError) and each.reason for each in ends] == [Reason.INTERRUPTED] * 6

    with_fetcher(work, pacing=Pacing(delay=3600.0))


# Hosts, without a server


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


def test_the_longer_delay_counts() -> None:
    """What a host wants between two requests counts where it is more than our own delay."""

    async def work() -> None:
        hosts = Hosts(Pacing(delay=0.01))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(3):
            async with hosts.turn("host", delay=DELAY):
                pass
        assert loop.time() - began >= 2 * DELAY

    run(work)


def test_a_long_pause_is_not_waited_for() -> None:
    """Who would have to wait for minutes is told so at once."""

    async def work() -> None:
        hosts = Hosts(Pacing(delay=0.0))
        hosts.pause("host", 600)
        hosts.pause("host", 5)  # a shorter wish does not undo a longer one
        with pytest.raises(PausedError) as caught:
            async with hosts.turn("host"):
                raise AssertionError
        assert 590 < caught.value.seconds <= 600

    run(work)


def test_hosts_are_forgotten() -> None:
    """Memory does not grow with the hosts that were ever asked."""

    async def work() -> None:
        hosts = Hosts(Pacing(delay=0.0))
        for number in range(5 * SWEEP_FROM):
            async with hosts.turn(f"host{number}"):
                pass
        assert len(hosts) <= SWEEP_FROM + 1

    run(work)
