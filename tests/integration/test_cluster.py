"""Three nodes: one is killed and comes back, another is drained, while articles come in; nothing of it is noticed."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import Elasticsearch
from flaky import Flaky
from samples import article, prose, take
from test_order import Importer, end, expected, same, send
from world import arrival, world

from indexer import engine as local
from indexer.elastic import Store
from indexer.elastic.schema import NAMES
from indexer.engine import nodes, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAP = "512m"
PATIENCE = 180.0


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Give a home of this module alone."""
    path = Path(tempfile.mkdtemp(prefix="condensat-cluster-"))
    yield path
    local.stop(path)
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def cluster(home: Path) -> local.Running:
    """Give three nodes."""
    return local.start(home, heap=HEAP, count=3)


def until(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, what
        time.sleep(0.2)


class Work(threading.Thread):
    """Imports one world after the other, with detection, until it is told to end; the client knows all nodes."""

    def __init__(self, running: local.Running, store: Store) -> None:
        super().__init__(daemon=True)
        self._running, self._store = replace(running, url=",".join(running.urls)), store
        self._ended = threading.Event()
        self.done: list[int] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        """Import."""
        importer = Importer(self._running)
        try:
            while not self._ended.is_set():
                seed = len(self.done) + 100
                send([importer], self._store, replace(arrival(world(seed), seed, workers=1), batch=7))
                self.done.append(seed)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the test
            self.error = error
        finally:
            importer.close()

    def advance(self, worlds: int = 1) -> None:
        """Wait until so many more worlds have come in whole after the one that is coming in now."""
        wanted = len(self.done) + 1 + worlds
        until(lambda: len(self.done) >= wanted or self.error is not None, f"the import stands still: {self.done}")
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        """Let the world that is coming in be the last."""
        self._ended.set()
        self.join(PATIENCE)
        if self.error is not None:
            raise self.error


def primaries(client: Elasticsearch, index: str) -> str:
    """Name the node that has the primary of an index."""
    (shard,) = [each for each in client.cat.shards(index=index, format="json") if each["prirep"] == "p"]
    return str(shard["node"])


def shards_on(client: Elasticsearch, name: str) -> int:
    return sum(each["node"] == name for each in client.cat.shards(format="json") if each["node"])


@pytest.mark.long
def test_an_import_goes_on_while_nodes_come_and_go(home: Path, cluster: local.Running) -> None:
    """One node is killed and comes back, another is drained, then killed: the pairs are those of one node in peace."""
    login = {"username": cluster.username, "password": cluster.password}
    pids = {each.name: each.pid for each in local.status(home).nodes}
    addresses = {each.name: each.url for each in local.status(home).nodes}
    urls = ",".join(cluster.urls)
    with Store.connect(urls, prefix="chaos", **login) as store:
        store.init()
        work = Work(cluster, store)
        with Elasticsearch(list(cluster.urls), basic_auth=(cluster.username, cluster.password)) as client:
            client.cluster.health(wait_for_status="green", timeout="60s")
            work.start()
            work.advance()
            victim = primaries(client, "chaos-articles-000001")
            begun = time.monotonic()
            os.kill(pids[victim] or 0, signal.SIGKILL)
        others = [url for name, url in addresses.items() if name != victim]
        with Elasticsearch(others, basic_auth=(cluster.username, cluster.password), request_timeout=60) as client:
            until(lambda: client.cluster.health()["number_of_nodes"] == 2, "the dead node is not missed")
            work.advance()
            print(f"\nkilled {victim}; a world later: {time.monotonic() - begun:.1f} s")
            again = local.start(home, heap=HEAP)
            assert len(again.pids) == 3
            assert set(again.urls) == set(cluster.urls), "a node came back at another address"
            client.cluster.health(wait_for_status="green", wait_for_no_relocating_shards=True, timeout="120s")
            work.advance()
            drained = primaries(client, "chaos-articles-000001")
            setting = "cluster.routing.allocation.exclude._name"
            client.cluster.put_settings(persistent={setting: drained})
            until(lambda: shards_on(client, drained) == 0, "shards stay on the drained node")
            work.advance()
            pid = next(each.pid for each in local.status(home).nodes if each.name == drained)
            os.kill(pid or 0, signal.SIGKILL)
        left = [url for name, url in addresses.items() if name != drained]
        with Elasticsearch(left, basic_auth=(cluster.username, cluster.password), request_timeout=60) as client:
            work.advance()
            client.cluster.put_settings(persistent={setting: None})
            work.end()
            print(f"{len(work.done)} worlds, {store.articles.count()} articles, {time.monotonic() - begun:.0f} s")
            local.start(home, heap=HEAP)
            client.cluster.health(wait_for_status="green", timeout="120s")
        for seed in work.done:
            same(end(store, world(seed)), expected(world(seed)))
        store.drop()


@pytest.mark.long
def test_the_number_is_remembered_and_every_index_has_a_copy(home: Path, cluster: local.Running) -> None:
    """After a stop the same three start at the same addresses with their data; fewer are refused; stop ends all."""
    login = {"username": cluster.username, "password": cluster.password}
    one = article("one", prose(1, 60))
    with Store.connect(",".join(cluster.urls), prefix="kept", **login) as store:
        store.init()
        take(store, one)
    with Elasticsearch(cluster.url, basic_auth=(cluster.username, cluster.password)) as client:
        for name in NAMES:
            health = client.cluster.health(index=f"kept-{name}", wait_for_status="green", timeout="60s")
            assert health["active_shards"] == 2
        (count,) = {each["number_of_nodes"] for each in [client.cluster.health()]}
        assert count == 3
    assert any("local-3" in line for line in local.logs(home, 200))
    pids = local.running(home)
    assert pids is not None
    with pytest.raises(local.EngineError, match="has 3 nodes"):
        local.start(home, count=1)
    assert local.stop(home) is True
    assert not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids.pids)
    assert local.status(home).running is False
    again = local.start(home, heap=HEAP)
    assert set(again.urls) == set(cluster.urls)
    with Store.connect(",".join(again.urls), prefix="kept", **login) as store:
        assert store.articles.get(one.id) is not None
        store.drop()


