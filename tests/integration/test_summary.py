"""Who copies whom, added up by a real Elasticsearch."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from command import run
from samples import HOUR, NOW, article, prose, take

from indexer.elastic import sums
from indexer.models import Article, Source
from indexer.review import PairFilter
from indexer.summary import summarise

if TYPE_CHECKING:
    from indexer import engine as local
    from indexer.elastic import Store


def copies() -> list[Article]:
    """Give four originals of one source, which a mirror repeats whole, a third source once, and the first itself."""
    found = []
    for number in range(4):
        text = prose(number, 120)
        original = article(f"o{number}", text, published=NOW - 10 * HOUR)
        lag = (number + 1) * HOUR
        found += [original, article(f"m{number}", text, domain="mirror.example", published=NOW - 10 * HOUR + lag)]
    found.append(article("part", prose(0, 120)[: len(prose(0, 60))], domain="echo.example", published=NOW))
    found.append(article("again", f"{prose(1, 120)} {prose(50, 10)}", published=NOW))
    found += [article(f"own{number}", prose(60 + number, 100), domain="mirror.example") for number in range(4)]
    return found


@pytest.fixture
def filled(store: Store) -> Store:
    """Give an index of these articles."""
    take(store, *copies())
    return store


def rows(store: Store, **wanted: object) -> dict[tuple[str, str], tuple[int, dict[str, int]]]:
    """Give the counts of each pair of sources."""
    found = summarise(store, PairFilter(**wanted))  # type: ignore[arg-type]
    return {(row.earlier.name, row.later.name): (row.reposts, row.sum.kinds) for row in found.rows}


def test_who_copies_whom(filled: Store) -> None:
    """Each pair of sources has its counts by kind, and the one with the most reposts stands first."""
    found = rows(filled)
    assert found == {
        ("Herald", "Mirror"): (4, {"exact": 4}),
        ("Herald", "Echo"): (1, {"partial": 1}),
        ("Mirror", "Echo"): (1, {"partial": 1}),
        ("Herald", "Herald"): (1, {"near": 1}),
        ("Mirror", "Herald"): (1, {"near": 1}),
    }
    assert next(iter(found)) == ("Herald", "Mirror")
    total = summarise(filled, PairFilter()).total
    assert (total.pairs, total.updates, total.kinds) == (8, 1, {"exact": 4, "near": 2, "partial": 2})


def test_lags_and_the_share_of_the_later_source(filled: Store) -> None:
    """The mirror is one to four hours late, and half of its eight articles are reposts."""
    row = summarise(filled, PairFilter()).rows[0]
    assert row.sum.lags.median == pytest.approx(2.5 * 3600)
    assert row.sum.lags.p10 is not None
    assert 3600 <= row.sum.lags.p10 < 2 * 3600
    assert row.sum.lags.p90 is not None
    assert 3 * 3600 < row.sum.lags.p90 <= 4 * 3600
    assert (row.later_reposts, row.later_articles, row.share) == (4, 8, 0.5)


def test_filters_narrow_the_summary(filled: Store) -> None:
    """Kind, source, coverage, updates and dates count as they do in the list of pairs."""
    assert rows(filled, kinds=["near"], update=False).keys() == {("Mirror", "Herald")}
    assert rows(filled, update=True).keys() == {("Herald", "Herald")}
    assert rows(filled, sources=["Echo"]).keys() == {("Herald", "Echo"), ("Mirror", "Echo")}
    early = (NOW - 7.5 * HOUR).isoformat()
    assert rows(filled, end=early) == {("Herald", "Mirror"): (2, {"exact": 2})}
    row = summarise(filled, PairFilter(end=early)).rows[0]
    assert (row.later_reposts, row.later_articles) == (2, 2)  # of the articles up to then
    nothing = summarise(filled, PairFilter(end="2001-01-01"))
    assert (nothing.rows, nothing.total.pairs, nothing.total.lags.median) == ((), 0, None)


def test_an_article_that_repeats_many_counts_once(filled: Store) -> None:
    """The excerpt repeats two articles, and is one of one."""
    (row, _) = summarise(filled, PairFilter(sources=["echo.example"])).rows
    assert (row.later_reposts, row.later_articles, row.share) == (1, 1, 1.0)


def test_a_source_goes_by_the_name_that_most_of_its_articles_carry(store: Store) -> None:
    """Where an agency has several names, the one that is used most stands for the domain."""
    many = copies()
    many[0] = replace(many[0], source=Source(name="The Herald on Sunday", domain="herald.example"))
    take(store, *many)
    assert summarise(store, PairFilter()).rows[0].earlier.name == "Herald"


def test_all_pages_are_read(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pages of two buckets the sums are the same as with one page."""
    whole = summarise(filled, PairFilter())
    monkeypatch.setattr(sums, "PAGE", 2)
    assert summarise(filled, PairFilter()) == whole


def test_the_command_in_every_form(engine: local.Running, filled: Store) -> None:
    """The table names sources, JSON has everything, JSON lines have the rows; a table of pairs names sources too."""
    table = run(engine, filled, "reposts", "--summary", "--limit", "1", check=True)
    assert max(map(len, table.stdout.splitlines())) <= 80
    assert "Herald herald.example" in table.stdout
    assert "8 pairs: 4 exact, 2 near, 2 partial" in table.stderr
    assert "1 of 5 rows" in table.stderr
    found = json.loads(
        run(engine, filled, "reposts", "--summary", "--no-update", "--format", "json", check=True).stdout
    )
    assert (found["total"]["pairs"], len(found["rows"])) == (7, 4)
    assert found["rows"][0] == {
        "earlier_source": "herald.example",
        "earlier_name": "Herald",
        "later_source": "mirror.example",
        "later_name": "Mirror",
        "same_source": False,
        "pairs": 4,
        "kinds": {"exact": 4, "near": 0, "partial": 0, "passage": 0},
        "updates": 0,
        "lag_p10": found["rows"][0]["lag_p10"],
        "lag_median": 9000.0,
        "lag_p90": found["rows"][0]["lag_p90"],
        "reposts": 4,
        "later_reposts": 4,
        "later_articles": 8,
        "later_share": 0.5,
    }
    lines = run(engine, filled, "reposts", "--summary", "--format", "jsonl", check=True).stdout.splitlines()
    assert len([json.loads(each) for each in lines]) == 5
    listed = run(engine, filled, "reposts", "--source", "Mirror", "--update", check=True)
    assert (listed.stdout, listed.stderr) == ("", "No pairs.\n")
    listed = run(engine, filled, "reposts", "--kind", "exact", "--limit", "3", check=True)
    assert "Mirror mirror.example" in listed.stdout
    assert "3 pairs, and more: --limit" in listed.stderr
    assert "more" not in run(engine, filled, "reposts", "--kind", "exact", "--limit", "4", check=True).stderr


def test_lags_of_a_day_are_no_matter_of_order(filled: Store) -> None:
    """A pair whose dates are equal has a lag of nothing, and counts."""
    text = prose(90, 100)
    at = NOW - timedelta(days=2)
    take(filled, *(article("same", text, domain=f"{name}.example", published=at) for name in ("left", "right")))
    (row,) = summarise(filled, PairFilter(sources=["left.example"])).rows
    assert row.sum.lags == sums.Lags(p10=0.0, median=0.0, p90=0.0)
