"""Searches that are kept under a name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command import run
from samples import NOW, article, prose, take

from indexer import saving
from indexer.query import QueryError
from indexer.search import Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from indexer import engine as local
    from indexer.elastic import Store

HARBOUR = article("one", f"The harbour was closed. {prose(1, 60)}")
BRIDGE = article("two", f"The bridge was closed. {prose(2, 60)}", domain="mirror.example")


def test_a_search_is_saved_listed_run_and_removed(engine: local.Running, store: Store, tmp_path: Path) -> None:
    """What was saved is run again as it was asked, with its options, and is gone when it is removed."""
    take(store, HARBOUR, BRIDGE)
    feed = tmp_path / "news.atom"
    asked = ["closed AND title:one", "--source", "herald.example", "--from", "2026-01-01", "--by", "ann"]
    saved = run(
        engine, store, "searches", "add", "Ports", *asked, "--mail", "ann@example.org", "--feed", str(feed),
        "--format", "json", check=True,
    )  # fmt: skip
    told = json.loads(saved.stdout)
    assert told["matching"] == 1
    assert told["targets"] == [{"kind": "mail", "to": "ann@example.org"}, {"kind": "feed", "to": str(feed)}]
    (listed,) = json.loads(run(engine, store, "searches", "list", "--format", "json", check=True).stdout)
    assert listed["query"] == "closed AND title:one"
    assert (listed["sources"], listed["start"], listed["by"]) == (["herald.example"], "2026-01-01", "ann")
    assert (listed["waiting"], listed["refused"], listed["last"]) == (0, 0, None)
    assert "--source herald.example" in " ".join(run(engine, store, "searches", "list", check=True).stdout.split())
    found = json.loads(run(engine, store, "searches", "run", "ports", "--format", "json", check=True).stdout)
    assert [hit["id"] for hit in found] == [HARBOUR.id]
    assert "Sources" in run(engine, store, "searches", "run", "PORTS", "--facets", check=True).stdout
    again = run(engine, store, "searches", "add", "PORTS", "*")
    assert again.returncode == 2
    assert "already" in again.stderr
    run(engine, store, "searches", "remove", "ports", check=True)
    assert run(engine, store, "searches", "remove", "ports").returncode == 1
    gone = run(engine, store, "searches", "run", "ports")
    assert gone.returncode == 1
    assert "no search «ports»" in gone.stderr


def test_a_query_that_cannot_be_read_is_not_saved(engine: local.Running, store: Store) -> None:
    """The place of the error is shown with a caret, as by a search, and nothing is saved."""
    done = run(engine, store, "searches", "add", "bad", "ports AND (harbour")
    assert done.returncode == 2
    assert "^" in done.stderr
    assert run(engine, store, "searches", "add", "bad", "colour:blue").returncode == 2
    with pytest.raises(QueryError):
        saving.add(
            store, "bad", Wanted(query="*", start="soon"), to=(), language="en", since=None, by="", series="0", now=NOW
        )
    assert store.searches.all() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("a b", "*"),
        ("ok", "*", "--mail", "no address"),
        ("ok", "*", "--mail", "ann@example.org\nBcc: eve@example.org"),
        ("ok", "*", "--feed", "feed.csv"),
        ("ok", "*", "--markdown", "/no/such/folder/news.md"),
        ("ok", "*", "--since", "soon"),
    ],
)
def test_what_cannot_be_is_refused(engine: local.Running, store: Store, arguments: tuple[str, ...]) -> None:
    """A name, address, file or date that is none is wrong use, with a reason, and nothing is saved."""
    done = run(engine, store, "searches", "add", *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert store.searches.all() == []


def test_of_two_runs_one_has_a_search(store: Store) -> None:
    """A lease keeps others off until it runs out, or its holder is known to have died; what changed it is refused."""
    saving.add(store, "one", Wanted(query="*"), to=(), language="en", since=None, by="", series="0", now=NOW)
    first, second = saving.find(store, "one"), saving.find(store, "one")
    until = NOW.replace(hour=13)
    held = store.searches.claim(first, worker="a", until=until, now=NOW, dead=lambda _: False)
    assert held is not None
    assert store.searches.claim(second, worker="b", until=until, now=NOW, dead=lambda _: False) is None
    fresh = saving.find(store, "one")
    assert store.searches.claim(fresh, worker="b", until=until, now=NOW, dead=lambda _: False) is None
    assert store.searches.claim(fresh, worker="b", until=until, now=NOW, dead="a".__eq__) is not None
    store.searches.release(held, last=NOW)
    assert saving.find(store, "one").search.lease_by == "b"
    assert saving.find(store, "one").search.last is None