@pytest.mark.long
def test_one_node_becomes_three(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A home that had one node keeps its articles, and every index gets its copy."""
    del tmp_path_factory
    home = Path(tempfile.mkdtemp(prefix="condensat-grows-"))
    try:
        alone = local.start(home, heap=HEAP)
        one = article("one", prose(1, 60))
        with Store.connect(alone.url, prefix="grows", username=alone.username, password=alone.password) as store:
            store.init()
            take(store, one)
        assert local.stop(home) is True
        three = local.start(home, heap=HEAP, count=3)
        login: dict[str, Any] = {"username": three.username, "password": three.password}
        with Store.connect(",".join(three.urls), prefix="grows", **login) as store:
            assert store.articles.get(one.id) is not None
        with Elasticsearch(three.url, basic_auth=(three.username, three.password)) as client:
            health = client.cluster.health(index="grows-*", wait_for_status="green", timeout="60s")
        assert (health["number_of_nodes"], health["active_shards"]) == (3, 2 * len(NAMES))
    finally:
        local.stop(home)
        shutil.rmtree(home)


def test_a_node_that_is_away_is_passed_by(engine: local.Running, store: Store) -> None:
    """Of two addresses one is dead from the start, and one dies on the way: the other serves, without a word."""
    login = {"prefix": store.prefix, "username": engine.username, "password": engine.password}
    with Store.connect(f"http://127.0.0.1:1, {engine.url}", **login) as opened:
        take(opened, article("one", prose(1, 60)))
    with Flaky(engine.url) as first, Flaky(engine.url) as second:
        opened = Store.connect(f"{first.url},{second.url}", **login)
        take(opened, article("two", prose(2, 60)))
        first.__exit__(None, None, None)
        for number in range(3, 9):
            take(opened, article(str(number), prose(number, 60)))
        opened.__exit__(None, None, None)
        first.__enter__()
    assert store.articles.count() == 8


def test_a_running_node_is_not_joined(engine: local.Running, engine_home: Path) -> None:
    """One node that runs by itself takes no others in: it is to be stopped first, and nothing is begun."""
    with pytest.raises(local.EngineError, match="condensat engine stop"):
        local.start(engine_home, count=3)
    assert local.running(engine_home) == engine
    assert local.status(engine_home).nodes == ()


def test_how_many_nodes_there_are_is_told_by_their_folders(tmp_path: Path) -> None:
    """A new home has one; each has a name, a folder and, where there are several, the names of all."""
    where = place.make(tmp_path / "home", shared=tmp_path / "shared")
    (alone,) = nodes.describe(where)
    assert (alone.name, alone.peers) == ("local", ())
    three = nodes.describe(where, count=3)
    assert [each.name for each in three] == ["local", "local-2", "local-3"]
    assert len({each.root for each in three}) == 3
    assert {each.repository for each in three} == {alone.repository}
    for each in three[1:]:
        each.root.mkdir()
    assert len(nodes.describe(where)) == nodes.remembered(where) == 3
