"""Extraction of 181 real pages, scored against their texts as typed by hand."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from benchmarks.extraction import mean, score

from indexer.extract import extract
from indexer.models import Extraction, RejectedError

DATA = Path(__file__).parents[3] / "shared" / "data" / "pages" / "aeb"
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)

# trafilatura 2.3.1 alone: F1 .9599, precision .9421, recall .9784; ours .9641, .9503, .9784
MIN_F1, MIN_PRECISION, MIN_RECALL = 0.962, 0.948, 0.977

pytestmark = [pytest.mark.data, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")]


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, str]]:
    """Give the pages' addresses and texts by their names."""
    loaded: dict[str, dict[str, str]] = json.loads((DATA / "ground-truth.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def results(truth: dict[str, dict[str, str]]) -> dict[str, Extraction | RejectedError]:
    """Extract every page once."""
    found: dict[str, Extraction | RejectedError] = {}
    for name, page in truth.items():
        body = gzip.decompress((DATA / "html" / f"{name}.html.gz").read_bytes())
        try:
            found[name] = extract(body, url=page["url"], content_type="text/html", now=NOW)
        except RejectedError as error:
            found[name] = error
    return found


def test_no_page_is_refused(results: dict[str, Extraction | RejectedError]) -> None:
    """None of the articles is taken for a challenge, a consent wall, a paywall or for no text."""
    assert len(results) == 181
    assert {name: str(each) for name, each in results.items() if isinstance(each, RejectedError)} == {}


def test_score(truth: dict[str, dict[str, str]], results: dict[str, Extraction | RejectedError]) -> None:
    """The texts are as good as those of trafilatura by itself."""
    precision, recall = mean(
        score(truth[name]["articleBody"], each.text if isinstance(each, Extraction) else "")
        for name, each in results.items()
    )
    f1 = 2 * precision * recall / (precision + recall)
    assert (precision >= MIN_PRECISION, recall >= MIN_RECALL, f1 >= MIN_F1) == (True, True, True), (
        f"precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}"
    )


def test_titles_and_languages(results: dict[str, Extraction | RejectedError]) -> None:
    """Every page has a title and a language; no field holds markup or a relative link."""
    for each in results.values():
        assert isinstance(each, Extraction)
        assert each.title
        assert each.language
        assert len(each.language) == 2
        for text in (each.title, each.site_name or "", *each.authors):
            assert not re.search(r"</?\w+>|&amp;|\n", text)
        for link in filter(None, (each.image, each.icon, each.canonical)):
            assert link.startswith(("http://", "https://"))
