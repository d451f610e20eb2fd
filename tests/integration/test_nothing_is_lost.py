"""Whatever happens in the middle of a run, the next undisturbed one ends as if nothing had happened.

Compared is all that stands in the index, article by article and pair by pair, field by field: every run of these tests
has the same time. Each case is made from its seed; where it strikes is told with -s.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flaky import DROPS, Fault, Flaky, every_third
from press import PATIENCE, Press, Reader, differing, drop, finish, snapshot
from world import world

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from elasticsearch import Elasticsearch
    from newsstand import Asked

    from indexer import engine as local

KILLS = 60  # in all, two a case: some come a moment after the end, and fifty are to strike
WORLDS = 5


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an undisturbed run ends in, how often it asks the sites, and how long it works after the last of these."""

    index: dict[str, dict[str, Any]]
    requests: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Case:
    """A press, how it is read, and how that ends: at first, and after the edits."""

    press: Press
    reader: Reader
    wanted: tuple[Wanted, ...]


@pytest.fixture(scope="module")
def cases(
    engine: local.Running, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Case]]:
    """Give a way to have the press of a seed; each is read once in peace."""
    made: dict[int, Case] = {}
    polls = (False, True) if request.config.getoption("--long") else (False,)
    with contextlib.ExitStack() as opened, connected(engine) as client:

        def of(seed: int) -> Case:
            if seed not in made:
                press = opened.enter_context(Press(world(seed)))
                reader = Reader(engine, press.feeds, tmp_path_factory.mktemp("press"))
                made[seed] = Case(press=press, reader=reader, wanted=in_peace(client, press, reader, polls))
            made[seed].press.publish(edited=False)
            made[seed].press.network.use(None)
            return made[seed]

        yield of


def in_peace(client: Elasticsearch, press: Press, reader: Reader, polls: Sequence[bool]) -> tuple[Wanted, ...]:
    """Read a press as it is at first, and after its edits where that is wanted, undisturbed."""
    prefix = f"test-{secrets.token_hex(6)}"
    ends = []
    for edited in polls:
        press.publish(edited=edited)
        press.stand.asked.clear()
        reader.run(prefix)
        seconds = time.monotonic() - press.last_asked
        ends.append(Wanted(index=snapshot(client, prefix), requests=len(press.stand.asked), seconds=seconds))
    drop(client, [prefix])
    kinds = {each["kind"] for each in ends[0].index.values() if "kind" in each}
    assert kinds == {"exact", "near", "partial", "passage"}
    assert {each["origins"]["text"] for each in ends[0].index.values() if "origins" in each} == {"page", "feed"}
    assert any(each.get("revisions") for each in ends[-1].index.values()) == (True in polls)
    return tuple(ends)


@contextlib.contextmanager
def connected(engine: local.Running) -> Iterator[Elasticsearch]:
    from elasticsearch import Elasticsearch  # noqa: PLC0415 the name is for types above

    with Elasticsearch(engine.url, basic_auth=(engine.username, engine.password), request_timeout=60) as client:
        yield client


@pytest.fixture
def prefix(client: Elasticsearch) -> Iterator[str]:
    """Give a prefix of which nothing is left in the end; its indices are made by the command."""
    name = f"test-{secrets.token_hex(6)}"
    yield name
    drop(client, [name])


def begin(case: Case, prefix: str, **environment: str) -> subprocess.Popen[str]:
    """Begin a run, and forget what was asked before."""
    case.press.stand.asked.clear()
    return case.reader.start(prefix, **environment)


def wait_for_work(case: Case, process: subprocess.Popen[str], requests: int = 1) -> None:
    """Wait until a run has asked the sites so often, or has ended."""
    limit = time.monotonic() + PATIENCE
    while len(case.press.stand.asked) < requests and process.poll() is None:
        assert time.monotonic() < limit, "too little was asked for"
        time.sleep(0.002)


