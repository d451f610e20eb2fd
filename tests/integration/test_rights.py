"""Roles and keys, in a real Elasticsearch: each key opens what its role needs, and nothing else."""

from __future__ import annotations

import json
import secrets
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from calling import Caller, Ended
from elasticsearch import AuthenticationException, AuthorizationException, Elasticsearch
from newsstand import Newsstand
from samples import article, now, prose, take
from world import written

from indexer import signing
from indexer.cli.keys import ROLES
from indexer.elastic.errors import ForbiddenError
from indexer.elastic.rights import Role, descriptor
from indexer.elastic.schema import NAMES
from indexer.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from indexer import engine as local
    from indexer.elastic import Store

ONE = article("one", f"The harbour was closed. {prose(1, 90)}")
TWO = article("two", f"The harbour was closed. {prose(1, 90)}", domain="mirror.example")


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Caller:
    return Caller(monkeypatch, capfd, tmp_path)


@pytest.fixture
def holding(engine: local.Running, store: Store) -> Iterator[Callable[[Role], Elasticsearch]]:
    """Give a way to open a client that has a role's key alone; the keys end with the test."""
    opened: list[Elasticsearch] = []

    def opening(role: Role) -> Elasticsearch:
        made = store.rights.create_key(role, expires="1h")
        opened.append(Elasticsearch(engine.url, api_key=made.encoded))
        return opened[-1]

    yield opening
    for each in opened:
        each.close()
    store.rights.revoke([each.id for each in store.rights.list_keys()])


def key_of(store: Store, role: Role) -> str:
    return store.rights.create_key(role, expires="1h").encoded


def refused(request: Callable[..., Any], **arguments: Any) -> bool:
    """Tell whether a request is refused for lack of rights."""
    try:
        request(**arguments)
    except AuthorizationException:
        return True
    return False


def test_the_commands_know_every_role() -> None:
    """The names that the command line takes are those of the roles."""
    assert set(ROLES) == set(Role)


def test_roles_follow_the_list_of_indices() -> None:
    """An index that the schema names is in every role, without a second list."""
    for role in Role:
        (granted,) = descriptor("news", role)["indices"]
        for name in NAMES:
            assert {f"news-{name}", f"news-{name}-write", f"/news-{name}-[0-9]{{6}}/"} <= set(granted["names"])
        assert len(granted["names"]) == 3 * len(NAMES)


def test_a_reader_reads_everything_and_writes_nothing(store: Store, holding: Callable[[Role], Elasticsearch]) -> None:
    """A reader's key is refused every write, to the documents as to the indices."""
    take(store, ONE, TWO)
    reader = holding(Role.READER)
    articles = f"{store.prefix}-articles"
    assert reader.get(index=articles, id=ONE.id)["_source"]["title"] == "one"
    assert reader.count(index=f"{store.prefix}-reposts")["count"] == 1
    for name in NAMES:
        alias, index = f"{store.prefix}-{name}-write", f"{store.prefix}-{name}-000001"
        for target in (alias, index):
            assert refused(reader.index, index=target, document={"id": "x"})
            assert refused(reader.delete, index=target, id=ONE.id)
            assert refused(reader.update, index=target, id=ONE.id, doc={"title": "changed"})
        assert refused(reader.bulk, operations=[{"delete": {"_index": alias, "_id": ONE.id}}])
        assert refused(reader.indices.delete, index=index)
        assert refused(reader.indices.close, index=index)
        assert refused(reader.indices.put_mapping, index=index, properties={"colour": {"type": "keyword"}})
        assert refused(reader.indices.put_settings, index=index, settings={"index.blocks.write": True})
        assert refused(reader.indices.put_alias, index=index, name=f"{store.prefix}-other")
        assert refused(reader.indices.forcemerge, index=index)
    assert store.articles.get(ONE.id) is not None


