"""Real processes that poll feeds beside each other over one Elasticsearch."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from door import Door
from newsstand import Answer, Asked, Newsstand

from indexer.cli.session import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer import engine as local
    from indexer.elastic import Store

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds; what takes longer hangs
LEASE = 4.0


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    """Serve feeds on loopback."""
    with Newsstand() as running:
        yield running


class Command:
    """Starts the command as a process; all of them are gone in the end."""

    def __init__(self, engine: local.Running, store: Store, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONDENSAT_")},
            "PYTHONPATH": str(ROOT),
            "CONDENSAT_URL": engine.url,
            "CONDENSAT_USERNAME": engine.username,
            "CONDENSAT_PASSWORD": engine.password,
            "CONDENSAT_PREFIX": store.prefix,
            "CONDENSAT_ARCHIVE": str(folder / "archive"),
            "CONDENSAT_ALLOW_PRIVATE": "1",
            "CONDENSAT_HOST_DELAY": "0",
            "CONDENSAT_HOST_CONNECTIONS": "8",
        }
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, who: str = "condensat") -> subprocess.Popen[str]:
        """Start it; ``who`` is the name by which it asks."""
        process = subprocess.Popen(
            [sys.executable, "-m", "indexer", *arguments],
            cwd=self.folder,
            env={**self.environment, "CONDENSAT_USER_AGENT": f"{who}/1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def watch(self, who: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one that watches."""
        return self.start("ingest", "--watch", "--lease", str(LEASE), "--processes", "1", *arguments, who=who)

    def run(self, *arguments: str, code: int = 0, who: str = "condensat") -> tuple[str, str]:
        """Run it to its end; gives what it wrote to standard output and error."""
        return self.end(self.start(*arguments, who=who), code=code)

    def report(self, *arguments: str, code: int = 0, who: str = "condensat") -> Any:
        """Run it and read its report."""
        return json.loads(self.run(*arguments, "--format", "json", code=code, who=who)[0])

    @staticmethod
    def end(process: subprocess.Popen[str], *, code: int = 0) -> tuple[str, str]:
        """Wait for the end of a process."""
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, err
        assert "Traceback" not in err, err
        return out, err


@pytest.fixture
def command(engine: local.Running, store: Store, tmp_path: Path) -> Iterator[Command]:
    """Give the command, on indices of this test's own."""
    made = Command(engine, store, tmp_path)
    yield made
    for each in made.running:
        with contextlib.suppress(ProcessLookupError):
            each.kill()
        each.communicate()


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit, what
        time.sleep(0.05)


def held_up(gate: threading.Event, whom: Callable[[Asked], bool]) -> Callable[[Asked], None]:
    """Hold some requests up until the gate opens."""

    def before(asked: Asked) -> None:
        if whom(asked):
            gate.wait(PATIENCE)

    return before


def add(store: Store, stand: Newsstand, number: int) -> None:
    store.feeds.add_all([(stand.feed(each), None) for each in range(number)], now=now())


def make_due(store: Store) -> None:
    """Let a round begin: every feed is due again."""
    everything = store.leases.look([each.id for each in store.feeds.all()])
    assert not store.leases.end([(each, {"next_poll": now() - timedelta(seconds=1)}) for each in everything], worker="")
    store.feeds.refresh()


def all_free(store: Store) -> bool:
    store.feeds.refresh()
    return all(each.last_success and not each.lease_by for each in store.feeds.all())


def test_two_watch_and_each_feed_is_polled_once_a_round(stand: Newsstand, store: Store, command: Command) -> None:
    """Two processes share what is due: in each round every feed is asked for exactly once, by one of them."""
    feeds = 260
    stand.entries = 0
    stand.before = lambda _: time.sleep(0.02)
    add(store, stand, feeds)
    workers = [command.watch(who) for who in ("ann", "bob")]
    for rounds in (1, 2, 3):
        until(lambda rounds=rounds: stand.counts().total() >= rounds * feeds, f"round {rounds}")  # type: ignore[misc]
        until(lambda: all_free(store), "all polls recorded")
        assert set(stand.counts().values()) == {rounds}
        assert len(stand.counts()) == feeds
        if rounds < 3:
            make_due(store)
    assert stand.counts(who="ann")
    assert stand.counts(who="bob")
    for each in workers:
        each.terminate()
        command.end(each)
    assert stand.counts().total() == 3 * feeds


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
def test_the_feeds_of_a_lost_worker_are_taken_over(
    stand: Newsstand, store: Store, command: Command, end: signal.Signals
) -> None:
    """Killed or frozen in the middle of its polls, a worker loses its feeds to the other, at the latest with its lease.

    One that wakes up again does no harm.
    """
    gate = threading.Event()
    stand.before = held_up(gate, lambda asked: asked.who == "ann")
    add(store, stand, 20)
    ann = command.watch("ann")
    until(lambda: bool(stand.counts(who="ann")), "the first began")
    bob = command.watch("bob")
    time.sleep(LEASE * 1.5)
    assert not stand.counts(who="bob")  # a living worker prolongs its leases
    ann.send_signal(end)
    until(lambda: len(stand.counts(who="bob")) == 20, "the other took over")
    until(lambda: all_free(store), "all recorded")
    gate.set()
    if end is signal.SIGSTOP:
        ann.send_signal(signal.SIGCONT)
        time.sleep(1)
        ann.terminate()
        command.end(ann)
    assert set(stand.counts(who="bob").values()) == {1}
    bob.terminate()
    command.end(bob)
    assert store.articles.count() == 20