def random_moment(case: Case, wanted: Wanted, process: subprocess.Popen[str], chance: random.Random) -> str:
    """Wait for a moment of a run: one half of them lies among its requests, the other after the last of these.

    Counted by requests and not by seconds alone, so that the moments fall into the run however busy the machine is.
    """
    if chance.random() < 0.5:
        requests = chance.randint(1, wanted.requests)
        wait_for_work(case, process, requests)
        pause = chance.uniform(0, 0.05)
        said = f"{pause:.2f} s after request {requests} of {wanted.requests}"
    else:
        wait_for_work(case, process, wanted.requests)
        pause = chance.uniform(0, 0.9 * wanted.seconds)
        said = f"{pause:.2f} of {wanted.seconds:.2f} s after the last request"
    time.sleep(pause)
    return said


def same(client: Elasticsearch, prefix: str, wanted: Wanted) -> None:
    """Compare with what an undisturbed run ended in."""
    assert differing(snapshot(client, prefix), wanted.index) == {}


def how_far(client: Elasticsearch, prefix: str) -> str:
    """Say what stands there."""
    counts = []
    for name in ("articles", "pending", "reposts"):
        with contextlib.suppress(Exception):
            client.indices.refresh(index=f"{prefix}-{name}")
            counts.append(f"{client.count(index=f'{prefix}-{name}')['count']} {name}")
    return ", ".join(counts) or "no index yet"


# -- a worker is killed ------------------------------------------------------------------------------------