def test_an_ingester_writes_documents_and_keeps_the_indices(
    store: Store, holding: Callable[[Role], Elasticsearch]
) -> None:
    """An ingester's key writes, and cannot delete, close, change or make an index, nor move an alias."""
    ingester = holding(Role.INGESTER)
    for name in NAMES:
        alias, index = f"{store.prefix}-{name}-write", f"{store.prefix}-{name}-000001"
        ingester.index(index=alias, id="x", document={}, refresh=True)
        assert ingester.count(index=alias)["count"] == 1
        ingester.delete(index=alias, id="x")
        assert refused(ingester.indices.delete, index=index)
        assert refused(ingester.indices.close, index=index)
        assert refused(ingester.indices.put_settings, index=index, settings={"index.blocks.write": True})
        assert refused(ingester.indices.create, index=f"{store.prefix}-{name}-000009")
        remove = [{"remove": {"index": index, "alias": alias}}]
        assert refused(ingester.indices.update_aliases, actions=remove)
    assert store.missing() == []


@pytest.mark.parametrize("role", list(Role))
def test_no_key_sees_other_indices(
    client: Elasticsearch,
    new_store: Callable[[], Store],
    holding: Callable[[Role], Elasticsearch],
    store: Store,
    role: Role,
) -> None:
    """Neither a stranger's index, nor one of another prefix, be it one that begins the same; nor the cluster."""
    key = holding(role)
    others = [f"{new_store().prefix}-articles", f"{store.prefix}-articles-old", f"{store.prefix}x-articles-000001"]
    others.append(f"{store.prefix}-articles-outbox-000001")
    for each in others[1:]:
        client.indices.create(index=each, settings={"number_of_replicas": 0})
    try:
        own = {f"{store.prefix}-{name}-000001" for name in NAMES}
        assert set(key.indices.get(index="*")) == own
        assert set(key.indices.stats()["indices"]) == own
        assert key.search(index="*", size=0)["_shards"]["total"] == len(own)
        for each in others:
            assert refused(key.search, index=each)
            assert refused(key.get, index=each, id="x")
            assert refused(key.index, index=each, document={})
            assert refused(key.indices.delete, index=each)
        assert refused(key.cluster.state)
        assert refused(key.cluster.health, level="indices")
        assert refused(key.nodes.info)
        assert refused(key.snapshot.get_repository)
        assert refused(key.security.get_user)
        assert refused(key.security.put_role, name="mine", cluster=["all"])
        assert refused(key.security.create_api_key, name="mine")
    finally:
        for each in others[1:]:
            client.indices.delete(index=each)


def test_an_admin_makes_and_deletes_the_indices(store: Store, holding: Callable[[Role], Elasticsearch]) -> None:
    """An admin's key makes, changes and deletes what `init` makes."""
    admin = holding(Role.ADMIN)
    for name in NAMES:
        admin.indices.delete(index=f"{store.prefix}-{name}-000001")
    with pytest.raises(AuthorizationException):
        admin.indices.create(index="somewhere-else")
    from indexer.elastic import Store as Opened  # noqa: PLC0415 - only its type is needed above

    assert len(Opened(admin, store.prefix).init()) == len(NAMES)


def test_who_may_not_make_the_signatures_changes_nothing(
    store: Store, holding: Callable[[Role], Elasticsearch]
) -> None:
    """An ingester in an archive of before them marks nothing and is told; an admin signs it."""
    from indexer.elastic import Store as Opened  # noqa: PLC0415 - only its type is needed above

    take(store, ONE)
    ingester, admin = (Opened(holding(role), store.prefix) for role in (Role.INGESTER, Role.ADMIN))
    holding(Role.ADMIN).indices.delete(index=f"{store.prefix}-signatures-000001")
    with pytest.raises(ForbiddenError):
        signing.create(ingester, now=now, progress=Silent())
    assert list(store.pending.ids()) == []
    assert signing.create(admin, now=now, progress=Silent()) == [f"{store.prefix}-signatures-000001"]
    assert take(store, TWO).pairs == {"exact": 1}


