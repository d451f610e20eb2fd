"""The dashboard Feeds: how they do, and what becomes of their entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.kibana.panels import BLUE, GREEN, RED, Place, placed
from indexer.kibana.sources import board
from indexer.models import Reason

if TYPE_CHECKING:
    from indexer.kibana.sources import Board, Sources

# Where entries of a feed end that are not articles: what stands for the other reasons is of files and lines.
ENTRY_REASONS = (
    Reason.HTTP_STATUS,
    Reason.UNREACHABLE,
    Reason.TIMEOUT,
    Reason.ROBOTS,
    Reason.NO_TEXT,
    Reason.CHALLENGE_PAGE,
    Reason.CONSENT_PAGE,
    Reason.PAYWALL_PAGE,
    Reason.WRONG_TYPE,
    Reason.BAD_ENCODING,
    Reason.TOO_LARGE,
    Reason.TOO_MANY_REDIRECTS,
    Reason.BAD_URL,
    Reason.FORBIDDEN_ADDRESS,
    Reason.PARSE_TIMEOUT,
    Reason.PARSE_CRASH,
    Reason.NO_IDENTITY,
    Reason.REPEATED_IN_FEED,
    Reason.REMOVED,
)


def made(sources: Sources) -> Board:
    """Show which feeds do well, which are silent or fail, and what becomes of their entries."""
    all_feeds, articles = sources.feeds, sources.articles
    details = {
        "title": "Title",
        "url": "Address",
        "state": "State",
        "since": "Since",
        "last_success": "Last success",
        "last_polled": "Last poll",
        "failures": "Failures",
        "last_reason": "Reason",
    }
    reasons = [
        all_feeds.total(f"rejects.{reason.name.lower()}", reason.value, empty_as_null=True) for reason in ENTRY_REASONS
    ]
    panels = [
        placed(
            "feeds",
            Place(0, 0, 12, 6),
            all_feeds.metric(
                "Feeds", all_feeds.count("Feeds"), beside=all_feeds.count("not polled yet", where="not last_polled: *")
            ),
        ),
        placed(
            "well",
            Place(12, 0, 12, 6),
            all_feeds.metric(
                "Doing well",
                all_feeds.count("Doing well", where="state: (ok or moved)"),
                beside=all_feeds.count("silent", where="state: silent"),
                colour=GREEN,
            ),
        ),
        placed(
            "failing",
            Place(24, 0, 12, 6),
            all_feeds.metric(
                "Failing",
                all_feeds.count("Failing", where="state: (error or dead or empty)"),
                beside=all_feeds.count("for good", where="state: dead"),
                colour=RED,
            ),
        ),
        placed(
            "entries",
            Place(36, 0, 12, 6),
            all_feeds.metric(
                "Entries taken in",
                all_feeds.total("indexed", "Entries taken in"),
                beside=all_feeds.total("rejects.all", "rejected"),
                colour=BLUE,
            ),
        ),
        placed(
            "health",
            Place(0, 6, 14, 14),
            all_feeds.donut("Health", all_feeds.count("Feeds"), all_feeds.terms("state", "State", limit=8)),
        ),
        placed(
            "arrivals",
            Place(14, 6, 34, 14),
            articles.chart(
                "Articles by feed, as they were first seen",
                "bar_stacked",
                articles.count("Articles"),
                across=articles.over_time("First seen", "seen"),
                by=articles.terms("source.feed", "Feed", limit=9, others=True),
                filters=[articles.exists("source.feed")],
                alone=True,
                note="It does not follow the controls, which are of feeds.",
            ),
        ),
        placed(
            "silent",
            Place(0, 20, 48, 10),
            all_feeds.documents(
                "Silent feeds",
                details,
                sort=("since", "asc"),
                filters=[all_feeds.equals("state", "silent")],
                note="They answer, and bring nothing for longer than their own past four weeks let expect.",
            ),
        ),
        placed(
            "troubled",
            Place(0, 30, 48, 12),
            all_feeds.documents(
                "Feeds that fail, are empty or have moved",
                details,
                sort=("since", "asc"),
                filters=[all_feeds.equals("state", "error", "dead", "empty", "moved")],
            ),
        ),
        placed(
            "rejects",
            Place(0, 42, 28, 16),
            all_feeds.chart(
                "Rejected entries by reason",
                "bar_horizontal_stacked",
                *reasons,
                across=all_feeds.terms("domain", "Domain", limit=15, by="rejects.all"),
                filters=[all_feeds.above("rejects.all", 0)],
                note="Of all polls so far: entries that ended for good without becoming an article.",
            ),
        ),
        placed(
            "reasons",
            Place(28, 42, 20, 16),
            all_feeds.chart(
                "Why polls failed last",
                "bar_horizontal",
                all_feeds.count("Feeds"),
                across=all_feeds.terms("last_reason", "Reason", limit=12),
                legend=False,
            ),
        ),
        placed(
            "each",
            Place(0, 58, 48, 16),
            all_feeds.table(
                "Each feed",
                all_feeds.total("indexed", "Taken in"),
                all_feeds.total("rejects.all", "Rejected"),
                all_feeds.total("new_entries", "New in the last poll"),
                all_feeds.most("failures", "Failures in a row"),
                all_feeds.most("last_success", "Last success"),
                rows=all_feeds.terms("url", "Feed", limit=1_000),
            ),
        ),
    ]
    controls = [
        sources.control(all_feeds, "state", "State"),
        sources.control(all_feeds, "domain", "Domain"),
        sources.control(all_feeds, "language", "Language"),
    ]
    return board(sources, "Feeds", "How the feeds do, as of their last polls.", panels=panels, controls=controls)
