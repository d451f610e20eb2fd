"""A new version of the mappings while everybody goes on: writers, editors, those who delete, and those who search."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
from calling import Caller
from elasticsearch import ConflictError, Elasticsearch
from elasticsearch.helpers import scan
from samples import NOW, article, prose, search, take, write

from indexer.elastic import Store, StoreError
from indexer.elastic.copying import Copy, DifferenceError
from indexer.elastic.migration import BusyError, Operator
from indexer.elastic.rights import Role
from indexer.elastic.schema import NAMES, definition, read_alias, write_alias
from indexer.reports import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer import engine as local

MIGRATOR = Path(__file__).with_name("migrator.py")
NEW_FIELD = "sent_at"  # nobody writes it here: an index of before can lack it


def now() -> datetime:
    return datetime.now(tz=UTC)


def operator(name: str = "here") -> Operator:
    return Operator(name=name, has_died=lambda _: False, now=now)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Caller:
    return Caller(monkeypatch, capfd, tmp_path)


@pytest.fixture
def older(client: Elasticsearch, store: Store) -> Store:
    """Give indices of which that of the articles was made by a version before."""
    name = f"{store.prefix}-articles-000001"
    client.indices.delete(index=name)
    shipped = definition("articles")
    properties = {field: each for field, each in shipped["mappings"]["properties"].items() if field != NEW_FIELD}
    client.indices.create(
        index=name,
        settings=shipped["settings"],
        mappings={**shipped["mappings"], "properties": properties, "_meta": {"version": 1}},
        aliases={
            read_alias(store.prefix, "articles"): {},
            write_alias(store.prefix, "articles"): {"is_write_index": True},
        },
    )
    return store


def make_older(client: Elasticsearch, store: Store, *names: str) -> None:
    """Say of indices that they were made by a version before."""
    for name in names:
        client.indices.put_mapping(index=read_alias(store.prefix, name), meta={"version": 0})


def documents(client: Elasticsearch, index: str) -> dict[str, Any]:
    client.indices.refresh(index=index)
    return {hit["_id"]: hit["_source"] for hit in scan(client, index=index, query={"query": {"match_all": {}}})}


def migrate(store: Store) -> list[Any]:
    return [store.migration.move(old, operator()) for old in store.migration.outdated()]


class Everybody:
    """Threads that write, edit, delete, search and get, each over its own connection, and note what was answered."""

    def __init__(self, connect: Callable[[str], Store], prefix: str) -> None:
        self._stores = [connect(prefix) for _ in range(6)]
        self._ended = threading.Event()
        self.errors: list[BaseException] = []
        self.written: set[str] = set()
        self.deleted: set[str] = set()
        self.urls: set[str] = set()
        self.done: Counter[str] = Counter()
        self.slowest = 0.0
        self._number = 0
        self._lock = threading.Lock()
        self.shared = article("shared", prose(1, 60))
        take(self._stores[0], self.shared)
        work = [self._write, self._edit, self._edit, self._delete, self._search, self._get]
        self._threads = [
            threading.Thread(target=self._again, args=(each, store), daemon=True)
            for each, store in zip(work, self._stores, strict=True)
        ]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for each in self._threads:
            each.join(120)

    def _again(self, work: Callable[[Store], None], store: Store) -> None:
        try:
            while not self._ended.is_set():
                begun = time.monotonic()
                work(store)
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.done[work.__name__] += 1
        except BaseException as error:  # noqa: BLE001 - it is looked at in the end
            self.errors.append(error)

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def _write(self, store: Store) -> None:
        number = self._next()
        made = [article(f"w{number}-{each}", prose(number, 60), domain=f"d{each}.example") for each in range(3)]
        for end in write(store, *made):
            assert end.outcome is Outcome.CREATED
            self.written.add(end.id)

    def _edit(self, store: Store) -> None:
        url = f"edit-{self._next()}"
        for _ in range(50):
            try:
                store.articles.add_urls(self.shared.id, [url])
            except StoreError as error:
                if "changes faster" not in str(error):
                    raise
            else:
                self.urls.add(url)
                return

    def _delete(self, store: Store) -> None:
        number = self._next()
        one = article(f"x{number}", prose(number, 30))
        write(store, one)
        time.sleep(0.05)
        assert store.edits.delete([one.id]) == 1
        self.deleted.add(one.id)

    @staticmethod
    def _search(store: Store) -> None:
        assert search(store, "url:shared OR title:shared").total == 1

    def _get(self, store: Store) -> None:
        assert store.articles.get(self.shared.id) is not None
        assert store.articles.known([self.shared.id], list(self.shared.urls))


def check(everybody: Everybody, client: Elasticsearch, prefix: str) -> None:
    """See that nobody had an error, and that everything that was acknowledged is there, or gone."""
    assert everybody.errors == []
    found = documents(client, read_alias(prefix, "articles"))
    assert everybody.written - found.keys() == set(), "writes were lost"
    assert everybody.deleted & found.keys() == set(), "what was deleted is back"
    assert everybody.urls - set(found[everybody.shared.id]["urls"]) == set(), "edits were lost"
    assert len(found) == len(everybody.written) + 1


def test_nobody_notices(older: Store, client: Elasticsearch, connect: Callable[[str], Store]) -> None:
    """Three times in a row, under load: no search, get or write fails, nothing acknowledged is lost or comes back."""
    write(older, *(article(f"before-{number}", prose(number % 50, 20)) for number in range(600)))
    client.indices.refresh(index=read_alias(older.prefix, "articles"))
    before = documents(client, read_alias(older.prefix, "articles"))
    with Everybody(connect, older.prefix) as everybody:
        everybody.written |= before.keys()
        for turn in range(3):
            time.sleep(1)
            (moved,) = migrate(older)
            print(f"\n{moved} slowest {everybody.slowest:.2f} s, {dict(everybody.done)}")
            assert moved.new == f"{older.prefix}-articles-00000{turn + 2}"
            assert moved.blocked_ms < 10_000
            done = everybody.done.copy()
            time.sleep(1)
            assert all(everybody.done[name] > count for name, count in done.items()), "somebody stands still"
            make_older(client, older, "articles")
    check(everybody, client, older.prefix)
    mapping = client.indices.get_mapping(index=moved.new)[moved.new]["mappings"]
    assert NEW_FIELD in mapping["properties"]
    assert older.migration.kept() == [f"{older.prefix}-articles-00000{number}" for number in (1, 2, 3)]


def test_every_index_moves_and_is_the_same(
    store: Store, client: Elasticsearch, call: Caller, engine: local.Running
) -> None:
    """The command moves all that is outdated, document by document, with an admin's key; old indices go when told."""
    for number in range(30):
        take(store, article(f"a{number}", prose(number // 3, 60), domain=f"d{number % 3}.example"))
    store.feeds.add("https://herald.example/feed", now=NOW)
    store.pending.mark({"waiting": "x"}, now=NOW)
    make_older(client, store, *NAMES)
    wanted = {name: documents(client, read_alias(store.prefix, name)) for name in NAMES}
    assert wanted["reposts"]
    settings = {"url": engine.url, "prefix": store.prefix}
    settings["api_key"] = store.rights.create_key(Role.ADMIN, expires="1h").encoded
    done = call("migrate", "--format", "json", **settings)
    assert done.code == 0, done.said
    moved = {each["name"]: each for each in json.loads(done.out)["moved"]}
    assert moved.keys() == set(NAMES) - {"feeds"}  # that one is brought up in place
    for name in NAMES:
        assert documents(client, read_alias(store.prefix, name)) == wanted[name]
        index = f"{store.prefix}-{name}-00000{1 if name == 'feeds' else 2}"
        for alias in (read_alias(store.prefix, name), write_alias(store.prefix, name)):
            assert list(client.indices.get_alias(name=alias)) == [index]
        assert (
            client.indices.get_mapping(index=index)[index]["mappings"]["_meta"] == definition(name)["mappings"]["_meta"]
        )
    assert store.outdated() == []
    take(store, article("after", prose(0, 60), domain="d9.example"))
    assert store.pairs.count() > len(wanted["reposts"])
    again = call("migrate", **settings)
    assert (again.code, again.out) == (0, "")
    assert f"{store.prefix}-articles-000001" in again.err
    dropped = json.loads(call("migrate", "--drop-old", "--format", "json", **settings).out)["dropped"]
    assert dropped == sorted(f"{store.prefix}-{name}-000001" for name in set(NAMES) - {"feeds"})
    assert store.articles.count() == 31
    assert store.missing() == []


def login_of(engine: local.Running) -> dict[str, str]:
    return {"url": engine.url, "username": engine.username, "password": engine.password}


def run_migrator(engine: local.Running, prefix: str, *at: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(MIGRATOR), prefix, *at],
        env={**os.environ, "LOGIN": json.dumps(login_of(engine))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def killed_and_resumed(
    engine: local.Running, store: Store, client: Elasticsearch, connect: Callable[[str], Store], at: str
) -> int:
    """Kill a migration at a request while everybody goes on, run it again, and give the exit code of the first."""
    with Everybody(connect, store.prefix) as everybody:
        time.sleep(0.5)
        died = run_migrator(engine, store.prefix, at)
        time.sleep(0.5)
        if died.returncode == -signal.SIGKILL:
            resumed = run_migrator(engine, store.prefix)
            assert resumed.returncode == 0, resumed.stderr
        else:
            assert died.returncode == 0, died.stderr
        time.sleep(0.5)
    check(everybody, client, store.prefix)
    assert store.outdated() == []
    assert store.migration.blocked() == []
    index = f"{store.prefix}-articles-000002"
    assert list(client.indices.get_alias(name=write_alias(store.prefix, "articles"))) == [index]
    assert client.indices.get_mapping(index=index)[index]["mappings"]["_meta"] == {"version": _version()}
    assert store.migration.kept() == [f"{store.prefix}-articles-000001"]
    return died.returncode


def _version() -> int:
    return int(definition("articles")["mappings"]["_meta"]["version"])


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("after articles-000002", marks=pytest.mark.long),  # made, and nothing in it
        pytest.param("after _close", marks=pytest.mark.long),
        "after articles-000002/_bulk",
        pytest.param("before articles-000002/_mget", marks=pytest.mark.long),  # while comparing
        "after _block/write",  # while nobody can write
        "before _aliases",
        "after _aliases",  # the new one serves, and says that it is being filled
    ],
)
def test_killed_and_run_again(
    engine: local.Running, older: Store, client: Elasticsearch, connect: Callable[[str], Store], at: str
) -> None:
    """Wherever it is killed (-9), the same command goes on, and nobody has noticed."""
    assert killed_and_resumed(engine, older, client, connect, at) == -signal.SIGKILL


@pytest.mark.long
@pytest.mark.parametrize("at", range(10, 130, 3))
def test_killed_anywhere(
    engine: local.Running, older: Store, client: Elasticsearch, connect: Callable[[str], Store], at: int
) -> None:
    """The same at every third request."""
    killed_and_resumed(engine, older, client, connect, str(at))


def test_two_at_once(older: Store) -> None:
    """The second is told that the first lives; one that is taken for dead and wakes up afterwards changes nothing."""
    take(older, article("one", prose(1, 60)))
    (old,) = older.migration.outdated()
    copy_of = older.migration
    real = copy_of._switch  # noqa: SLF001 - the moment that a person cannot hit

    def dying(*_: Any) -> int:
        raise KeyboardInterrupt

    copy_of._switch = dying  # type: ignore[method-assign]  # noqa: SLF001 - as above
    with pytest.raises(KeyboardInterrupt):
        copy_of.move(old, operator("first"))
    copy_of._switch = real  # type: ignore[method-assign]  # noqa: SLF001 - as above
    with pytest.raises(BusyError, match="first"):
        copy_of.move(old, operator("second"))
    overtaking = replace(operator("second"), has_died=lambda name: name == "first")

    def overtaken(*_: Any) -> None:
        """Lets the second come while the first is about to delete what it found."""
        assert copy_of.move(old, overtaking).resumed
        take(older, article("after", prose(2, 60)))

    first = replace(operator("first"), has_died=lambda _: True)
    compare = copy_of._compare  # noqa: SLF001 - as above
    calls = iter([overtaken, compare])

    def comparing(*given: Any) -> None:
        next(calls)(*given)

    copy_of._compare = comparing  # type: ignore[method-assign]  # noqa: SLF001 - as above
    with pytest.raises(BusyError, match="taken over"):
        copy_of.move(old, first)
    older.articles.refresh()
    assert older.articles.count() == 2
    assert older.migration.blocked() == []


def test_what_does_not_fit_changes_nothing(
    older: Store, client: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that the new mappings refuse is named; the old index goes on, and the next try is a new one."""
    one = article("one", prose(1, 60))
    take(older, one)
    shipped = definition("articles")
    fields = {**shipped["mappings"]["properties"], "title": {"type": "date"}}
    unfit = {**shipped, "mappings": {**shipped["mappings"], "properties": fields}}
    monkeypatch.setattr(
        "indexer.elastic.schema.definition", lambda name: unfit if name == "articles" else definition(name)
    )
    (old,) = older.migration.outdated()
    with pytest.raises(StoreError, match=one.id):
        older.migration.move(old, operator())
    monkeypatch.undo()
    take(older, article("two", prose(2, 60)))
    assert older.articles.count() == 2
    assert older.migration.blocked() == []
    client.indices.delete(index=f"{older.prefix}-articles-000002")
    assert migrate(older)[0].documents == 2


def test_what_is_no_field_any_more_is_left_behind(older: Store, client: Elasticsearch) -> None:
    """A field that the new mappings do not know does not keep a document from moving, and all others come along."""
    one = article("one", prose(1, 60))
    take(older, one)
    alias = write_alias(older.prefix, "articles")
    client.indices.put_mapping(index=alias, properties={"former": {"type": "keyword"}})
    client.update(index=alias, id=one.id, doc={"former": ["x"]})
    before = documents(client, alias)[one.id]
    assert before.pop("former") == ["x"]
    migrate(older)
    assert documents(client, alias) == {one.id: before}


def test_a_copy_that_differs_is_found_but_not_that_of_what_was_just_deleted(
    older: Store, client: Elasticsearch
) -> None:
    """Who is deleted may have lost his copy before a search of the old index knows; he is no difference."""
    articles = [article(f"n{number}", prose(number, 30)) for number in range(4)]
    take(older, *articles)
    old, new = (f"{older.prefix}-articles-00000{number}" for number in (1, 2))
    client.indices.create(
        index=new, mappings=definition("articles")["mappings"], settings=definition("articles")["settings"]
    )
    copy = Copy(client, old, new, fields=definition("articles")["mappings"]["properties"].keys())
    upto = copy.places()
    assert copy.bring([-1], page_done=lambda *_: None).documents == 4
    gone, other = articles[0].id, articles[1].id
    client.delete(index=old, id=gone)
    client.delete(index=new, id=gone)
    assert client.count(index=old)["count"] == 4, "a search still finds it"
    assert copy.compare(upto, page_done=lambda _: None) == 4
    version = client.get(index=new, id=other)["_version"]
    client.index(index=new, id=other, document={}, version=version, version_type="external_gte")
    with pytest.raises(DifferenceError, match=other):
        copy.compare(upto, page_done=lambda _: None)


def test_who_read_before_cannot_write_after_without_looking(older: Store, client: Elasticsearch) -> None:
    """A write that rests on what was read in the old index is refused in the new one, whatever the numbers are."""
    ids = []
    for number in range(5):
        one = article(f"n{number}", prose(number, 30))
        take(older, one)
        ids.append(one.id)
    read = older.articles.derived(ids)
    migrate(older)
    alias = write_alias(older.prefix, "articles")
    for identity in ids:
        for seq_no in range(20):
            with pytest.raises(ConflictError):
                client.update(
                    index=alias,
                    id=identity,
                    doc={"reposts": 99},
                    if_seq_no=seq_no,
                    if_primary_term=read[identity].primary_term,
                )


def test_a_closed_index_says_what_to_do(older: Store, client: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited in vain for a migration that died is told to run it."""
    monkeypatch.setattr("indexer.elastic.client.PATIENCE", 0.5)
    monkeypatch.setattr("indexer.elastic.bulk.PATIENCE", 0.5)
    client.indices.add_block(index=read_alias(older.prefix, "articles"), block="write")
    begun = time.monotonic()
    (end,) = write(older, article("one", prose(1, 60)))
    assert time.monotonic() - begun > 0.5
    assert end.outcome is Outcome.REJECTED
    assert "condensat migrate" in end.error
    assert older.migration.blocked() == [f"{older.prefix}-articles-000001"]
    index = f"{older.prefix}-articles-000001"
    client.indices.put_settings(index=index, settings={"index.blocks.write": None})
    assert write(older, article("one", prose(1, 60)))[0].outcome is Outcome.CREATED


@pytest.fixture(autouse=True)
def _no_leftovers(client: Elasticsearch) -> Iterator[None]:
    yield
    for name, each in client.indices.get(index="test-*").items():
        if each["settings"]["index"].get("blocks"):
            client.indices.put_settings(index=name, settings={"index.blocks.write": None})
