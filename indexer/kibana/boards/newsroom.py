"""The dashboard Newsroom: what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.kibana.panels import AMBER, GREEN, RED, Place, placed
from indexer.kibana.sources import board

if TYPE_CHECKING:
    from indexer.kibana.sources import Board, Sources


def made(sources: Sources) -> Board:
    """Show what comes in: from whom, about what, in which language, and the latest of it."""
    articles = sources.articles
    panels = [
        placed(
            "articles",
            Place(0, 0, 12, 6),
            articles.metric(
                "Articles",
                articles.count("Articles"),
                beside=articles.count("of them in the inbox", where="shelf: inbox"),
            ),
        ),
        placed(
            "sources",
            Place(12, 0, 12, 6),
            articles.metric("Sources", articles.unique("source.domain", "Sources"), colour=GREEN),
        ),
        placed(
            "originals",
            Place(24, 0, 12, 6),
            articles.metric(
                "Originals",
                articles.count("Originals", where="not repost_of: *"),
                beside=articles.count("repeat an earlier one", where="repost_of: *"),
                colour=AMBER,
            ),
        ),
        placed(
            "kept",
            Place(36, 0, 12, 6),
            articles.metric(
                "Kept or starred",
                articles.count("Kept or starred", where="shelf: kept or notes.stars >= 1"),
                beside=articles.count("gone out in a digest", where="sent: true"),
                colour=RED,
            ),
        ),
        placed(
            "volume",
            Place(0, 6, 34, 14),
            articles.chart(
                "Articles by source, over time",
                "bar_stacked",
                articles.count("Articles"),
                across=articles.over_time("Published, or first seen"),
                by=articles.terms("source.name", "Source", limit=9, others=True),
            ),
        ),
        placed(
            "languages",
            Place(34, 6, 14, 14),
            articles.donut("Languages", articles.count("Articles"), articles.terms("language", "Language", limit=8)),
        ),
        placed(
            "tags",
            Place(0, 20, 26, 14),
            articles.chart(
                "Tags, over time",
                "bar_stacked",
                articles.count("Articles"),
                across=articles.over_time("Published, or first seen"),
                by=articles.terms("any.tags", "Tag", limit=8),
                filters=[articles.exists("any.tags")],
                note="From the vocabulary and from analysts. An article with two tags counts for both.",
            ),
        ),
        placed(
            "stories",
            Place(26, 20, 22, 14),
            articles.table(
                "Top stories",
                articles.count("Articles"),
                articles.unique("source.domain", "Sources"),
                articles.most("effective", "Latest"),
                rows=articles.terms("any.stories", "Story", limit=50),
                note="Named actors and campaigns, by the vocabulary and by analysts.",
            ),
        ),
        placed(
            "fresh",
            Place(0, 34, 48, 18),
            articles.documents(
                "Fresh articles",
                {
                    "effective": "Published, or first seen",
                    "source.name": "Source",
                    "title": "Title",
                    "tags": "Tags",
                    "language": "Language",
                    "reposts": "Reposts",
                    "shelf": "Shelf",
                },
                sort=("effective", "desc"),
                where="not repost_of: *",
                note="The latest first, each once: what repeats an earlier article is left out.",
            ),
        ),
    ]
    controls = [
        sources.control(articles, "source.name", "Source"),
        sources.control(articles, "language", "Language"),
        sources.control(articles, "any.tags", "Tag"),
    ]
    return board(sources, "Newsroom", "What comes in, from whom and about what.", panels=panels, controls=controls)
