"""What becomes of pages on their way into the index: walls are rejected as such, and origins are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newsstand import Answer, Newsstand

from indexer import ingest as use_case
from indexer.cli.session import now
from indexer.fetch import Pacing
from indexer.progress import Silent

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.reports import Report

HTML = {"Content-Type": "text/html; charset=utf-8"}
TEXT = (
    "<p>The harbour of Larvik stays closed until Friday, said the council after a crane had fallen across a quay. Two "
    "ferries were sent to the next port, and those who had booked a place on them will get their money back.</p>"
    "<p>Nobody was hurt when the crane came down in the early morning. The firm that owns it had asked for a repair in "
    "spring, but the part that it needed was never made, and the inspectors let it work on until the winter.</p>"
)
WALLS = {
    "/challenge": "<title>Just a moment...</title><p>Verify you are human by completing the action below.</p>",
    "/consent": "<title>The Post</title><p>We value your privacy. We and our 300 partners store information on your "
    "device for personalised ads. You can manage your preferences, reject all or accept all at any time. This helps "
    "us to keep the news free for everybody who wants to read it.</p>",
    "/paywall": "<title>Storm</title><article><p>The storm took the roof off the town hall on Monday, and the mayor "
    "spoke of a miracle that nobody was hurt in the night.</p><p>This article is for subscribers only. Subscribe to "
    "continue reading. Already a subscriber? Log in.</p></article>",
}
SAID_BY_PAGE = (
    '<html lang="en"><head><meta property="og:title" content="Of the page"><meta name="author" content="Bo Falk">'
    '<meta property="article:published_time" content="2026-03-01T08:00:00Z"></head>'
    f"<body><article>{TEXT}</article></body></html>"
)
FULL = (
    "<title>Of the feed</title><author>ada@example.org (Ada Lind)</author>"
    "<pubDate>Sun, 01 Feb 2026 08:00:00 GMT</pubDate>"
)


def poll(store: Store, items: dict[str, str], pages: dict[str, str]) -> tuple[Report, str]:
    """Ingest a feed with these entries ``{path: elements}``; gives the report and where the pages were."""
    routes = {path: Answer(body=f"<html>{body}</html>", headers=HTML) for path, body in pages.items()}
    with Newsstand(routes=routes) as stand:
        entries = "".join(f"<item>{said}<link>{stand.url}{path}</link></item>" for path, said in items.items())
        feed = f'<rss version="2.0"><channel><title>Feed</title>{entries}</channel></rss>'
        stand.routes["/feed.xml"] = Answer(body=feed)
        store.feeds.add(f"{stand.url}/feed.xml", now=now())
        report = use_case.ingest(
            store,
            feeds=store.feeds.all(),
            web=use_case.Web(allow_private=True, pacing=Pacing(delay=0.0)),
            worker=use_case.Worker.this_process(),
            now=now,
            progress=Silent(),
            processes=1,
        )
        return report, stand.url


def stored(store: Store) -> dict[str, dict[str, Any]]:
    """Give the articles by the last part of their address."""
    hits = store.articles.search({"size": 10})["hits"]["hits"]
    return {hit["_source"]["url"].rpartition("/")[2]: hit["_source"] for hit in hits}


def test_walls_are_rejected_as_what_they_are(store: Store) -> None:
    """A challenge, a consent page and a paywall each end as a rejection with that reason, and no article is made."""
    report, url = poll(store, dict.fromkeys(WALLS, "<title>Storm</title>"), WALLS)
    assert {each.what.removeprefix(url): each.reason.value for each in report.rejections} == {
        "/challenge": "challenge page",
        "/consent": "consent page",
        "/paywall": "paywall page",
    }
    assert stored(store) == {}


def test_feeds_come_before_pages_and_origins_are_recorded(store: Store) -> None:
    """Title, authors and date are the feed's, else the page's; each says where it is from. Languages are detected."""
    pages = {"/full": SAID_BY_PAGE, "/bare": SAID_BY_PAGE.replace("Larvik", "Moss").replace("said", "told us")}
    poll(store, {"/full": FULL, "/bare": ""}, pages)
    found = {
        name: (each["title"], each["authors"], each["published"][:10], each["published_origin"], each["origins"])
        for name, each in stored(store).items()
    }
    assert found == {
        "full": (
            "Of the feed",
            ["Ada Lind"],
            "2026-02-01",
            "feed",
            {"title": "feed", "authors": "feed", "text": "page"},
        ),
        "bare": (
            "Of the page",
            ["Bo Falk"],
            "2026-03-01",
            "html",
            {"title": "page", "authors": "page", "text": "page"},
        ),
    }
    assert {each["language"] for each in stored(store).values()} == {"en"}
