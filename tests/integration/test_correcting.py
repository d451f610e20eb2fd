"""Articles that are removed and sources that are merged, in a real index."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from command import run
from samples import HOUR, NOW, article, now, prose, search, stored, take

from indexer import removing
from indexer.detect import detect
from indexer.editing import edit
from indexer.elastic.documents import content_hash
from indexer.merging import UnknownSourceError, merge
from indexer.notes import Edit
from indexer.progress import Silent
from indexer.review import pairs

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store
    from indexer.models import Article

TEXT = prose(1, 120)
FIRST = article("first", TEXT, published=NOW - 9 * HOUR, further=["https://herald.example/amp/first"])
SECOND = article("second", TEXT, domain="mirror.example", published=NOW - 6 * HOUR)
THIRD = article("third", TEXT, domain="echo.example", published=NOW - 3 * HOUR)
OTHER = article("other", prose(2, 120), domain="echo.example", published=NOW - timedelta(days=400))


def sides(store: Store) -> set[tuple[str, str]]:
    """Give the pairs by the names of their articles."""
    return {(pair.earlier_url.rsplit("/", 1)[-1], pair.later_url.rsplit("/", 1)[-1]) for pair in pairs(store)}


def derived(store: Store, wanted: Article) -> tuple[Any, Any, Any]:
    """Read what was derived from an article's pairs."""
    document = stored(store, wanted)
    return document.get("repost_of"), document["reposts"], document["repeats"]


def test_pairs_and_counts_follow_a_removal(engine: local.Running, store: Store) -> None:
    """Without the original the next copy is the original; the removed one stays away by every way it came."""
    take(store, FIRST, SECOND, THIRD, OTHER)
    assert derived(store, THIRD) == (FIRST.id, 0, 2)
    done = run(engine, store, "remove", FIRST.url, "--by", "ann", "--format", "json", check=True)
    assert json.loads(done.stdout) == {"removed": 1, "matching": 1}
    assert sides(store) == {("second", "third")}
    assert derived(store, SECOND) == (None, 1, 0)
    assert derived(store, THIRD) == (SECOND.id, 0, 1)
    assert list(store.pending.ids()) == []

    elsewhere = article("elsewhere", TEXT, further=["https://herald.example/amp/first"])
    report = take(store, FIRST, elsewhere, replace(OTHER, text=f"{OTHER.text} more"))
    assert (report.rejected, report.updated) == ({"removed earlier": 2}, 1)
    assert search(store, "", sources=["herald.example"]).total == 0
    (listed,) = json.loads(run(engine, store, "remove", "--list", "--format", "json", check=True).stdout)
    assert (listed["article"], listed["by"], listed["title"]) == (FIRST.id, "ann", "first")
    assert run(engine, store, "remove", "--lift", FIRST.id).returncode == 0
    assert run(engine, store, "remove", "--lift", FIRST.id).returncode == 1
    assert take(store, FIRST).created == 1
    assert derived(store, THIRD) == (FIRST.id, 0, 2)


def test_a_source_is_removed_whole(engine: local.Running, store: Store) -> None:
    """Nobody is asked where nobody can answer, and nothing goes without a yes."""
    take(store, FIRST, SECOND, THIRD, OTHER)
    assert run(engine, store, "remove", "--source", "Echo").returncode == 2
    assert "2 articles would go" in run(engine, store, "remove", "--source", "Echo", "--dry-run", check=True).stderr
    run(engine, store, "remove", "--source", "Echo", "--yes", "--may-return", check=True)
    assert sides(store) == {("first", "second")}
    assert take(store, THIRD).created == 1
    for wrong in ([], ["x", "--list"], ["--lift", "x", "--source", "y"]):
        assert run(engine, store, "remove", *wrong).returncode == 2


