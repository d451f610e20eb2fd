"""The shipped mappings, in a real Elasticsearch."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from elasticsearch import BadRequestError
from samples import NOW, article, take, write

from indexer.elastic import Store, StoreError
from indexer.elastic.schema import NAMES, behind, definition, read_alias, write_alias

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


def matching(client: Elasticsearch, store: Store, field: str, words: str) -> int:
    """Count the articles in whose field these words stand: as a phrase, or all of them where there are stems."""
    stems = {"match": {field: {"query": words, "operator": "and"}}}
    query = stems if "." in field else {"match_phrase": {field: words}}
    answer = client.count(index=read_alias(store.prefix, "articles"), query=query)
    return int(answer["count"])


def test_init_is_idempotent(store: Store) -> None:
    """A second init creates nothing and loses nothing."""
    take(store, article("one", "a harbour in the night"))
    assert store.init() == []
    assert store.articles.count() == 1


def test_aliases_exist(client: Elasticsearch, store: Store) -> None:
    """Every index stands behind one alias to read and one to write, of which it is the only one."""
    assert store.missing() == []
    for name in NAMES:
        for alias in (read_alias(store.prefix, name), write_alias(store.prefix, name)):
            assert list(client.indices.get_alias(name=alias)) == [f"{store.prefix}-{name}-000001"]


def test_every_index_gets_a_copy_where_there_is_a_second_node(client: Elasticsearch, store: Store) -> None:
    """New indices say so themselves; older ones are told by init."""
    index = f"{store.prefix}-articles-000001"
    assert store.copy_each() == []
    client.indices.put_settings(index=index, settings={"index.auto_expand_replicas": False})
    assert store.copy_each() == [index]
    settings = client.indices.get_settings(index=f"{store.prefix}-*", flat_settings=True)
    assert {each["settings"]["index.auto_expand_replicas"] for each in settings.values()} == {"0-1"}


def test_missing_aliases_are_named(client: Elasticsearch, store: Store) -> None:
    """An index that is gone is told, and init brings it back alone."""
    client.indices.delete(index=f"{store.prefix}-feeds-000001")
    assert store.missing() == [read_alias(store.prefix, "feeds"), write_alias(store.prefix, "feeds")]
    assert store.init() == [f"{store.prefix}-feeds-000001"]


def test_what_others_delete_is_not_missed(client: Elasticsearch, store: Store) -> None:
    """Indices of others come and go in the cluster; what is asked about ours does not fail for that."""
    index, alias = f"other-{store.prefix}-000001", f"other-{store.prefix}"
    feeds = read_alias(store.prefix, "feeds")
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            client.indices.create(index=index, aliases={alias: {}})
            client.indices.delete(index=index)

    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(come_and_go)
        try:
            for _ in range(400):
                assert store.missing() == []
                assert behind(client, store.prefix, feeds) == [f"{store.prefix}-feeds-000001"]
        finally:
            ended.set()
        other.result()
    with pytest.raises(StoreError, match="condensat init"):
        behind(client, store.prefix, alias)


def test_shipped_mappings_are_current(client: Elasticsearch, store: Store) -> None:
    """Fresh indices are up to date; one of another version is told."""
    assert store.outdated() == []
    client.indices.put_mapping(index=f"{store.prefix}-reposts-000001", meta={"version": 0})
    assert store.outdated() == [read_alias(store.prefix, "reposts")]


@pytest.mark.parametrize("name", NAMES)
def test_unknown_fields_are_refused(client: Elasticsearch, store: Store, name: str) -> None:
    """A field that no mapping names is an error, not a new field."""
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=write_alias(store.prefix, name), document={"id": "x", "colour": "blue"})


@pytest.mark.parametrize("written", ["20240501", "2024-05-01", "2024-05-01 10:00:00"])
def test_other_date_formats_are_refused(client: Elasticsearch, store: Store, written: str) -> None:
    """A date that is not a full one with its zone is refused: by default 20240501 would be a day in 1970."""
    with pytest.raises(BadRequestError, match="failed to parse date"):
        client.index(index=write_alias(store.prefix, "articles"), document={"seen": written})


def test_writing_to_a_missing_alias_creates_no_index(client: Elasticsearch, store: Store) -> None:
    """Where the alias is gone a write is refused, and leaves no index of its name behind."""
    store.drop()
    with pytest.raises(StoreError, match="alias"):
        write(store, article("one", "a harbour in the night"))
    with pytest.raises(StoreError):
        take(store, article("two", "a bridge in the morning"))
    with pytest.raises(StoreError, match="condensat init"):
        store.feeds.add("https://herald.example/feed", now=NOW)
    assert client.indices.get(index=f"{store.prefix}*").body == {}


@pytest.mark.parametrize(
    ("field", "words", "found"),
    [
        ("text.en", "vulnerability scanner", 1),
        ("text.en", "vulnerable scanning", 0),
        ("text.en", "minister visit", 1),
        ("text.fr", "cheval royal", 1),
        ("text.fr", "attaque", 1),
        ("text", "vulnerability scanner", 0),
        ("text", "vulnerabilities scanners", 1),
        ("text", "VULNERABILITIES Scanners", 1),
        ("text", "Minister's", 1),
        ("text", "l'attaque", 1),
        ("text", "attaque", 0),
        ("text", "chevaux royaux fatigues", 1),
    ],
)
def test_stems_and_exact_words(client: Elasticsearch, store: Store, field: str, words: str, *, found: int) -> None:
    """English and French stems find other forms; the field itself finds what was written, but for case and accents."""
    text = "Vulnerabilities scanners reported the minister’s visits. Depuis l’attaque, les chevaux royaux fatigués."
    take(store, article("one", text))
    assert matching(client, store, field, words) == found


def test_every_definition_is_strict() -> None:
    """No index takes up fields by itself, and each says which version of its mappings it has."""
    for name in NAMES:
        assert definition(name)["mappings"]["dynamic"] == "strict"
        assert isinstance(definition(name)["mappings"]["_meta"]["version"], int)
