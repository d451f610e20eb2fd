"""The dashboard Reposts: who copies whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.kibana.panels import ALPHABET, AMBER, GREEN, HOURS, RED, Place, placed
from indexer.kibana.sources import board

if TYPE_CHECKING:
    from indexer.kibana.sources import Board, Sources

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LAGS = (
    (None, 10 * MINUTE, "to 10 min"),
    (10 * MINUTE, HOUR, "to 1 h"),
    (HOUR, 6 * HOUR, "to 6 h"),
    (6 * HOUR, DAY, "to 1 d"),
    (DAY, 3 * DAY, "to 3 d"),
    (3 * DAY, 7 * DAY, "to 7 d"),
    (7 * DAY, None, "longer"),
)
REPOST = "kind: (exact or near or partial) and update: false"  # a repost by somebody else, or of the same text


def made(sources: Sources) -> Board:
    """Show who copies whom, how fast and how much."""
    pairs, articles = sources.reposts, sources.articles
    by_others = [pairs.equals("same_source", False)]  # noqa: FBT003 - a value, not a switch
    panels = [
        placed(
            "pairs",
            Place(0, 0, 12, 6),
            pairs.metric(
                "Pairs",
                pairs.count("Pairs"),
                beside=pairs.count("share a passage only", where="kind: passage"),
            ),
        ),
        placed(
            "reposted",
            Place(12, 0, 12, 6),
            pairs.metric(
                "Reposts",
                pairs.count("Reposts", where=REPOST),
                beside=pairs.count("updates by the source itself", where="update: true"),
                colour=AMBER,
            ),
        ),
        placed(
            "lag",
            Place(24, 0, 12, 6),
            pairs.metric(
                "Median lag between sources",
                pairs.median(
                    "lag_seconds", "Median lag between sources", format=HOURS, filter=pairs.where("same_source: false")
                ),
                colour=GREEN,
            ),
        ),
        placed(
            "copiers",
            Place(36, 0, 12, 6),
            pairs.metric(
                "Sources that repeat others",
                pairs.unique("later_source", "Sources that repeat others", filter=pairs.where("same_source: false")),
                colour=RED,
            ),
        ),
        placed(
            "matrix",
            Place(0, 6, 26, 18),
            pairs.heatmap(
                "Who copies whom",
                pairs.count("Pairs"),
                across=pairs.terms("earlier_source", "Earlier", limit=15),
                down=pairs.terms("later_source", "Later", limit=15),
                names=("was first", "repeats it"),
                filters=by_others,
                note="Pairs of all kinds, between different sources.",
            ),
        ),
        placed(
            "lags",
            Place(26, 6, 22, 18),
            pairs.chart(
                "How much later",
                "bar_stacked",
                pairs.count("Pairs"),
                across=pairs.ranges("lag_seconds", "Lag", LAGS),
                by=pairs.terms("kind", "Kind", limit=4, by=ALPHABET),
                filters=by_others,
            ),
        ),
        placed(
            "fastest",
            Place(0, 24, 24, 14),
            pairs.table(
                "Fastest copiers",
                pairs.median("lag_seconds", "Median lag", format=HOURS),
                pairs.percentile("lag_seconds", 10, "Fastest tenth", format=HOURS),
                pairs.count("Pairs"),
                rows=pairs.terms("later_source", "Source", limit=50, by=0, descending=False),
                sort=(0, "asc"),
                filters=by_others,
            ),
        ),
        placed(
            "copied",
            Place(24, 24, 24, 14),
            pairs.table(
                "Most copied articles",
                pairs.count("Pairs"),
                pairs.unique("later_source", "Sources"),
                pairs.least("later_effective", "First repeated"),
                rows=pairs.terms("earlier_url", "Article", limit=50),
                filters=by_others,
            ),
        ),
        placed(
            "kinds",
            Place(0, 38, 24, 14),
            pairs.chart(
                "Pairs by kind, over time",
                "bar_stacked",
                pairs.count("Pairs"),
                across=pairs.over_time("Date of the later article"),
                by=pairs.terms("kind", "Kind", limit=4, by=ALPHABET),
            ),
        ),
        placed(
            "share",
            Place(24, 38, 24, 14),
            articles.chart(
                "Share of reposts by source",
                "bar_horizontal_percentage",
                articles.count("Articles"),
                across=articles.terms("source.domain", "Source", limit=12),
                by=articles.cases(
                    "Article", ("repost_of: *", "repeats an earlier one"), ("not repost_of: *", "original")
                ),
                alone=True,
                note="Of all articles in the time range. It does not follow the controls, which are of pairs.",
            ),
        ),
        placed(
            "latest",
            Place(0, 52, 48, 16),
            pairs.documents(
                "Latest pairs",
                {
                    "later_effective": "Date of the later",
                    "kind": "Kind",
                    "earlier_source": "Was first",
                    "later_source": "Repeats it",
                    "later_title": "Title of the later",
                    "coverage_later": "Share repeated",
                    "longest_run": "Longest run",
                    "lag_seconds": "Lag",
                },
                sort=("later_effective", "desc"),
            ),
        ),
    ]
    controls = [
        sources.control(pairs, "kind", "Kind"),
        sources.control(pairs, "earlier_source", "Was first"),
        sources.control(pairs, "later_source", "Repeats it"),
    ]
    return board(sources, "Reposts", "Who copies whom, how fast and how much.", panels=panels, controls=controls)