def test_a_watch_ends_cleanly_in_the_middle(stand: Newsstand, store: Store, command: Command) -> None:
    """SIGTERM ends a watch soon, whatever hangs; its feeds are free and due, and a run that follows brings them in."""
    gate = threading.Event()
    stand.entries = 3
    stand.before = held_up(gate, lambda asked: asked.path.startswith("/page"))
    add(store, stand, 10)
    process = command.watch("ann", "--format", "json")
    until(lambda: bool(stand.counts("/page/")), "pages were asked for")
    began = time.monotonic()
    process.terminate()
    out, _ = command.end(process)
    assert time.monotonic() - began < 20
    reports = [json.loads(line) for line in out.splitlines()]
    assert sum(each["rejected"].get("interrupted", 0) for each in reports) == sum(each["read"] for each in reports) > 0
    store.feeds.refresh()
    assert not [each.url for each in store.feeds.all() if each.lease_by]
    gate.set()
    assert command.report("ingest")["created"] == 30


def test_ctrl_c_ends_a_single_run_cleanly(stand: Newsstand, store: Store, command: Command) -> None:
    """Ctrl-C gives back what was not polled, says so, and the report accounts for every entry."""
    gate = threading.Event()
    stand.before = held_up(gate, lambda asked: asked.path.startswith("/page"))
    add(store, stand, 10)
    process = command.start("ingest", "--format", "json")
    until(lambda: bool(stand.counts("/page/")), "pages were asked for")
    process.send_signal(signal.SIGINT)
    report = json.loads(command.end(process, code=130)[0])
    assert report["read"] == report["created"] + sum(report["rejected"].values())
    store.feeds.refresh()
    assert not [each.url for each in store.feeds.all() if each.lease_by]
    gate.set()


def test_a_feed_that_is_being_polled_is_skipped_and_said(stand: Newsstand, store: Store, command: Command) -> None:
    """A single run beside a watch leaves alone what the watch holds, names it, and does not fail."""
    gate = threading.Event()
    stand.before = held_up(gate, lambda asked: asked.who == "ann")
    add(store, stand, 3)
    ann = command.watch("ann")
    until(lambda: len(stand.counts(who="ann")) == 3, "the watch holds them")
    report = command.report("ingest", who="bob")
    assert (report["read"], report["feeds"]["skipped"]) == (0, 3)
    assert all(stand.feed(each) in " ".join(report["warnings"]) for each in range(3))
    command.report("ingest", stand.feed(1), who="bob")
    assert not stand.counts(who="bob")
    gate.set()
    ann.terminate()
    command.end(ann)


def test_a_new_feed_is_polled_soon(stand: Newsstand, store: Store, command: Command) -> None:
    """A feed that is taken up while a watch is idle is polled without a restart; each round is a line."""
    process = command.watch("ann")
    add(store, stand, 1)
    until(lambda: store.articles.count() == 1, "the first feed came in")
    store.feeds.add(stand.feed(7), now=now())
    until(lambda: bool(stand.counts()["/feed/7"]), "the second feed was polled")
    until(lambda: all_free(store), "recorded")
    process.terminate()
    _, err = command.end(process)
    assert err.count("1 created") == 2


def test_a_watch_outlives_an_outage(stand: Newsstand, store: Store, command: Command, engine: local.Running) -> None:
    """While Elasticsearch is away a watch says so and tries again; when it is back nothing is missing."""
    gate = threading.Event()
    stand.entries = 3
    stand.before = held_up(gate, lambda asked: asked.path.startswith("/page"))
    add(store, stand, 10)
    with Door(engine.url) as door:
        command.environment["CONDENSAT_URL"] = door.url
        process = command.watch("ann")
        until(lambda: bool(stand.counts("/page/")), "pages were asked for")
        door.shut()
        gate.set()
        assert process.stderr
        assert any("does not answer" in line for line in process.stderr)  # reads on until one does
        door.open()
        until(lambda: store.articles.count() == 30, "everything came in")
        until(lambda: all_free(store), "all polls recorded")
        process.terminate()
        command.end(process)