def killed(client: Elasticsearch, case: Case, prefix: str, chance: random.Random, *, edited: bool) -> None:
    """Kill a run at a random moment of its work, let another one follow, and compare."""
    case.press.publish(edited=edited)
    wanted = case.wanted[edited]
    process = begin(case, prefix)
    when = random_moment(case, wanted, process, chance)
    process.kill()
    process.communicate()
    print(f"\nkilled ({process.returncode}) {when}: {how_far(client, prefix)}")
    case.reader.run(prefix)
    same(client, prefix, wanted)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(KILLS // 2))
def test_killed_at_random_moments(client: Elasticsearch, cases: Callable[[int], Case], prefix: str, seed: int) -> None:
    """There is no moment at which a death leaves anything behind: not at the first poll, and not amid edits."""
    case, chance = cases(seed % WORLDS), random.Random(seed)  # noqa: S311 nothing here is secret
    killed(client, case, prefix, chance, edited=False)
    killed(client, case, prefix, chance, edited=True)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_an_extracting_process_is_killed(
    client: Elasticsearch, cases: Callable[[int], Case], prefix: str, seed: int
) -> None:
    """A process that extracts may die as if its page had killed it: the page is tried again at the next run."""
    case, chance = cases(seed % WORLDS), random.Random(seed)  # noqa: S311 nothing here is secret
    process = begin(case, prefix)
    wait_for_work(case, process, chance.randint(1, case.wanted[0].requests))
    for each in children(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    report = finish(process, code=None)
    print(f"\n{report['rejected']}")
    case.reader.run(prefix)
    same(client, prefix, case.wanted[0])


def children(parent: int) -> set[int]:
    """Give the processes that ``parent`` has started."""
    with contextlib.suppress(FileNotFoundError):
        threads = list(Path(f"/proc/{parent}/task").iterdir())
        return {int(each) for thread in threads for each in (thread / "children").read_text(encoding="ascii").split()}
    return set()


# -- Elasticsearch goes away -------------------------------------------------------------------------------


def without_elasticsearch(engine: local.Running, case: Case, prefix: str, *, after: int) -> None:
    """Let Elasticsearch answer no more after so many requests; the run fails and says so."""
    with Flaky(engine.url) as between:
        process = begin(case, prefix, CONDENSAT_URL=between.url)
        wait_for_work(case, process)
        between.use(lambda number: Fault.DROPPED if number >= after else None)
        report = finish(process, code=1)
    assert "does not answer" in " ".join(report["warnings"])


@pytest.mark.long
@pytest.mark.parametrize("after", range(0, 60, 6))
def test_elasticsearch_goes_away(
    engine: local.Running, client: Elasticsearch, cases: Callable[[int], Case], prefix: str, after: int
) -> None:
    """From some request on Elasticsearch does not answer any more: the run fails, the next makes up for it."""
    case = cases(after % WORLDS)
    without_elasticsearch(engine, case, prefix, after=after)
    case.reader.run(prefix)
    same(client, prefix, case.wanted[0])


# -- the disk is full --------------------------------------------------------------------------------------


def full(client: Elasticsearch, prefix: str, *, is_full: bool) -> None:
    """Set the very block that Elasticsearch sets when its disk is full, or take it away."""
    client.indices.put_settings(
        index=f"{prefix}-*", settings={"index.blocks.read_only_allow_delete": True if is_full else None}
    )


def without_space(client: Elasticsearch, case: Case, prefix: str, *, after: int) -> None:
    """Let nothing be written after so many requests to the sites; the run fails and says so. Then there is space."""
    filled = threading.Event()

    def fill(_: Asked) -> None:
        if not filled.is_set() and len(case.press.stand.asked) >= after:
            filled.set()
            full(client, prefix, is_full=True)

    before, case.press.stand.before = case.press.stand.before, fill
    try:
        report = finish(begin(case, prefix), code=1)
    finally:
        case.press.stand.before = before
        full(client, prefix, is_full=False)
    assert "disk" in " ".join([*report["warnings"], *(each["detail"] for each in report["rejections"])])


@pytest.mark.long
@pytest.mark.parametrize("after", range(1, 62, 6))
def test_the_disk_is_full(client: Elasticsearch, cases: Callable[[int], Case], prefix: str, after: int) -> None:
    """When nothing can be written any more the run fails; when there is space again the next makes up for it."""
    case = cases(after % WORLDS)
    without_space(client, case, prefix, after=after)
    case.reader.run(prefix)
    same(client, prefix, case.wanted[0])


# -- the network drops every third request -----------------------------------------------------------------


def spoilt(
    engine: local.Running, case: Case, prefix: str, seed: int, *, edited: bool = False, faults: Sequence[Fault] = DROPS
) -> None:
    """Spoil every third request to the sites, and drop every third one to Elasticsearch."""
    case.press.publish(edited=edited)
    with Flaky(engine.url) as between:
        process = begin(case, prefix, CONDENSAT_URL=between.url)
        wait_for_work(case, process)
        case.press.network.use(every_third(seed, faults))
        between.use(every_third(seed))
        report = finish(process, code=None)
        case.press.network.use(None)
    assert all(between.done[each] for each in DROPS)
    print(f"\n{report.get('rejected')} {report.get('warnings')}")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_the_network_drops_every_third_request(
    engine: local.Running, client: Elasticsearch, cases: Callable[[int], Case], prefix: str, seed: int
) -> None:
    """Requests are reset before, after and amid their answers; sites are slow and answer 503 as well.

    A run in peace comes before the edits: what a site has overwritten before anybody could read it, nobody brings back.
    """
    case = cases(seed % WORLDS)
    for edited in (False, True):
        spoilt(engine, case, prefix, seed, edited=edited, faults=tuple(Fault))
        case.reader.run(prefix)
        same(client, prefix, case.wanted[edited])


# -- all of it ---------------------------------------------------------------------------------------------


def test_one_misfortune_after_another(
    engine: local.Running, client: Elasticsearch, cases: Callable[[int], Case], prefix: str
) -> None:
    """After a death, a full disk, an Elasticsearch that goes away and a bad network, one run in peace sets it right."""
    case = cases(0)
    process = begin(case, prefix)
    wait_for_work(case, process, case.wanted[0].requests // 2)
    process.kill()
    process.communicate()
    without_space(client, case, prefix, after=30)
    without_elasticsearch(engine, case, prefix, after=20)
    spoilt(engine, case, prefix, 0)
    case.reader.run(prefix)
    same(client, prefix, case.wanted[0])
