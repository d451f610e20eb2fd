"""What analysts write on articles of a real index."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from command import run
from samples import NOW, article, prose, search, stored, take

from indexer.editing import edit
from indexer.notes import Edit
from indexer.review import NotFoundError
from indexer.search import Wanted, facets

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store

ONE = article("one", f"The harbour was closed. {prose(1, 60)}")
TWO = article("two", f"The bridge was closed. {prose(2, 60)}")


def test_an_edit_is_searchable_and_survives_ingest(engine: local.Running, store: Store) -> None:
    """Stars, remark, tags, story and shelf are found, with who and when, and stay when the article comes in changed."""
    take(store, replace(ONE, tags=("Port",)), TWO)
    arguments = ["--stars", "4", "--note", "Ask the pilots", "--tag", "Storm", "--tag", "port", "--story", "Flood"]
    done = run(engine, store, "edit", ONE.id[:10], *arguments, "--shelf", "kept", "--by", "ann", "--format", "json")
    assert json.loads(done.stdout) == {"changed": [ONE.id], "unchanged": 0}
    for query in (
        "stars:>=3", "note:pilots", "tag:storm", "tag:port", "story:flood", "shelf:kept", "by:ann", "noted:1d",
    ):  # fmt: skip
        assert [hit.id for hit in search(store, query).hits] == [ONE.id], query
    (hit,) = search(store, "harbour", tags=["Storm"]).hits
    assert (hit.tags, hit.stories, hit.stars, hit.shelf) == (("Port", "Storm", "port"), ("Flood",), 4, "kept")
    assert dict(facets(store, Wanted()).values["tag"].counts) == {"Port": 1, "Storm": 1, "port": 1}

    take(store, replace(ONE, text=f"{ONE.text} An update.", tags=("Weather",)))
    document: dict[str, Any] = stored(store, ONE)
    assert document["tags"] == ["Weather"]
    at = document["notes"].pop("at")
    assert datetime.fromisoformat(at) > NOW
    assert document["notes"] == {
        "stars": 4, "remark": "Ask the pilots", "tags": ["Storm", "port"], "stories": ["Flood"], "by": "ann",
    }  # fmt: skip
    assert document["shelf"] == "kept"
    shown = run(engine, store, "show", ONE.id, check=True).stdout
    assert "★★★★" in shown
    assert "ann" in shown
    again = run(engine, store, "edit", ONE.id, "--stars", "4", "--format", "json", check=True)
    assert json.loads(again.stdout) == {"changed": [], "unchanged": 1}
    assert run(engine, store, "edit", ONE.id).returncode == 2


def test_a_mistyped_article_costs_nothing(store: Store) -> None:
    """Where one of several is not known, none is changed."""
    take(store, ONE)
    with pytest.raises(NotFoundError):
        edit(store, [ONE.id, "https://nowhere.example/"], Edit(stars=1), by="ann", now=NOW)
    assert "notes" not in stored(store, ONE)


def test_edits_at_once_lose_nothing(store: Store) -> None:
    """Of many who tag one article at the same time, each finds its tag there."""
    take(store, ONE)
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(
            lambda number: edit(store, [ONE.id], Edit(tags=(f"t{number}",)), by="ann", now=NOW), range(12)
        ):
            pass
    document: dict[str, Any] = stored(store, ONE)
    assert set(document["notes"]["tags"]) == {f"t{number}" for number in range(12)}
