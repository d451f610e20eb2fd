"""Real feeds, real subscription lists, and links of a year: what is read of them, and how fast."""

from __future__ import annotations

import gzip
import json
import tarfile
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from indexer import feeds, opml, urls
from indexer.models import ParsedFeed, Precision, RejectedError

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the feeds were saved in February 2026

# Of 100 real feeds (25.3 MB): 3,689 entries, 2 of them twice and 2 that nothing names; 7 dates are of the year 1.
MIN_ENTRIES, MAX_REJECTED, MAX_WITHOUT_DATE = 3_689, 4, 7

pytestmark = [pytest.mark.data, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")]


def members(name: str) -> dict[str, bytes]:
    """Give the files of an archive by their names."""
    with tarfile.open(DATA / name) as archive:
        opened = ((each.name, archive.extractfile(each)) for each in archive.getmembers() if each.isfile())
        return {path: file.read() for path, file in opened if file}


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    """Give the bytes of 100 real feeds."""
    return members("feeds.tar.gz")


@pytest.fixture(scope="module")
def parsed(bodies: dict[str, bytes]) -> dict[str, ParsedFeed]:
    """Parse every feed once, and show the rate."""
    start = time.process_time()
    found = {
        name: feeds.parse(body, url=f"https://feeds.example/{name}", content_type=None, now=NOW)
        for name, body in bodies.items()
    }
    print(f"\n{sum(map(len, bodies.values())) / 1e6 / (time.process_time() - start):.1f} MB/s to plain text")
    return found


def test_every_feed_is_read(parsed: dict[str, ParsedFeed]) -> None:
    """All real feeds are feeds, and but a handful of their entries are usable."""
    assert len(parsed) == 100
    assert sum(len(each.entries) for each in parsed.values()) >= MIN_ENTRIES
    assert sum(len(each.rejected) for each in parsed.values()) <= MAX_REJECTED
    assert [name for name, each in parsed.items() if each.warnings] == []


def test_ids_are_unique_within_a_feed(parsed: dict[str, ParsedFeed]) -> None:
    """No two entries of a feed are one article."""
    for name, feed in parsed.items():
        ids = Counter(urls.article_id(each.url) for each in feed.entries)
        assert not [each for each, count in ids.items() if count > 1], name


def test_dates_titles_and_texts(parsed: dict[str, ParsedFeed]) -> None:
    """Dates are read but for those of the year 1; titles are one line; texts hold no markup of layout."""
    entries = [each for feed in parsed.values() for each in feed.entries]
    undated = [each.published for each in entries if each.published.at is None]
    assert len(undated) <= MAX_WITHOUT_DATE
    assert {each.problem for each in undated} == {"too old"}
    assert all(each.published.at is None or each.published.at <= NOW for each in entries)
    assert not [each.title for each in entries if each.title != " ".join(each.title.split())]
    with_markup = [each.url for each in entries if "</span>" in each.text and "</p>" in each.text]
    assert len(with_markup) < 20, "code in articles about HTML is text, but few articles are"


def test_day_only_feeds_are_recognised(parsed: dict[str, ParsedFeed]) -> None:
    """A quarter of the feeds give days, most of them written as midnight."""
    days = [
        name for name, feed in parsed.items() if any(each.published.precision is Precision.DAY for each in feed.entries)
    ]
    assert 20 <= len(days) <= 30


def test_one_feature_feeds() -> None:
    """Of 2,106 feeds of one odd feature each, every one gives a feed or a reason; all but a handful give a feed."""
    rejected = Counter[str]()
    cases = {name: body for name, body in members("feeds-fixtures.tar.gz").items() if name.endswith(".xml")}
    for body in cases.values():
        try:
            feeds.parse(body, url="http://127.0.0.1:8097/feed.xml", content_type=None, now=NOW)
        except RejectedError as error:
            rejected[error.reason.value] += 1
    print(f"\n{len(cases)} cases, {dict(rejected)}")
    assert len(cases) > 2_000
    assert rejected.total() <= 20  # CDF, a format of 1997, and an empty document


@pytest.mark.parametrize(("name", "count"), [("allinfosecnews", 428), ("awesome-security-feeds", 826)])
def test_subscription_lists(name: str, count: int) -> None:
    """Every feed of two real lists is read once, and reads back as it was written."""
    found = opml.parse((DATA / "opml" / f"{name}.opml").read_bytes())
    assert len(found) == count
    assert opml.parse(opml.render(found)) == found
    assert all(each.title for each in found)


def test_links_of_a_year_merge_rightly() -> None:
    """Of 110,811 links, what becomes one differs by tracking, scheme, www, a slash or escapes; no path is lost."""
    with gzip.open(DATA / "scale" / "security-entries-2023.jsonl.gz", "rt", encoding="utf-8") as file:
        links = {link for link in (json.loads(line).get("link") for line in file) if link}
    groups: dict[str, set[str]] = defaultdict(set)
    for link in links:
        groups[urls.normalise(link)].add(link)
    merged = [each for each in groups.values() if len(each) > 1]
    parts = [{urls.anchor(link) for link in each} for each in merged]
    print(
        f"\n{len(links)} links, {len(groups)} articles, {sum(len(each - {None}) > 1 for each in parts)} pages of parts"
    )
    assert 290 <= len(links) - len(groups) <= 310
    assert sum(len(each - {None}) > 1 for each in parts) <= 3  # articles that a fragment alone tells apart
    for each in merged:
        assert len({(urlsplit(link).hostname or "").removeprefix("www.") for link in each}) == 1
