"""What counts where feed and page disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from indexer.articles import SHORT_TEXT, from_entry, from_page
from indexer.models import Article, Entry, Extraction, Fetched, Published, Reason, RejectedError

SEEN = datetime(2026, 9, 1, 12, tzinfo=UTC)
EARLIER = datetime(2026, 8, 30, tzinfo=UTC)
URL = "https://www.example.com/storm?utm_source=feed"
LONG, LONGER = "l" * SHORT_TEXT, "m" * (SHORT_TEXT + 50)
ENTRY = Entry(url=URL, title="Storm", text="A teaser.", authors=("Ann Lee",), published=Published(at=EARLIER, raw="x"))
PAGE = Fetched(url=URL, final_url="https://www.example.com/2026/storm", status=200, body=b"")
EXTRACTION = Extraction(title="Page title", text=LONG, authors=("Page",), language="en", published=Published(at=SEEN))


def combine(
    entry: Entry = ENTRY,
    extraction: Extraction | None = EXTRACTION,
    *,
    page: Fetched | None = PAGE,
    failure: RejectedError | None = None,
) -> Article:
    """Make an article of an entry and its page."""
    return from_entry(
        entry,
        source_name="Herald",
        feed_url="https://www.example.com/feed",
        feed_language="fr",
        page=page,
        extraction=extraction,
        failure=failure,
        seen=SEEN,
    )


def test_feed_counts_before_the_page() -> None:
    """Title, authors and date are the feed's; the text and its language the page's."""
    found = combine()
    assert (found.title, found.authors, found.published.at) == ("Storm", ("Ann Lee",), EARLIER)
    assert (found.text, found.language) == (LONG, "en")
    assert found.origins == {"title": "feed", "text": "page", "authors": "feed"}


def test_page_fills_what_the_feed_left_open() -> None:
    """What the feed does not say comes from the page, and is marked."""
    bare = Entry(url=URL, published=Published(problem="absent"))
    found = combine(bare)
    assert (found.title, found.authors, found.published.at) == ("Page title", ("Page",), SEEN)
    assert found.published.problem == "absent"
    assert found.origins == {"title": "page", "text": "page", "authors": "page"}
    assert combine(bare, replace(EXTRACTION, title="")).title == URL


@pytest.mark.parametrize(
    ("page_text", "feed_text", "origin"),
    [
        (LONG, LONGER, "page"),  # long enough to be the article
        (LONG[1:], LONGER, "feed"),
        (LONG[1:], "A teaser.", "page"),  # short, but longer than the feed's
        ("short", "short", "page"),
    ],
)
def test_short_page_text_gives_way_to_a_longer_one(page_text: str, feed_text: str, origin: str) -> None:
    """Text of fewer than 250 characters gives way to the feed's if that is longer; which was used is recorded."""
    found = combine(replace(ENTRY, text=feed_text), replace(EXTRACTION, text=page_text))
    assert found.origins["text"] == origin
    assert found.text == (page_text if origin == "page" else feed_text)
    assert found.language == ("en" if origin == "page" else "fr")


def test_failed_page_and_a_teaser_reject_with_the_failure() -> None:
    """Where the page failed, a teaser is no article: the page's reason stands."""
    failure = RejectedError(Reason.PAYWALL_PAGE, "subscribe")
    with pytest.raises(RejectedError) as caught:
        combine(replace(ENTRY, text=LONG[1:]), None, failure=failure)
    assert caught.value is failure


def test_failed_page_and_a_full_text_in_the_feed() -> None:
    """Where the page failed, the feed's full text is the article."""
    found = combine(replace(ENTRY, text=LONG), None, page=None, failure=RejectedError(Reason.TIMEOUT))
    assert (found.text, found.origins["text"]) == (LONG, "feed")


def test_no_text_anywhere() -> None:
    """Without any text an entry is rejected for that."""
    with pytest.raises(RejectedError) as caught:
        combine(replace(ENTRY, text=" \n"), replace(EXTRACTION, text=""))
    assert caught.value.reason is Reason.NO_TEXT


def test_every_address_on_the_way_leads_here() -> None:
    """The link, its redirects, the final URL and a canonical link of the same domain lead to the article."""
    page = replace(PAGE, redirects=("https://go.example.com/7",))
    found = combine(extraction=replace(EXTRACTION, canonical="https://m.example.com/storm"), page=page)
    assert found.urls == (
        "http://example.com/storm",
        "http://go.example.com/7",
        "http://example.com/2026/storm",
        "http://m.example.com/storm",
    )
    assert found.canonical is None


@pytest.mark.parametrize("canonical", ["https://example.com/", "https://www.example.com"])
def test_canonical_front_page_is_nothing(canonical: str) -> None:
    """A canonical link to the front page of the same site is neither an alias nor evidence."""
    found = combine(extraction=replace(EXTRACTION, canonical=canonical))
    assert found.urls == ("http://example.com/storm", "http://example.com/2026/storm")
    assert found.canonical is None


def test_canonical_of_another_domain_is_evidence() -> None:
    """A canonical link to another domain does not lead here: it is kept as evidence."""
    found = combine(extraction=replace(EXTRACTION, canonical="https://wire.example/storm"))
    assert "http://wire.example/storm" not in found.urls
    assert found.canonical == "https://wire.example/storm"


def test_redirect_to_a_front_page_is_no_address_of_the_article() -> None:
    """A redirect to the front page, as dead links have, does not make all of them one article."""
    found = combine(page=replace(PAGE, final_url="https://www.example.com/"))
    assert found.urls == ("http://example.com/storm",)


def test_source_is_where_the_page_was() -> None:
    """The source's domain is that of the final URL: a feed may lead elsewhere."""
    assert combine(page=replace(PAGE, final_url="https://news.example.org/a")).source.domain == "example.org"
    assert combine(page=None).source.domain == "example.com"


def test_page_alone() -> None:
    """A page without a feed names itself; a date that it does not state is absent."""
    found = from_page(PAGE, replace(EXTRACTION, title="", published=Published()), seen=SEEN)
    assert (found.title, found.source.name) == (URL, "example.com")
    assert (found.published.at, found.published.problem) == (None, "absent")
    dated = replace(EXTRACTION, site_name="The Herald", published=Published(at=SEEN, raw="x"))
    named = from_page(PAGE, dated, seen=SEEN)
    assert (named.title, named.source.name, named.published.at) == ("Page title", "The Herald", SEEN)
    assert named.id == combine().id
