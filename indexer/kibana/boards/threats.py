"""The dashboard Threats: vulnerabilities, actors and campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.kibana.panels import AMBER, GREEN, RED, Place, placed
from indexer.kibana.sources import board

if TYPE_CHECKING:
    from indexer.kibana.sources import Board, Sources


def made(sources: Sources) -> Board:
    """Show which vulnerabilities, actors and campaigns are written about, when and by whom."""
    articles = sources.articles
    named = [articles.exists("any.stories")]
    panels = [
        placed(
            "with-cves",
            Place(0, 0, 12, 6),
            articles.metric(
                "Articles with CVEs",
                articles.count("Articles with CVEs", where="cves: *"),
                beside=articles.count("articles in all"),
            ),
        ),
        placed("cve-count", Place(12, 0, 12, 6), articles.metric("CVEs", articles.unique("cves", "CVEs"), colour=RED)),
        placed(
            "story-count",
            Place(24, 0, 12, 6),
            articles.metric(
                "Actors and campaigns", articles.unique("any.stories", "Actors and campaigns"), colour=AMBER
            ),
        ),
        placed(
            "named-by",
            Place(36, 0, 12, 6),
            articles.metric(
                "Sources that name one",
                articles.unique(
                    "source.domain", "Sources that name one", filter=articles.where("cves: * or any.stories: *")
                ),
                colour=GREEN,
            ),
        ),
        placed(
            "cves-over-time",
            Place(0, 6, 24, 15),
            articles.chart(
                "CVEs, over time",
                "bar_stacked",
                articles.count("Articles"),
                across=articles.over_time("Published, or first seen"),
                by=articles.terms("cves", "CVE", limit=10),
                filters=[articles.exists("cves")],
            ),
        ),
        placed(
            "stories-over-time",
            Place(24, 6, 24, 15),
            articles.chart(
                "Actors and campaigns, over time",
                "bar_stacked",
                articles.count("Articles"),
                across=articles.over_time("Published, or first seen"),
                by=articles.terms("any.stories", "Story", limit=10),
                filters=named,
            ),
        ),
        placed(
            "cves",
            Place(0, 21, 24, 15),
            articles.table(
                "CVEs, by articles",
                articles.count("Articles"),
                articles.unique("source.domain", "Sources"),
                articles.least("effective", "First"),
                articles.most("effective", "Latest"),
                rows=articles.terms("cves", "CVE", limit=100),
            ),
        ),
        placed(
            "stories",
            Place(24, 21, 24, 15),
            articles.table(
                "Actors and campaigns, by articles",
                articles.count("Articles"),
                articles.unique("source.domain", "Sources"),
                articles.unique("cves", "CVEs"),
                articles.most("effective", "Latest"),
                rows=articles.terms("any.stories", "Story", limit=100),
            ),
        ),
        placed(
            "topics",
            Place(0, 36, 48, 15),
            articles.heatmap(
                "Who is written about in which connection",
                articles.count("Articles"),
                across=articles.terms("any.tags", "Tag", limit=12),
                down=articles.terms("any.stories", "Story", limit=12),
                names=("tag", "actor or campaign"),
                filters=named,
            ),
        ),
        placed(
            "latest",
            Place(0, 51, 48, 16),
            articles.documents(
                "Latest articles that name a CVE, an actor or a campaign",
                {
                    "effective": "Published, or first seen",
                    "source.name": "Source",
                    "title": "Title",
                    "cves": "CVEs",
                    "stories": "Actors and campaigns",
                    "tags": "Tags",
                    "reposts": "Reposts",
                },
                sort=("effective", "desc"),
                where="(cves: * or any.stories: *) and not repost_of: *",
            ),
        ),
    ]
    controls = [
        sources.control(articles, "any.stories", "Actor or campaign"),
        sources.control(articles, "cves", "CVE"),
        sources.control(articles, "any.tags", "Tag"),
    ]
    said = "Vulnerabilities, actors and campaigns in what is written."
    return board(sources, "Threats", said, panels=panels, controls=controls)
