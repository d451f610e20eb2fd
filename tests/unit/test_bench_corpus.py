from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
from benchmarks import edits
from benchmarks.corpus import Made, articles, write
from benchmarks.recipe import Recipe
from benchmarks.words import BREAK, FORMS, PLAIN, STOP

from indexer.extract import detect_language
from indexer.lines import parse_line
from indexer.shingles import shingle

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 4_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return list(articles(COUNT))


def coverage(text: str, other: str) -> float:
    """Share of the first text's grams that the second has."""
    one = shingle(text).unique
    return len(np.intersect1d(one, shingle(other).unique)) / max(1, len(one))


def test_the_first_of_a_larger_run_are_the_run_of_that_size(made: list[Made]) -> None:
    """An archive of N articles is the beginning of every larger one."""
    assert list(articles(1_500)) == made[:1_500]


def test_another_seed_gives_another_archive(made: list[Made]) -> None:
    """The seed decides what is made up."""
    other = list(islice(articles(10, Recipe(seed=1)), 10))
    assert [each.article["text"] for each in other] != [each.article["text"] for each in made[:10]]


def test_every_article_can_be_imported(made: list[Made]) -> None:
    """Each line is an article to ``condensat import``, with a believable date and a source of its own domain."""
    for each in made[::50]:
        article = parse_line(orjson.dumps(each.article), now=NOW)
        assert article.published.problem is None
        assert article.source.domain == article.url.split("/")[2]


def test_no_address_comes_twice(made: list[Made]) -> None:
    """Every article has an address of its own."""
    assert len({each.article["url"] for each in made}) == COUNT


def test_languages_can_be_told(made: list[Made]) -> None:
    """The function words make English and French recognisable."""
    told = [detect_language(each.article["text"]) == each.article["language"] for each in made[::20]]
    assert np.mean(told) > 0.97


def test_lengths_are_as_the_recipe_says(made: list[Made]) -> None:
    """The median is that of the recipe, and no article is shorter than the shortest."""
    lengths = [len(each.article["text"].split()) for each in made]
    assert np.median(lengths) == pytest.approx(Recipe().median, rel=0.1)
    assert min(lengths) >= Recipe().shortest


def test_a_fifth_are_reposts(made: list[Made]) -> None:
    """The share of reposts is that of the recipe from the beginning on, and every kind of edit occurs."""
    changes = Counter(each.pair["change"] for each in made if each.pair)
    reposts = sum(changes[name] for name, _ in Recipe().edits)
    assert reposts / COUNT == pytest.approx(Recipe().reposts, abs=0.03)
    assert changes.keys() >= {"passage", "template", *(name for name, _ in Recipe().edits)}


def test_a_copy_comes_after_its_original(made: list[Made]) -> None:
    """The earlier article of each pair is earlier by seconds, so that the dates tell who was first."""
    dates = {each.article["url"]: datetime.fromisoformat(each.article["published"]) for each in made}
    for each in made:
        if each.pair and each.pair["change"] != "template":
            assert dates[each.pair["url_b"]] - dates[each.pair["url_a"]] > timedelta(seconds=4)


@pytest.mark.parametrize(
    ("change", "of_original", "of_copy"),
    [
        ("exact", 1.0, 1.0),
        ("light", 0.81, 0.88),
        ("heavy", 0.53, 0.69),
        ("excerpt", 0.40, 0.96),
        ("framed", 1.0, 0.71),
        ("expanded", 1.0, 0.57),
    ],
)
def test_edits_change_as_much_as_the_labelled_pairs(
    made: list[Made], change: str, of_original: float, of_copy: float
) -> None:
    """The median coverage of original and copy is near that of real copies of this kind."""
    texts = {each.article["url"]: each.article["text"] for each in made}
    pairs = [
        (texts[each.pair["url_a"]], texts[each.pair["url_b"]])
        for each in made
        if each.pair and each.pair["change"] == change
    ]
    assert np.median([coverage(a, b) for a, b in pairs]) == pytest.approx(of_original, abs=0.08)
    assert np.median([coverage(b, a) for a, b in pairs]) == pytest.approx(of_copy, abs=0.08)


def test_the_truth_is_written_beside(tmp_path: Path) -> None:
    """The file of pairs names articles that were written."""
    out, pairs = io.BytesIO(), tmp_path / "pairs.jsonl"
    write(out, 500, pairs=pairs)
    written = {orjson.loads(line)["url"] for line in out.getvalue().splitlines()}
    named = [orjson.loads(line) for line in pairs.read_bytes().splitlines()]
    assert named
    assert {url for pair in named for url in (pair["url_a"], pair["url_b"])} <= written


@pytest.mark.parametrize("change", sorted(edits.EDITS))
def test_an_edit_works_on_the_shortest_texts(change: str) -> None:
    """Every edit gives words for an original and an own text of the least length."""
    words = np.arange(Recipe().shortest, dtype=np.int32) * len(FORMS) + PLAIN
    words[[9, 19]] += STOP
    words[-1] += BREAK
    assert len(edits.EDITS[change](words, words[::-1], np.random.default_rng(1))) >= 1
