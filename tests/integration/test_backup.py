"""Snapshots, with the command and real engines: what is taken from one comes back in the other, whole."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from calling import Caller
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan
from samples import article, prose, take
from world import world, written

from indexer import engine as local
from indexer.elastic import Store, StoreError
from indexer.elastic.schema import NAMES, read_alias, write_alias
from indexer.elastic.snapshots import RepositoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAP = "512m"
REPOSITORY = "test-of-backups"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Caller:
    return Caller(monkeypatch, capfd, tmp_path)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Give a folder that the engines' account can reach."""
    path = Path(tempfile.mkdtemp(prefix="condensat-backups-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def homes() -> Iterator[tuple[Path, Path]]:
    """Give two homes whose engines share a folder for snapshots; they run one after the other."""
    both = (Path(tempfile.mkdtemp(prefix="condensat-one-")), Path(tempfile.mkdtemp(prefix="condensat-two-")))
    yield both
    for home in both:
        local.stop(home)
        shutil.rmtree(home)


def whole(client: Elasticsearch, prefix: str) -> dict[str, Any]:
    """Give every document of a prefix."""
    found = {}
    for name in NAMES:
        client.indices.refresh(index=read_alias(prefix, name))
        for hit in scan(client, index=read_alias(prefix, name), query={"query": {"match_all": {}}}):
            found[f"{name} {hit['_id']}"] = hit["_source"]
    return found


def opened(home: Path) -> Elasticsearch:
    running = local.running(home)
    assert running is not None
    return Elasticsearch(running.url, basic_auth=(running.username, running.password), request_timeout=60)


def test_from_one_engine_into_an_empty_one(homes: tuple[Path, Path], folder: Path, call: Caller) -> None:
    """Articles, pairs, notes, feeds and what was removed: all of it is there, and works, under its aliases."""
    one, two = homes
    place = str(folder / "shared")
    local.start(one, heap=HEAP, repository=Path(place))
    settings = {"home": str(one), "backups": place, "prefix": "news"}
    lines = call.folder / "lines.jsonl"
    lines.write_text("\n".join([*world(1).first, *world(1).later, written("gone", "gone", prose(90, 60), 3)]))
    assert call("import", str(lines), **settings).code == 0
    (gone,) = json.loads(call("search", "title:gone", "--format", "json", **settings).out)
    assert call("remove", gone["id"], **settings).code == 0
    assert call("edit", "https://herald1.example/copied", "--stars", "4", **settings).code == 0
    assert call("feeds", "add", "https://herald.example/feed", **settings).code == 0
    made = call("backup", "create", "--format", "json", **settings)
    assert made.code == 0, made.said
    taken = json.loads(made.out)
    assert taken["complete"]
    assert taken["documents"]["articles"] > 40
    assert taken["documents"]["reposts"] > 40
    assert call("backup", "create", "news-second", **settings).out == "news-second\n"
    listed = json.loads(call("backup", "list", "--format", "json", **settings).out)
    assert [each["name"] for each in listed] == ["news-second", taken["name"]]
    with opened(one) as client:
        wanted = whole(client, "news")
    again = call("backup", "restore", taken["name"], **settings)
    assert again.code == 1
    assert "--replace" in again.err
    local.stop(one)

    local.start(two, heap=HEAP, repository=Path(place))
    elsewhere = {**settings, "home": str(two)}
    back = call("backup", "restore", taken["name"], "--format", "json", **elsewhere)
    assert back.code == 0, back.said
    assert json.loads(back.out)["judged_again"] == 0
    with opened(two) as client:
        assert whole(client, "news") == wanted
        for name in NAMES:
            assert set(client.indices.get_alias(index=f"news-{name}-000001")[f"news-{name}-000001"]["aliases"]) == {
                read_alias("news", name),
                write_alias("news", name),
            }
    assert call("import", str(lines), **elsewhere).code == 0
    assert call("doctor", **elsewhere).code == 0
    other = call("backup", "restore", taken["name"], **{**elsewhere, "prefix": "other"})
    assert other.code == 0, other.said
    with opened(two) as client:
        assert whole(client, "other") == wanted
    replaced = call("backup", "restore", "news-second", "--replace", **elsewhere)
    assert replaced.code == 0, replaced.said
    with opened(two) as client:
        assert whole(client, "news") == wanted
    assert call("backup", "restore", "no-such", **elsewhere).code == 1


def test_a_folder_that_the_engine_was_not_told_of(engine_home: Path, engine: local.Running, call: Caller) -> None:
    """The error names path.repo, and says what to do for either kind of engine."""
    assert engine.url
    done = call("backup", "create", home=str(engine_home), backups=str(call.folder / "elsewhere"), prefix="unused")
    assert done.code == 1
    assert "path.repo" in done.err
    assert "CONDENSAT_BACKUPS" in done.err
    assert "elasticsearch.yml" in done.err


def test_a_remote_one_needs_the_name_of_a_repository(
    client: Elasticsearch, engine: local.Running, store: Store, call: Caller
) -> None:
    """Without a name, and with one that is not there, the command says what there is; nothing is registered by it."""
    settings = {
        "url": engine.url, "prefix": store.prefix, "username": engine.username, "password": engine.password,
    }  # fmt: skip
    assert call("backup", "create", **settings).code == 2
    done = call("backup", "list", "--repository", "no-such", **settings)
    assert done.code == 1
    assert "no snapshot repository «no-such»" in done.err
    assert "no-such" not in client.snapshot.get_repository()


def test_a_role_may_take_no_snapshot(registered: str, engine: local.Running, store: Store, call: Caller) -> None:
    """An admin's key sees its own indices alone, so snapshots are refused, with who may."""
    from indexer.elastic.rights import Role  # noqa: PLC0415 - of this test alone

    made = store.rights.create_key(Role.ADMIN, expires="1h")
    settings = {"url": engine.url, "prefix": store.prefix, "api_key": made.encoded}
    done = call("backup", "create", "--repository", registered, **settings)
    assert done.code == 3
    assert "superuser" in done.err


@pytest.fixture
def registered(client: Elasticsearch, engine_home: Path) -> Iterator[str]:
    """Give a repository of the shared engine."""
    place = local.status(engine_home).backups
    client.snapshot.create_repository(name=REPOSITORY, repository={"type": "fs", "settings": {"location": str(place)}})
    yield REPOSITORY
    for each in client.snapshot.get(repository=REPOSITORY, snapshot="_all")["snapshots"]:
        if each["snapshot"].startswith("test-"):
            client.snapshot.delete(repository=REPOSITORY, snapshot=each["snapshot"])
    client.snapshot.delete_repository(name=REPOSITORY)


def test_taken_in_the_middle_of_an_import(  # noqa: PLR0917 - fixtures
    registered: str, client: Elasticsearch, store: Store, new_store: Callable[[], Store], call: Caller,
    engine: local.Running,
) -> None:  # fmt: skip
    """What the snapshot caught of articles has, after the restore, exactly the pairs that those articles have."""
    ended = threading.Event()

    def bring() -> None:
        for number in range(400):
            if ended.is_set():
                return
            domain = f"s{number % 5}.example"
            take(store, article(str(number), prose(number // 4, 60), domain=domain))

    thread = threading.Thread(target=bring)
    thread.start()
    while store.articles.count() < 12:
        store.articles.refresh()
    name = f"test-{store.prefix[-6:]}"
    taken = store.snapshots.create(registered, name, waiting=lambda _: None)
    ended.set()
    thread.join()
    other = new_store()
    other.drop()
    settings = {
        "url": engine.url, "prefix": other.prefix, "username": engine.username, "password": engine.password,
    }  # fmt: skip
    done = call("backup", "restore", name, "--repository", registered, "--format", "json", **settings)
    assert done.code == 0, done.said
    print(done.out, taken.documents)
    caught = whole(client, other.prefix)
    assert not [each for each in caught if each.startswith("pending")]
    pairs = {key: value for key, value in caught.items() if key.startswith("reposts")}
    groups: dict[str, int] = {}
    for key, value in caught.items():
        if key.startswith("articles"):
            groups[value["text_hash"]] = groups.get(value["text_hash"], 0) + 1
    assert len(pairs) == sum(size * (size - 1) // 2 for size in groups.values()) > 5


def test_a_repository_that_does_not_work(store: Store) -> None:
    """What Elasticsearch says of a folder is in the error."""
    with pytest.raises(RepositoryError, match=r"path\.repo"):
        store.snapshots.register("test-nowhere", "/nowhere/at/all", readonly=False)
    with pytest.raises(StoreError):
        store.snapshots.of_prefix("test-nowhere")