def test_everything_that_a_reader_does_works_with_its_key(engine: local.Running, store: Store, call: Caller) -> None:
    """Each command that reads ends well, and each that writes says that the key may not."""
    take(store, ONE, TWO)
    settings = {"url": engine.url, "prefix": store.prefix, "api_key": key_of(store, Role.READER)}
    pairs = call.folder / "pairs.jsonl"
    pairs.write_text(json.dumps({"url_a": ONE.url, "url_b": TWO.url, "label": "exact"}) + "\n")
    page = call.folder / "text.txt"
    page.write_text(ONE.text)
    for line in (
        "init", "search harbour --facets", "search harbour --format json", f"show {ONE.id}", f"show {TWO.url}",
        "reposts", f"reposts {ONE.id}", "reposts --summary", f"compare {ONE.id} {TWO.id}",
        f"export -o {call.folder}/o.jsonl",
        f"export --pairs -o {call.folder}/p.jsonl", "feeds list", "feeds check", "feeds export", "sources list",
        "remove --list", "boilerplate show", f"evaluate {pairs}", f"condense {page}", "doctor --format json",
    ):  # fmt: skip
        done = call(*line.split(), **settings)
        assert done.code == 0, f"{line}: {done.said}"
    for line in (
        f"edit {ONE.id} --stars 3", f"remove {ONE.id}", "feeds add https://herald.example/feed",
        "sources merge mirror.example herald.example", "ingest https://herald.example/feed", "keys create reader",
        "init --roles", "keys list",
    ):  # fmt: skip
        done = call(*line.split(), **settings)
        assert done.code in (1, 3), f"{line}: {done.code} {done.said}"
        assert "403" in done.err or "unauthorized" in done.err, f"{line}: {done.said}"
    assert store.articles.count() == 2


def test_everything_that_an_ingester_does_works_with_its_key(engine: local.Running, store: Store, call: Caller) -> None:
    """Each command that takes in, edits, removes or reads ends well."""
    with Newsstand(entries=2) as stand:
        lines = call.folder / "lines.jsonl"
        lines.write_text(
            "\n".join(written(source, "copied", prose(7, 100), hours) for source, hours in (("a", 3), ("b", 2)))
        )
        settings = {
            "url": engine.url, "prefix": store.prefix, "api_key": key_of(store, Role.INGESTER),
            "allow_private": "1", "host_delay": "0",
        }  # fmt: skip

        def done(line: str) -> Ended:
            ended = call(*line.split(), **settings)
            assert ended.code == 0, f"{line}: {ended.said}"
            return ended

        done(f"feeds add {stand.feed(0)}")
        assert json.loads(done(f"ingest {stand.feed(1)} --format json").out)["created"] == 2
        assert json.loads(done("ingest --format json").out)["created"] == 2
        assert json.loads(done(f"import {lines} --format json").out)["pairs"] == {"exact": 1}
        assert json.loads(done(f"add {stand.url}/page/extra --format json").out)["created"] == 1
        assert json.loads(done("reprocess --format json").out)["unchanged"] >= 5
        (one, two) = (each["id"] for each in json.loads(done("search title:copied --format json").out))
        done(f"edit {one} --stars 3")
        done("boilerplate learn")
        done("sources merge b.example a.example")
        done(f"remove {two}")
        done(f"remove --lift {two}")
        done("prune --before 3650d")
        done(f"feeds remove {stand.feed(0)}")
        done("search stars:3 --facets")
        done(f"show {one}")
        done("reposts --summary")
        done(f"export -o {call.folder}/all.jsonl")
        done("doctor")


def test_a_key_that_may_not_create_the_indices_says_who_may(engine: local.Running, store: Store, call: Caller) -> None:
    """A reader that comes before the indices are there is told what an admin has to do."""
    key = key_of(store, Role.READER)
    store.drop()
    done = call("search", "harbour", url=engine.url, prefix=store.prefix, api_key=key)
    assert done.code == 3
    assert "condensat init" in done.err
    assert "admin" in done.err


def test_a_key_is_shown_once_or_written_to_a_private_file(engine: local.Running, store: Store, call: Caller) -> None:
    """It opens what it should; the file is for its owner alone and never overwritten; lists have no secret."""
    login = {"url": engine.url, "prefix": store.prefix, "username": engine.username, "password": engine.password}
    made = call("keys", "create", "reader", "--expires", "2h", "--format", "json", **login)
    facts = json.loads(made.out)
    left = datetime.fromisoformat(facts["expires"]) - datetime.now(tz=UTC)
    assert timedelta(hours=1.9) < left <= timedelta(hours=2)
    assert facts["key"] not in made.err
    file = call.folder / "key"
    written_ = call("keys", "create", "ingester", "--name", "poller-1", "-o", str(file), **login)
    assert (written_.code, written_.out) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in written_.err
    assert call("keys", "create", "ingester", "-o", str(file), **login).code == 2
    mine = {"url": engine.url, "prefix": store.prefix}
    assert call("search", "harbour", **mine, api_key=facts["key"]).code == 0
    assert call("search", "harbour", **mine, api_key_file=str(file)).code == 0
    listed = call("keys", "list", "--format", "json", **login)
    rows = json.loads(listed.out)
    assert {(each["name"], each["role"], each["state"]) for each in rows} == {
        (f"{store.prefix}-reader", "reader", "valid"),
        ("poller-1", "ingester", "valid"),
    }
    assert facts["key"] not in listed.out
    assert call("keys", "revoke", "poller-1", **login).code == 0
    assert call("keys", "revoke", "poller-1", **login).code == 2
    shut = call("search", "harbour", **mine, api_key_file=str(file))
    assert shut.code == 3
    assert "401" in shut.err
    assert call("keys", "create", "owner", **login).code == 2
    assert call("keys", "create", "reader", "--expires", "soon", **login).code == 2