def test_pruning_keeps_what_an_analyst_kept(engine: local.Running, store: Store) -> None:
    """What is older than the date goes, but not what somebody starred, noted or kept; and it does not come back."""
    old = [article(f"old{number}", prose(10 + number, 60), published=NOW - timedelta(days=300)) for number in range(4)]
    take(store, FIRST, OTHER, *old)
    edit(store, [old[0].id], Edit(stars=1), by="ann", now=NOW)
    edit(store, [old[1].id], Edit(remark="so"), by="ann", now=NOW)
    edit(store, [old[2].id], Edit(shelf="kept"), by="ann", now=NOW)
    edit(store, [old[3].id], Edit(shelf="rejected", tags=("x",)), by="ann", now=NOW)
    done = run(engine, store, "prune", "--before", "2026-03", "--yes", "--format", "json", check=True)
    assert json.loads(done.stdout)["removed"] == 2
    assert search(store, "").total == 4
    assert take(store, OTHER).rejected == {"removed earlier": 1}
    run(engine, store, "prune", "--before", "2026-03", "--kept", "--yes", check=True)
    assert search(store, "").total == 1
    assert run(engine, store, "prune", "--before", "someday", "--yes").returncode == 2


def test_a_crowd_without_its_first_finds_together_again(store: Store) -> None:
    """Of more than a hundred copies only the earliest has pairs with all; without it the next one has them."""
    copies = [
        article(f"c{number:03}", TEXT, domain=f"s{number}.example", published=NOW - timedelta(hours=200 - number))
        for number in range(125)
    ]
    take(store, *copies)
    (query,) = removing.named([copies[0].id])
    assert removing.remove(store, query, by="ann", now=now, progress=Silent()) == 1
    for each in (copies[2], copies[124]):
        assert derived(store, each)[0] == copies[1].id
    assert derived(store, copies[1]) == (None, 123, 0)


def test_a_removal_that_died_is_ended_by_the_next_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who dies between the article and its pairs leaves a mark, and whatever finds pairs next drops them."""
    take(store, FIRST, SECOND, THIRD)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (query,) = removing.named([FIRST.id])
    with monkeypatch.context() as patch:
        patch.setattr(removing, "detect", dies)
        with pytest.raises(KeyboardInterrupt):
            removing.remove(store, query, by="ann", now=now, progress=Silent())
    assert ("first", "second") in sides(store)
    detect(store, now=now)
    assert sides(store) == {("second", "third")}
    assert derived(store, THIRD) == (SECOND.id, 0, 1)


def test_merged_sources_are_one(engine: local.Running, store: Store) -> None:
    """Articles move, verdicts see one source, what comes in later moves as well, and merges follow one another."""
    take(store, FIRST, SECOND, OTHER)
    run(engine, store, "sources", "merge", "mirror.example", "herald.example", check=True)
    document: dict[str, Any] = stored(store, SECOND)
    assert document["source"]["domain"] == "herald.example"
    assert document["source"]["name"] == "Herald"
    assert document["content_hash"] == content_hash(document)
    (pair,) = pairs(store)
    assert (pair.same_source, pair.later_source) == (True, "herald.example")
    report = take(store, SECOND, article("new", prose(5, 60), domain="mirror.example"))
    assert (report.unchanged, report.created) == (1, 1)
    assert search(store, "", sources=["mirror.example"]).total == 0

    merge(store, ["herald.example"], "echo.example", name="One", by="ann", now=now, progress=Silent())
    take(store, article("newest", prose(6, 60), domain="mirror.example"))
    (listed,) = json.loads(run(engine, store, "sources", "list", "--format", "json", check=True).stdout)
    assert (listed["domain"], listed["articles"]) == ("echo.example", 5)
    assert listed["merged"] == ["herald.example", "mirror.example"]
    with pytest.raises(UnknownSourceError):
        merge(store, ["nowhere.example"], "echo.example", by="ann", now=now, progress=Silent())
    with pytest.raises(UnknownSourceError):
        merge(store, ["echo.example"], "echo.example", by="ann", now=now, progress=Silent())
