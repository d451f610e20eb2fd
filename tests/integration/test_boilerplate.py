"""What one source repeats makes no pairs once it is learnt; what many sources share still does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from command import run
from samples import HOUR, NOW, article, now, prose, stored, take

from indexer import boilerplate
from indexer.boilerplate import UnknownSourceError
from indexer.models import Article, Kind
from indexer.progress import Silent
from indexer.review import pairs

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store

FOOTER = prose(7, 80)
WIRE = prose(8, 150)


def framed(count: int) -> list[Article]:
    """Give articles of one source, all with its footer."""
    return [article(f"own{n}", f"{prose(100 + n, 120)} {FOOTER}", published=NOW - n * HOUR) for n in range(count)]


def learn(store: Store, *domains: str) -> dict[str, int]:
    """Learn and give the number of grams a source that changed."""
    learnt = boilerplate.learn(store, domains, now=now, progress=Silent())
    return {each.boilerplate.domain: len(each.boilerplate.hashes) for each in learnt if each.changed}


def test_learnt_footer_makes_no_pairs(store: Store) -> None:
    """A long footer pairs all articles of its source until it is learnt, and again when it is forgotten."""
    take(store, *framed(6))
    before = set(pairs(store))
    assert len(before) == 15
    assert {pair.kind for pair in before} == {Kind.PASSAGE}
    assert learn(store) == {"herald.example": 76}
    assert list(pairs(store)) == []
    assert list(store.pending.ids()) == []
    assert learn(store) == {}  # nothing new
    found = store.sources.get("herald.example")
    assert found
    assert (found.version, found.articles, found.phrases[0].tokens, found.phrases[0].articles) == (1, 6, 80, 6)
    boilerplate.forget(store, ["herald.example"], now=now, progress=Silent())
    assert set(pairs(store)) == before


def test_articles_that_come_later_are_judged_without_it(store: Store) -> None:
    """The list counts for what is written after it was learnt, and a copy of the article itself is still found."""
    take(store, *framed(6))
    learn(store, "herald.example")
    late = article("late", f"{prose(300, 120)} {FOOTER}", published=NOW)
    take(store, late, article("copy", f"{prose(300, 120)} {prose(301, 20)}", domain="mirror.example", published=NOW))
    (pair,) = pairs(store)
    assert pair.kind is Kind.NEAR
    assert {pair.earlier, pair.later} >= {late.id}
    # the footer counts on neither side, but for the four words that stand in grams with the words before it
    assert max(pair.coverage_earlier, pair.coverage_later) == round(120 / 124, 4)


def test_what_many_sources_share_is_not_learnt(store: Store) -> None:
    """An agency's text that one source prints in many articles is syndication: its copies stay reposts."""
    elsewhere = [
        article(f"wire{n}", f"{prose(400 + n, 60)} {WIRE}", domain=f"paper{n}.example", published=NOW - 20 * HOUR)
        for n in range(3)
    ]
    own = [article(f"own{n}", f"{prose(500 + n, 300)} {WIRE}", published=NOW - 60 * n * HOUR) for n in range(6)]
    take(store, *elsewhere, *own)
    before = set(pairs(store))
    assert learn(store) == {}
    assert set(pairs(store)) == before


def test_versions_of_one_story_are_not_learnt(store: Store) -> None:
    """A story that its source brings up to date ten times in a day keeps its pairs."""
    text = prose(9, 200)
    take(store, *(article(f"v{n}", f"{text} {prose(600 + n, 8)}", published=NOW - n * HOUR) for n in range(10)))
    assert learn(store) == {}
    assert {pair.update for pair in pairs(store)} == {True}


def test_the_command_learns_shows_and_forgets(engine: local.Running, store: Store) -> None:
    """The whole round by the command: tables fit 80 columns, JSON says what changed, an unknown source ends with 1."""
    take(store, *framed(6))
    learnt = run(engine, store, "boilerplate", "learn")
    assert learnt.returncode == 0
    assert "herald.example" in learnt.stdout
    assert "0 pairs stand, 15 before" in learnt.stderr
    shown = run(engine, store, "boilerplate", "show", "herald.example")
    assert FOOTER.split()[0] in shown.stdout
    assert max(map(len, (learnt.stdout + shown.stdout).splitlines())) <= 80
    (listed,) = json.loads(run(engine, store, "boilerplate", "show", "--format", "json").stdout)
    assert (listed["source"], listed["grams"], listed["phrases"][0]["articles"]) == ("herald.example", 76, 6)
    (forgotten,) = json.loads(run(engine, store, "boilerplate", "forget", "herald.example", "--format", "json").stdout)
    assert (forgotten["changed"], forgotten["before"], forgotten["grams"]) == (True, 76, 0)
    unknown = run(engine, store, "boilerplate", "learn", "nowhere.example")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "nowhere.example" in unknown.stderr


def test_unknown_source_is_said(store: Store) -> None:
    """A source without articles, or of which nothing was learnt, is an error that says so."""
    with pytest.raises(UnknownSourceError, match=r"nowhere\.example"):
        learn(store, "nowhere.example")
    with pytest.raises(UnknownSourceError, match="boilerplate show"):
        boilerplate.forget(store, ["herald.example"], now=now, progress=Silent())


def test_edited_article_leaves_its_list_behind(store: Store) -> None:
    """With the footer learnt, an article that is edited into a copy of another is found by its own words."""
    one, *others = framed(6)
    take(store, one, *others)
    learn(store)
    take(store, replace(others[0], text=f"{prose(100, 120)} {FOOTER} {prose(700, 10)}"))
    (pair,) = pairs(store)
    assert pair.update
    assert stored(store, one)["repost_of"] == others[0].id
