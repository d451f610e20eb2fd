"""``condensat search`` as a person at a terminal sees it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from command import run
from samples import NOW, article, prose, take

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store

TEXT = f"The harbour was closed before the storm. {prose(1, 80)}"


@pytest.fixture
def filled(store: Store) -> Store:
    """Give an original and its copy, and an article of the month before."""
    take(
        store,
        article("storm", TEXT, title="Harbour closed", published=NOW - timedelta(days=2)),
        article("copy", TEXT, domain="mirror.example", published=NOW),
        article("old", "The harbour opens.", domain="echo.example", published=NOW - timedelta(days=40)),
    )
    return store


def test_the_command_in_every_form(engine: local.Running, filled: Store) -> None:
    """A table folds, JSON shows all; counts are drawn; errors point at their place and exit with 2."""
    done = run(engine, filled, "search", "harbour", check=True)
    assert "also in Mirror" in done.stdout
    assert "3 of 3 articles, 1 of them folded" in done.stderr
    found = json.loads(run(engine, filled, "search", "harbour", "--format", "json", check=True).stdout)
    assert len(found) == 3
    first = next(each for each in found if each["title"] == "Harbour closed")
    assert first["title_hits"] == [[0, 7]]
    folded = run(engine, filled, "search", "harbour", "--format", "jsonl", "--reposts", "fold", check=True)
    assert [len(json.loads(line)["also"]) for line in folded.stdout.splitlines()] == [1, 0]

    counts = run(engine, filled, "search", "harbour", "--facets", check=True)
    assert "By week" in counts.stdout
    assert "2026-08-03" in counts.stdout  # a week in which there is nothing stands between
    assert max(map(len, counts.stdout.splitlines())) <= 80
    counted = json.loads(run(engine, filled, "search", "harbour", "--facets", "--format", "json", check=True).stdout)
    assert counted["total"] == 3
    assert counted["facets"]["language"] == {"values": [{"value": "en", "count": 3}], "other": 0}

    nothing = run(engine, filled, "search", "harbuor closed", check=True)
    assert "Did you mean «harbour closed»? It finds 2 articles." in nothing.stderr
    wrong = run(engine, filled, "search", "harbour titel:x")
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-2:] == ["  harbour titel:x", "          ^"]


def test_words_at_the_edges_of_a_passage_are_marked(engine: local.Running, store: Store) -> None:
    """The first and the last word of a text are highlighted as any other: what marks them is not trimmed away."""
    take(store, article("edges", "Quayside cranes stood still all night beside the quayside"))
    (hit,) = json.loads(run(engine, store, "search", "quayside", "--format", "json", check=True).stdout)
    (passage,) = hit["highlights"]
    assert [passage["text"][start:end] for start, end in passage["hits"]] == ["Quayside", "quayside"]
