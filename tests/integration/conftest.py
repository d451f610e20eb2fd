from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from elasticsearch import Elasticsearch

from indexer import engine as local
from indexer.elastic import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def engine(engine_home: Path) -> local.Running:
    """Give a running engine; a test session without one fails. A shared one is left running."""
    return local.start(engine_home)


@pytest.fixture
def connect(engine: local.Running) -> Iterator[Callable[[str], Store]]:
    """Give a way to open further connections, each to the prefix it names; all are closed in the end."""
    opened: list[Store] = []

    def connecting(prefix: str) -> Store:
        opened.append(
            Store.connect(engine.url, prefix=prefix, username=engine.username, password=engine.password),
        )
        return opened[-1]

    yield connecting
    for each in opened:
        each.__exit__(None, None, None)


@pytest.fixture
def new_store(connect: Callable[[str], Store]) -> Iterator[Callable[[], Store]]:
    """Give a way to make empty indices of one's own, of which nothing is left in the end."""
    made: list[Store] = []

    def making() -> Store:
        store = connect(f"test-{secrets.token_hex(6)}")
        made.append(store)
        store.init()
        return store

    yield making
    for each in made:
        each.drop()


@pytest.fixture
def store(new_store: Callable[[], Store]) -> Store:
    """Give empty indices of this test's own."""
    return new_store()


@pytest.fixture
def client(engine: local.Running) -> Iterator[Elasticsearch]:
    """Give Elasticsearch's own client, for what an analyst's tool or a stranger would do."""
    with Elasticsearch(engine.url, basic_auth=(engine.username, engine.password)) as opened:
        yield opened