def test_pages_that_robots_txt_forbids(stand: Newsstand, store: Store, command: Command) -> None:
    """Feeds are read without asking; pages are not where the site forbids it, unless the user says so by name."""
    stand.routes["/robots.txt"] = Answer(body="User-agent: condensat\nDisallow: /\n")
    add(store, stand, 1)
    report = command.report("ingest")
    assert (report["feeds"]["read"], report["rejected"]) == (1, {"robots": 1})
    report = command.report("ingest")
    assert stand.counts("/page/").total() == 0
    assert command.report("add", f"{stand.url}/page/0-0", code=1)["rejected"] == {"robots": 1}
    assert command.report("add", "--ignore-robots", f"{stand.url}/page/0-0")["created"] == 1
    listed = json.loads(command.run("feeds", "check", "--format", "json")[0])
    assert [(each["discovered"], each["indexed"], each["rejected"]) for each in listed] == [(1, 0, {"robots": 1})]


def test_a_rejected_page_is_not_fetched_at_every_poll(stand: Newsstand, store: Store, command: Command) -> None:
    """What has no text is asked for once, though the feed changes; the report still accounts for it."""
    stand.routes["/page/0-0"] = Answer(body="<html><body>No.</body></html>", headers={"Content-Type": "text/html"})
    add(store, stand, 1)
    assert command.report("ingest")["rejected"] == {"no text": 1}
    stand.entries = 2
    report = command.report("ingest")
    assert (report["created"], report["rejected"]) == (1, {"no text": 1})
    assert stand.counts("/page/") == {"/page/0-0": 1, "/page/0-1": 1}


def test_a_server_that_wants_rest_gets_it(stand: Newsstand, store: Store, command: Command) -> None:
    """After Retry-After the feed is left out of a run over all, and said; by name it is asked all the same."""
    stand.routes["/feed/0"] = Answer(429, headers={"Retry-After": "3600"})
    add(store, stand, 1)
    assert [each["detail"] for each in command.report("ingest")["feeds"]["failed"]] == ["429"]
    report = command.report("ingest")
    assert (report["feeds"]["failed"], report["feeds"]["skipped"]) == ([], 1)
    assert stand.counts() == {"/feed/0": 1}
    command.report("ingest", stand.feed(0), code=1)
    assert stand.counts() == {"/feed/0": 2}


def test_a_feed_that_moved_is_followed(stand: Newsstand, store: Store, command: Command) -> None:
    """After some permanent redirects the new address is polled; nothing is created again, link or no link."""
    item = "<item><title>No link</title><guid isPermaLink='false'>7</guid><description>{}</description></item>"
    feed = (
        f'<rss version="2.0"><channel><title>F</title>{item.format("Some words of its own. " * 20)}%s</channel></rss>'
    )
    stand.routes["/feed/0"] = Answer(body=feed % "")
    add(store, stand, 1)
    assert command.report("ingest")["created"] == 1
    stand.routes["/new"] = Answer(body=feed % stand.item("1"))
    stand.routes["/feed/0"] = Answer(301, headers={"Location": f"{stand.url}/new"})
    for polls in range(4):
        report = command.report("ingest")
        assert report["created"] == (1 if polls == 0 else 0)
        assert bool(report["warnings"]) == (polls == 2)
    assert stand.counts() == {"/feed/0": 4}
    (found,) = store.feeds.all()
    assert (found.url, found.state) == (f"{stand.url}/new", "ok")
    assert "was there" in command.run("feeds", "add", stand.feed(0))[1]
    assert store.articles.count() == 2


def test_an_alarm_when_a_feed_falls_silent(stand: Newsstand, store: Store, command: Command) -> None:
    """A daily feed with nothing new for a week is told, on standard error and in JSON; only --strict fails for it."""
    add(store, stand, 1)
    command.report("ingest")
    (held,) = store.leases.look([each.id for each in store.feeds.all()])
    today = now().date()
    days = {(today - timedelta(days=each)).isoformat(): 2 for each in range(7, 40)}
    store.leases.end([(held, {"days": days, "state": "ok"})], worker="")
    out, err = command.run("ingest", "--format", "json")
    (alarm,) = json.loads(out)["alarms"]
    assert (alarm["url"], alarm["state"]) == (stand.feed(0), "silent")
    assert "silent" in err
    assert json.loads(command.run("ingest", "--strict", "--format", "json")[0])["alarms"] == []
    out, err = command.run("feeds", "check", "--format", "json")
    assert [each["state"] for each in json.loads(out)] == ["silent"]
    assert "silent" in err
    command.run("feeds", "check", "--strict", code=1)
    assert "silent" in command.run("feeds", "list")[0]
