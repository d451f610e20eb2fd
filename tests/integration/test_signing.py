"""Signatures: each article has that of its newest state, whoever wrote it, died over it, or came from before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from samples import HOUR, NOW, article, now, prose, take, write

from indexer import signing
from indexer.detect import detect
from indexer.elastic import StoreError
from indexer.elastic.schema import read_alias
from indexer.progress import Silent
from indexer.removing import named, remove
from indexer.review import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from elasticsearch import Elasticsearch

    from indexer.elastic import Store
    from indexer.elastic.documents import Stored

TEXT, OTHER_TEXT = prose(1, 120), prose(2, 120)
ORIGINAL = article("original", TEXT, published=NOW - 3 * HOUR)
COPY = article("copy", TEXT, domain="mirror.example", published=NOW - 2 * HOUR)
STRANGER = article("stranger", OTHER_TEXT, domain="mirror.example", published=NOW - 2 * HOUR)


def unsign(client: Elasticsearch, store: Store) -> None:
    """Leave the articles as a version before the index of signatures left them."""
    client.indices.delete(index=f"{store.prefix}-signatures-000001")


def documents(client: Elasticsearch, store: Store) -> dict[str, dict[str, object]]:
    """Give every signature that searches see, by its article."""
    store.signatures.refresh()
    answer = client.search(index=read_alias(store.prefix, "signatures"), size=100)
    return {hit["_id"]: hit["_source"] for hit in answer["hits"]["hits"]}


def complete(store: Store) -> list[str]:
    """Create what is missing."""
    return signing.create(store, now=lambda: NOW + HOUR, progress=Silent())


def test_articles_of_an_earlier_version_are_signed(store: Store, client: Elasticsearch) -> None:
    """Where the index is missing all articles are signed, and nothing is judged again: their pairs are there."""
    take(store, ORIGINAL, COPY, STRANGER)
    before, told = documents(client, store), set(pairs(store))
    assert before.keys() == {ORIGINAL.id, COPY.id, STRANGER.id}
    unsign(client, store)
    assert complete(store) == [f"{store.prefix}-signatures-000001"]
    assert documents(client, store) == before
    assert list(store.pending.ids()) == []
    assert set(pairs(store)) == told
    assert complete(store) == []
    late = article("late", OTHER_TEXT, domain="echo.example")
    assert take(store, late).pairs == {"exact": 1}


def test_a_run_that_dies_while_it_signs(store: Store, client: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had not signed is signed by whoever finds pairs next, and the pairs are the same."""
    take(store, ORIGINAL, COPY, STRANGER)
    before, told = documents(client, store), set(pairs(store))
    unsign(client, store)

    def dying(_: object) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(store.signatures, "write", dying)
    with pytest.raises(StoreError, match="gone"):
        complete(store)
    monkeypatch.undo()
    assert documents(client, store) == {}
    assert complete(store) == []
    detect(store, now=now)
    assert documents(client, store) == before
    assert set(pairs(store)) == told
    assert list(store.pending.ids()) == []


def test_a_mark_of_somebody_else_stays(store: Store, client: Elasticsearch) -> None:
    """An article that waited for its pairs before still does when it is signed."""
    take(store, ORIGINAL)
    write(store, COPY)
    unsign(client, store)
    complete(store)
    assert list(store.pending.ids()) == [COPY.id]
    assert detect(store, now=now) == {"exact": 1}


def test_an_article_that_comes_in_while_others_are_signed(
    store: Store, client: Elasticsearch, connect: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever judged it could not find what was not signed yet: it is judged again, and nothing is missed."""
    take(store, ORIGINAL)
    unsign(client, store)
    other, signed = connect(store.prefix), store.signatures.write

    def late(articles: Iterable[Stored]) -> None:
        assert take(other, COPY).pairs == {}
        signed(articles)

    monkeypatch.setattr(store.signatures, "write", late)
    complete(store)
    monkeypatch.undo()
    assert list(store.pending.ids()) == [COPY.id]
    assert detect(store, now=now) == {"exact": 1}


def test_of_two_writers_the_later_state_stays(store: Store) -> None:
    """Whoever read an article before it was changed, and writes its signature after, changes nothing."""
    take(store, ORIGINAL)
    old = store.articles.stored([ORIGINAL.id])[ORIGINAL.id]
    take(store, replace(ORIGINAL, text=OTHER_TEXT))
    store.signatures.write([old])
    assert take(store, STRANGER).pairs == {"exact": 1}
    assert take(store, COPY).pairs == {}


def test_a_removed_article_leaves_no_signature(store: Store, client: Elasticsearch) -> None:
    """Its signature goes with it, and comes back with it."""
    take(store, ORIGINAL, STRANGER)
    (query,) = named([ORIGINAL.id])
    remove(store, query, by="ann", comes_back=True, now=now, progress=Silent())
    assert documents(client, store).keys() == {STRANGER.id}
    take(store, ORIGINAL)
    assert documents(client, store).keys() == {ORIGINAL.id, STRANGER.id}


def test_a_signature_that_was_written_meanwhile_is_not_deleted(store: Store, client: Elasticsearch) -> None:
    """Who found an article gone deletes the signature that it saw, and none that came after."""
    take(store, ORIGINAL)
    seen = store.signatures.there([ORIGINAL.id])
    take(store, replace(ORIGINAL, text=OTHER_TEXT))
    store.signatures.delete(seen.values())
    assert documents(client, store).keys() == {ORIGINAL.id}
    store.signatures.delete(store.signatures.there([ORIGINAL.id]).values())
    assert documents(client, store) == {}
