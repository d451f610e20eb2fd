"""The four dashboards, made from the mappings' own fields; it knows neither Kibana's whereabouts nor any article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.kibana.fields import index
from indexer.kibana.panels import ALPHABET, AMBER, BLUE, GREEN, HOURS, RED, Place, Source, control, placed
from indexer.models import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.kibana.fields import Index
    from indexer.kibana.panels import Json

DEFAULT_PREFIX = "condensat"
# Which date a time range asks. Feeds have none: their state is what it is, whatever the range.
TIME_FIELDS: dict[str, str | None] = {"articles": "effective", "reposts": "later_effective", "feeds": None}
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """A dashboard: its name, which its id ends in, and what is sent to Kibana."""

    name: str
    body: Json


class Sources:
    """The indices that dashboards draw from, under one prefix."""

    def __init__(self, prefix: str, definitions: Mapping[str, Mapping[str, Any]]) -> None:
        self.prefix = prefix
        self.articles = self._source("articles", definitions)
        self.reposts = self._source("reposts", definitions)
        self.feeds = self._source("feeds", definitions)

    def _source(self, name: str, definitions: Mapping[str, Mapping[str, Any]]) -> Source:
        return Source(index(name, definitions[name], time_field=TIME_FIELDS[name]), f"{self.prefix}-{name}")

    def view(self, source: Source) -> str:
        """Give the id of the saved data view of an index: the name of its alias."""
        return source.pattern

    def control(self, source: Source, field: str, title: str) -> Json:
        """Let the reader choose among a field's values."""
        return control(self.view(source), source, field, title)


def indices(definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, Index]:
    """Give the indices that dashboards may ask, by name."""
    return {name: index(name, definitions[name], time_field=time) for name, time in TIME_FIELDS.items()}


def data_views(definitions: Mapping[str, Mapping[str, Any]], *, prefix: str = DEFAULT_PREFIX) -> list[Json]:
    """Give the data views, with fixed ids, as Kibana's API takes each."""
    sources = Sources(prefix, definitions)
    views = []
    for source in (sources.articles, sources.reposts, sources.feeds):
        view = {"id": sources.view(source), "title": source.pattern, "name": f"{prefix}: {source.index.name}"}
        if source.index.time_field:
            view["timeFieldName"] = source.index.time_field
        views.append({**view, "allowNoIndex": True})
    return views


def boards(definitions: Mapping[str, Mapping[str, Any]], *, prefix: str = DEFAULT_PREFIX) -> list[Board]:
    """Make all dashboards."""
    sources = Sources(prefix, definitions)
    return [newsroom(sources), reposts(sources), feeds(sources), threats(sources)]


def newsroom(sources: Sources) -> Board:
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
    return _board(sources, "Newsroom", "What comes in, from whom and about what.", panels=panels, controls=controls)


def reposts(sources: Sources) -> Board:
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
    return _board(sources, "Reposts", "Who copies whom, how fast and how much.", panels=panels, controls=controls)


def feeds(sources: Sources) -> Board:
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
    return _board(sources, "Feeds", "How the feeds do, as of their last polls.", panels=panels, controls=controls)


def threats(sources: Sources) -> Board:
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
    return _board(sources, "Threats", said, panels=panels, controls=controls)


def _board(sources: Sources, title: str, description: str, *, panels: list[Json], controls: list[Json]) -> Board:
    name = title.lower()
    body: Json = {
        "title": f"{sources.prefix}: {title}",
        "description": description,
        "time_range": {"from": "now-30d", "to": "now"},
        "refresh_interval": {"pause": True, "value": 60_000},
        "query": {"language": "kql", "expression": ""},
        "filters": [],
        "options": {"use_margins": True, "sync_colors": True, "hide_panel_titles": False},
        "pinned_panels": [{"id": f"{name}-control-{number}", **each} for number, each in enumerate(controls, 1)],
        "panels": [{**each, "id": f"{name}-{each['id']}"} for each in panels],
    }
    return Board(name=name, body=body)
