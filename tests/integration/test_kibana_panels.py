"""Every panel of the dashboards, asked of a real Elasticsearch that holds the demo's articles and more."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from command import run
from dashboard_pictures.fill import NOW, fill

from indexer.elastic import Store
from indexer.elastic.schema import NAMES as NAMES_OF_INDICES
from indexer.kibana import meaning, queries, shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer import engine as local

SPAN = queries.Span(start=NOW - timedelta(days=30), end=NOW)  # as the dashboards' own: the last thirty days
NAMES = ("feeds", "newsroom", "reposts", "threats")
PANELS = [(board.name, panel["id"]) for board in shipped.dashboards() for panel in board.body["panels"]]


@pytest.fixture(scope="module")
def world(engine: local.Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give indices with the demo's news world, articles of four weeks, and feeds in every state."""
    prefix = f"test-{secrets.token_hex(6)}"
    settings = {
        "CONDENSAT_URL": engine.url,
        "CONDENSAT_USERNAME": engine.username,
        "CONDENSAT_PASSWORD": engine.password,
        "CONDENSAT_PREFIX": prefix,
    }
    with Store.connect(engine.url, prefix=prefix, username=engine.username, password=engine.password) as store:
        try:
            fill(settings, tmp_path_factory.mktemp("world"))
            for name in ("articles", "feeds", "pairs"):
                getattr(store, name).refresh()
            yield store
        finally:
            store.drop()


def ask(store: Store, panel: dict[str, Any]) -> list[queries.Found]:
    found = []
    for asked in meaning.read(panel):
        answer = store.search(asked.pattern.removeprefix(f"{store.prefix}-"), queries.to_search(asked, SPAN))
        found.append(queries.to_found(asked, answer))
    return found


def panel(store: Store, identity: str) -> dict[str, Any]:
    panels = (each for board in shipped.dashboards(store.prefix) for each in board.body["panels"])
    return next(each for each in panels if each["id"] == identity)


@pytest.mark.parametrize(("board", "identity"), PANELS)
def test_no_panel_is_empty(world: Store, board: str, identity: str) -> None:
    """What a panel asks is understood by Elasticsearch, and finds something; every number of a metric is one."""
    assert board in NAMES
    asked = panel(world, identity)
    found = ask(world, asked)
    assert found
    for each in found:
        assert not each.is_empty, each
        if asked["config"].get("type") == "metric":
            assert all(each.rows[0]), each


def rows(world: Store, identity: str) -> list[tuple[Any, ...]]:
    (found,) = ask(world, panel(world, identity))
    return list(found.rows)


def test_the_newsroom_counts_what_there_is(world: Store) -> None:
    """Sources over time and languages come to the number of articles of the thirty days."""
    query = {
        "range": {
            "effective": {
                "gte": SPAN.start.isoformat(timespec="milliseconds"),
                "lte": NOW.isoformat(timespec="milliseconds"),
            }
        }
    }
    articles = world.articles.matching(query)
    ((shown, _),) = rows(world, "newsroom-articles")
    assert shown == articles
    assert sum(row[-1] for row in rows(world, "newsroom-languages")) <= articles
    assert {row[0] for row in rows(world, "newsroom-languages")} >= {"en", "fr"}


def test_fresh_articles_repeat_nobody(world: Store) -> None:
    """The list has the newest first, and no copies."""
    (found,) = ask(world, panel(world, "newsroom-fresh"))
    assert len(found.rows) == queries.LISTED
    titles = [row[found.labels.index("title")] for row in found.rows]
    assert all(titles)


def test_who_copies_whom_is_what_the_summary_says(engine: local.Running, world: Store) -> None:
    """The matrix has the numbers of `condensat reposts --summary`, source by source."""
    told = json.loads(
        run(engine, world, "reposts", "--summary", "--limit", "1000", "--format", "json", check=True).stdout
    )["rows"]
    wanted = {(row["later_source"], row["earlier_source"]): row["pairs"] for row in told if not row["same_source"]}
    shown = {(row[0], row[1]): row[2] for row in rows(world, "reposts-matrix")}
    assert shown == {pair: number for pair, number in wanted.items() if pair in shown}
    assert len(shown) >= 10


def test_every_lag_falls_in_a_range(world: Store) -> None:
    """The ranges of the chart have no gap: they come to all pairs between two sources."""
    between = sum(row[-1] for row in rows(world, "reposts-fastest"))
    assert sum(row[-1] for row in rows(world, "reposts-lags")) == between


def test_the_fastest_come_first(world: Store) -> None:
    """The table is in the order of the median lag, and the made-up world's fastest copier leads it."""
    found = rows(world, "reposts-fastest")
    lags = [row[1] for row in found]
    assert lags == sorted(lags)
    assert "newsmill.example" in [row[0] for row in found[:3]]


def test_every_state_of_a_feed_is_there(world: Store) -> None:
    """Health has the states that the feeds are in, and each list those that it is named after."""
    health = {row[0]: row[1] for row in rows(world, "feeds-health")}
    assert health.keys() >= {"ok", "silent", "empty", "moved", "error", "dead"}
    silent = ask(world, panel(world, "feeds-silent"))[0]
    assert [row[silent.labels.index("state")] for row in silent.rows] == ["silent"]
    troubled = ask(world, panel(world, "feeds-troubled"))[0]
    states = [row[troubled.labels.index("state")] for row in troubled.rows]
    assert len(states) == sum(health[each] for each in ("error", "dead", "empty", "moved"))


def test_rejects_are_those_of_the_feeds(world: Store) -> None:
    """By reason, added up over all feeds, the panel says what the feeds' own records say."""
    (found,) = ask(world, panel(world, "feeds-rejects"))
    shown = {
        reason: sum(int(row[number]) for row in found.rows if row[number])
        for number, reason in enumerate(found.labels)
        if number >= found.keys
    }
    told: dict[str, int] = {}
    for each in world.feeds.all():
        for reason, number in each.rejected.items():
            told[reason] = told.get(reason, 0) + number
    assert {reason: number for reason, number in shown.items() if number} == told
    assert len(told) >= 5


def test_threats_are_named_by_the_articles(world: Store) -> None:
    """CVEs, actors and campaigns of the made-up articles, each in its table."""
    assert "CVE-2026-92058" in {row[0] for row in rows(world, "threats-cves")}
    assert {"Salt Heron", "Low Tide"} <= {row[0] for row in rows(world, "threats-stories")}


def test_check_says_that_none_is_empty(engine: local.Running, world: Store) -> None:
    """`condensat kibana check --data` asks the same of the user's own indices."""
    told = json.loads(run(engine, world, "kibana", "check", "--data", "--format", "json", check=True).stdout)
    assert {each["name"]: each["empty"] for each in told if each["panels"]} == {name: [] for name in NAMES}


def test_check_names_what_is_empty(engine: local.Running, store: Store) -> None:
    """Where nothing was taken in yet every panel is empty, and that is no error."""
    told = json.loads(run(engine, store, "kibana", "check", "--data", "--format", "json", check=True).stdout)
    assert sum(len(each["empty"] or ()) for each in told) == len(PANELS)


def test_check_creates_nothing(engine: local.Running, store: Store) -> None:
    """Where there are no indices it says so, and there are none afterwards."""
    store.drop()
    done = run(engine, store, "kibana", "check", "--data")
    assert done.returncode == 1
    assert "condensat init" in done.stderr
    assert len(store.missing()) == 2 * len(NAMES_OF_INDICES)