def test_only_keys_of_this_prefix_are_listed_and_revoked(
    client: Elasticsearch, store: Store, new_store: Callable[[], Store]
) -> None:
    """A stranger's key and one of another prefix are not ours."""
    other = new_store()
    other.rights.create_key(Role.READER, expires="1h")
    stranger = client.security.create_api_key(name=f"{store.prefix}-reader", expiration="1h")
    ours = store.rights.create_key(Role.READER, expires="1h")
    assert [each.id for each in store.rights.list_keys()] == [ours.id]
    client.security.invalidate_api_key(ids=[stranger["id"], ours.id])


def test_init_brings_keys_up_to_the_roles(
    client: Elasticsearch, engine: local.Running, store: Store, call: Caller
) -> None:
    """A key that was made when there were fewer indices opens all of them after `init --roles`."""
    made = store.rights.create_key(Role.READER, expires="1h")
    narrow = {f"{store.prefix}-reader": descriptor(store.prefix, Role.READER, ["articles"])}
    client.security.update_api_key(id=made.id, role_descriptors=narrow)
    with Elasticsearch(engine.url, api_key=made.encoded) as key:
        with pytest.raises(AuthorizationException):
            key.count(index=f"{store.prefix}-feeds")
        login = {"username": engine.username, "password": engine.password}
        done = call("init", "--roles", url=engine.url, prefix=store.prefix, **login)
        assert done.code == 0
        assert "1 key brought up" in done.err
        assert key.count(index=f"{store.prefix}-feeds")["count"] == 0
    roles = [f"{store.prefix}-{each}" for each in ROLES]
    assert [line for line in done.out.splitlines() if line in roles] == roles
    for each in roles:
        client.security.delete_role(name=each)


def test_a_user_with_a_role_may_what_the_role_may(client: Elasticsearch, engine: local.Running, store: Store) -> None:
    """The roles are for users as well, who log in with a password."""
    store.rights.write_roles()
    secret = secrets.token_hex(8)
    client.security.put_user(username=store.prefix, password=secret, roles=[f"{store.prefix}-reader"])
    with Elasticsearch(engine.url, basic_auth=(store.prefix, secret)) as ann:
        assert ann.count(index=f"{store.prefix}-articles")["count"] == 0
        assert refused(ann.index, index=f"{store.prefix}-articles-write", document={})
    client.security.delete_user(username=store.prefix)
    for each in ROLES:
        client.security.delete_role(name=f"{store.prefix}-{each}")
    with (
        Elasticsearch(engine.url, basic_auth=(store.prefix, secret)) as ann,
        pytest.raises(AuthenticationException),
    ):
        ann.count(index=f"{store.prefix}-articles")


def test_who_we_are_is_known_to_ourselves(engine: local.Running, store: Store) -> None:
    """A key knows its role and when it ends; a superuser that it is one."""
    from indexer.elastic import Store as Opened  # noqa: PLC0415 - only its type is needed above

    assert store.rights.login().everything
    made = store.rights.create_key(Role.INGESTER, expires="1h")
    with Opened.connect(engine.url, prefix=store.prefix, api_key=made.encoded) as opened:
        login = opened.rights.login()
    assert login.roles == (Role.READER, Role.INGESTER)
    assert not login.everything
    assert login.key is not None
    assert (login.key.id, login.key.expires) == (made.id, made.expires)
