"""Show what a search found: hits, counts with a bar chart, or another spelling where there is nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from indexer import search as work
from indexer.cli import output, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from indexer.elastic import Store
    from indexer.search import Facets, Sort, Wanted

LIMIT = 20  # hits of a table without --limit
VALUES = 10  # of a facet in a table without --limit
BARS = 31  # of a chart: the days of a month
BAR_WIDTH = 30
HEADINGS = {"source": "Sources", "tag": "Tags", "story": "Stories", "cve": "CVEs", "language": "Languages"}


def hits(store: Store, wanted: Wanted, *, sort: Sort, limit: int | None, form: output.Format) -> None:
    """Write the hits; JSON as they come, complete without a limit."""
    if form is not output.Format.TABLE:
        found = islice(work.find(store, wanted, sort=sort), limit)
        output.write_listing(map(tables.hit_dict, found), form)
        return
    results = work.list_hits(store, wanted, sort=sort, limit=limit or LIMIT)
    if not results.hits:
        _nothing(store, wanted)
        return
    output.show(tables.hits(results.hits))
    shown = len(results.hits) + sum(len(each.also) for each in results.hits)
    folded = f", {shown - len(results.hits)} of them folded" if shown > len(results.hits) else ""
    output.say(f"{shown:,} of {output.count(results.total, 'article')}{folded}", "dim")


def _nothing(store: Store, wanted: Wanted) -> None:
    output.say("No article matches.")
    better = work.spelling(store, wanted)
    if better:
        options = "".join(f" --{name} '{value}'" for name, value in better.options)
        output.say(f"Did you mean «{better.query}»{options}? It finds {output.count(better.total, 'article')}.")


def count(store: Store, wanted: Wanted, *, limit: int | None, form: output.Format) -> None:
    """Write how what matches is spread over sources, tags, stories, CVEs, languages and days."""
    counted = work.facets(store, wanted, limit=limit or (VALUES if form is output.Format.TABLE else None))
    if form is output.Format.JSON:
        output.write_json(facets_dict(counted))
    elif form is output.Format.JSONL:
        output.write_listing(_rows(counted), form)
    elif counted.total:
        for name, facet in counted.values.items():
            if facet.counts:
                output.show(_chart(HEADINGS[name], facet.counts, more=facet.other))
        unit, bars = per_time(counted.days)
        output.show(_chart(f"By {unit}", bars))
        output.say(output.count(counted.total, "article"), "dim")
    else:
        _nothing(store, wanted)


def facets_dict(counted: Facets) -> dict[str, Any]:
    """Give the JSON form of counts."""
    return {
        "total": counted.total,
        "facets": {
            **{
                name: {
                    "values": [{"value": value, "count": number} for value, number in facet.counts],
                    "other": facet.other,
                }
                for name, facet in counted.values.items()
            },
            "day": {
                "values": [{"value": day.isoformat(), "count": number} for day, number in counted.days],
                "other": 0,
            },
        },
    }


def _rows(counted: Facets) -> Iterable[dict[str, Any]]:
    for name, facet in facets_dict(counted)["facets"].items():
        for each in facet["values"]:
            yield {"facet": name, **each}


_UNITS: dict[str, tuple[Callable[[date], date], Callable[[date], date], str]] = {
    "day": (lambda day: day, lambda day: day + timedelta(days=1), "%Y-%m-%d"),
    "week": (lambda day: day - timedelta(days=day.weekday()), lambda day: day + timedelta(days=7), "%Y-%m-%d"),
    "month": (
        lambda day: day.replace(day=1),
        lambda day: (day.replace(day=1) + timedelta(days=32)).replace(day=1),
        "%Y-%m",
    ),
    "year": (
        lambda day: day.replace(month=1, day=1),
        lambda day: day.replace(year=day.year + 1, month=1, day=1),
        "%Y",
    ),
}


def per_time(days: Iterable[tuple[date, int]]) -> tuple[str, list[tuple[str, int]]]:
    """Add days up to the smallest unit of which a chart holds all, empty ones between them included.

    Gives the unit (day, week from Monday, month or year) and the bars; of more years than fit, the last.
    """
    given = list(days)
    if not given:
        return "day", []
    for unit, (begin, following, form) in _UNITS.items():
        sums: Counter[date] = Counter()
        for day, number in given:
            sums[begin(day)] += number
        at, bars = min(sums), [(min(sums).strftime(form), sums[min(sums)])]
        while at < max(sums) and (len(bars) <= BARS or unit == "year"):
            at = following(at)
            bars.append((at.strftime(form), sums[at]))
        if len(bars) <= BARS:
            break
    return unit, bars[-BARS:]


def _chart(heading: str, bars: Iterable[tuple[str, int]], *, more: int = 0) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0), title_justify="left")
    drawn.add_column(heading, overflow="ellipsis", no_wrap=True, max_width=40)
    drawn.add_column("", justify="right", no_wrap=True)
    drawn.add_column("", no_wrap=True)
    shown = list(bars)
    most = max((number for _, number in shown), default=1)
    for name, number in shown:
        bar = output.bar(number / most, width=BAR_WIDTH).rstrip("·")
        drawn.add_row(output.line(name, "cyan"), f"{number:,}", Text(bar, "green"))
    if more:
        drawn.add_row(Text("others", "dim"), f"{more:,}", "")
    drawn.add_row()
    return drawn
