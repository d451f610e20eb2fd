"""Draw listings: hits and pairs of articles; it asks nobody and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table
from rich.text import Text

from indexer.cli import output
from indexer.cli.report import KIND_STYLES
from indexer.search import MARK, UNMARK
from indexer.summary import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from indexer.differences import Hunk
    from indexer.elastic.sums import Lags, Sum
    from indexer.models import Pair
    from indexer.search import Copy, Hit
    from indexer.summary import Copying, Summary

TITLE_CHARS = 90  # of a title in a table of pairs: two lines
RUN_CHARS = 160  # of a shared run on the review page
DIFFERENCE_CHARS = 150  # of what differs on the review page: two or three lines
ALSO = 4  # copies that are named under a hit: a line or two
DIFFERENCE_WORDS = 8  # of one difference there


def hits(found: Iterable[Hit]) -> Table:
    """Draw what a search found: a line of facts, the title, and the passages with the hit words in colour."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("id", no_wrap=True)
    drawn.add_column("date (UTC)", no_wrap=True)
    drawn.add_column("article", ratio=1, overflow="fold")
    for each in found:
        facts = output.line(each.source_name, "cyan")
        if each.repost_of:
            facts.append(f"  repeats {output.short(each.repost_of)}", "yellow")
        if each.reposts:
            facts.append(f"  reposted {each.reposts}×", "red")
        if each.stars:
            facts.append(f"  {'★' * each.stars}", "yellow")
        if labels := [*each.tags, *each.stories, *each.cves]:
            facts.append("  ").append_text(output.line(", ".join(labels), "magenta"))
        article = Text("\n").join(
            [
                _title(each),
                facts,
                *(Text.assemble("… ", output.marked(text, mark=MARK, unmark=UNMARK), " …") for text in each.highlights),
            ]
        )
        if each.also:
            article.append("\n").append_text(_also(each.also))
        date = Text(output.moment(each.effective))
        if each.published is None:
            date.append("\nseen", "dim")
        drawn.add_row(output.short(each.id), date, article)
    return drawn


def _title(hit: Hit) -> Text:
    if not hit.marked_title:
        return output.line(hit.title, "bold")
    shown = output.marked(hit.marked_title, mark=MARK, unmark=UNMARK)
    shown.style = "bold"
    return shown


def _also(copies: Sequence[Copy]) -> Text:
    """Name the sources that repeat an article, the first ones with their id."""
    shown = Text("also in ", "dim")
    for place, each in enumerate(copies[:ALSO]):
        shown.append(", " if place else "", "dim")
        shown.append_text(output.line(each.source_name, "cyan")).append(f" {output.short(each.id)}", "dim")
    more = len(copies) - ALSO
    return shown.append(f" and {more} more", "dim") if more > 0 else shown


def hit_dict(hit: Hit) -> dict[str, Any]:
    """Give the JSON form of a hit; ``hits`` of a highlight are the places of its words, in characters."""
    plain = [output.split_marks(text, mark=MARK, unmark=UNMARK) for text in hit.highlights]
    return {
        "id": hit.id,
        "url": hit.url,
        "title": hit.title,
        "source": hit.source_name,
        "domain": hit.domain,
        "published": hit.published,
        "effective": hit.effective,
        "language": hit.language,
        "score": hit.score,
        "title_hits": [list(place) for place in output.split_marks(hit.marked_title, mark=MARK, unmark=UNMARK)[1]],
        "highlights": [{"text": text, "hits": [list(place) for place in places]} for text, places in plain],
        "tags": list(hit.tags),
        "stories": list(hit.stories),
        "cves": list(hit.cves),
        "stars": hit.stars,
        "shelf": hit.shelf,
        "repost_of": hit.repost_of,
        "reposts": hit.reposts,
        "also": [
            {
                "id": each.id,
                "url": each.url,
                "source": each.source_name,
                "domain": each.domain,
                "effective": each.effective,
            }
            for each in hit.also
        ],
    }


def kind(pair: Pair) -> Text:
    """Give the kind in its colour, with a mark for an update of the same source."""
    shown = Text(pair.kind.value, KIND_STYLES.get(pair.kind.value, ""))
    if pair.update:
        shown.append("\nupdate", "magenta")
    return shown


def lag(pair: Pair) -> Text:
    """Tell how much later the later article is, and mark an order that the dates do not settle."""
    later = "at once" if pair.lag_seconds == 0 else f"{output.span(pair.lag_seconds)} later"
    return Text(later) if pair.order_certain else Text.assemble(later, ("\norder unsure", "yellow"))


def pairs(found: Iterable[Pair], names: Mapping[str, str] | None = None) -> Table:
    """Draw pairs: the earlier article above the later one, each with how much of it stands in the other.

    ``names`` gives the name of an article's source by its id; where it has none, the domain stands. Fits 80 columns.
    """
    drawn = _listing("pair", "covered", "earlier, and → later")
    for each in found:
        first = Text("\n").join([kind(each), Text(output.count(each.longest_run, "word"), "dim")])
        drawn.add_row(first, _covered(each.coverage_earlier), _side(each, "earlier", names))
        drawn.add_row(lag(each), _covered(each.coverage_later), Text("→ ").append_text(_side(each, "later", names)))
        drawn.add_row()
    return drawn


def others(
    found: Iterable[Pair],
    *,
    other: Literal["earlier", "later"],
    names: Mapping[str, str] | None = None,
    differences: Mapping[str, Sequence[Hunk]] | None = None,
) -> Table:
    """Draw the pairs of one article: for each, the other article and the evidence. Fits 80 columns."""
    drawn = _listing("pair", "covered", "article")
    for each in found:
        article = _side(each, other, names)
        if each.longest_run:
            words = output.line(each.longest_run_text, "italic")
            words.truncate(RUN_CHARS, overflow="ellipsis")
            article.append(f"\n{output.count(each.longest_run, 'word')} in a row: ", "dim").append_text(words)
        told = (differences or {}).get(each.id)
        if told:
            article.append("\ndiffers: ", "dim").append_text(_briefly(told))
        shares = {"earlier": each.coverage_earlier, "later": each.coverage_later}
        this: Literal["earlier", "later"] = "later" if other == "earlier" else "earlier"
        covered = Text("\n").join(
            [Text("this ", "dim") + _covered(shares[this]), Text("that ", "dim") + _covered(shares[other])]
        )
        drawn.add_row(Text("\n").join([kind(each), lag(each)]), covered, article)
    return drawn


def _listing(*headings: str) -> Table:
    """Give a table of two narrow columns and a wide one."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_lines=False)
    for heading in headings[:-1]:
        drawn.add_column(heading, no_wrap=True)
    drawn.add_column(headings[-1], ratio=1, overflow="fold")
    return drawn


def _covered(share: float) -> Text:
    return Text.assemble((output.bar(share), "green"), f" {output.percent(share):>5}")


def _side(pair: Pair, side: Literal["earlier", "later"], names: Mapping[str, str] | None) -> Text:
    """Give one article of a pair: its id, its source, its date, and its title below."""
    identity, domain, at, title, url = (
        (pair.earlier, pair.earlier_source, pair.earlier_effective, pair.earlier_title, pair.earlier_url)
        if side == "earlier"
        else (pair.later, pair.later_source, pair.later_effective, pair.later_title, pair.later_url)
    )
    name = output.line(title or url)
    name.truncate(TITLE_CHARS, overflow="ellipsis")
    source = source_name((names or {}).get(identity), domain)
    return Text.assemble((output.short(identity), "dim"), " ", source, " ", (output.moment(at), "dim"), "\n", name)


def source_name(name: str | None, domain: str) -> Text:
    """Give a source by its name, with the domain behind it where that says more."""
    if not name or domain.casefold() in name.casefold():
        return output.line(name or domain, "cyan")
    return Text.assemble(output.line(name, "cyan"), " ", output.line(domain, "dim"))


def _briefly(hunks: Sequence[Hunk]) -> Text:
    """Tell the first differences, what stood earlier struck by an arrow from what stands later, within two lines."""
    shown, told = Text(), 0
    every = [segment for hunk in hunks for segment in hunk if not segment.same]
    for each in every:
        change = Text("; " if told else "")
        change.append_text(_words(each.a, "red")).append(" → ", "dim").append_text(_words(each.b, "green"))
        if told and len(shown) + len(change) > DIFFERENCE_CHARS:
            break
        shown.append_text(change)
        told += 1
    rest = len(every) - told
    return shown.append(f"; {rest} more: condensat compare", "dim") if rest else shown


def _words(words: Sequence[str], style: str) -> Text:
    if not words:
        return Text("nothing", "dim")
    more = len(words) - DIFFERENCE_WORDS
    shown = output.line(" ".join(words[:DIFFERENCE_WORDS]), style)
    return shown.append(f" … {more} more", "dim") if more > 0 else shown


def summary(rows: Iterable[Copying]) -> Table:
    """Draw who copies whom: counts by kind, the lag, and how much of the later source's work that is."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    drawn.add_column("earlier, and → later", ratio=1, overflow="fold")
    for each in KINDS:
        drawn.add_column(each.value, justify="right", no_wrap=True, style=KIND_STYLES[each.value])
    drawn.add_column("lag", no_wrap=True)
    drawn.add_column("reposts in later", no_wrap=True)
    for row in rows:
        earlier, later = (source_name(side.name, side.domain) for side in (row.earlier, row.later))
        own = row.earlier.domain == row.later.domain
        sources = Text.assemble(earlier, "\n→ ", ("itself", "magenta") if own else later)
        drawn.add_row(sources, *_kinds(row.sum), lags(row.sum.lags), _reposts(row))
    return drawn


def _kinds(found: Sum) -> list[Text]:
    return [
        Text(f"{number:,}") if number else Text("·", "dim")
        for number in (found.kinds.get(kind.value, 0) for kind in KINDS)
    ]


def lags(found: Lags) -> Text:
    """Write the median lag, and below it the span that holds all but a tenth at either end."""
    if found.median is None or found.p10 is None or found.p90 is None:
        return output.safe(None)
    low, median, high = (output.span(each) for each in (found.p10, found.median, found.p90))
    return Text(median) if low == median == high else Text.assemble(median, "\n", (f"{low} – {high}", "dim"))


def _reposts(row: Copying) -> Text:
    if row.share is None:
        return output.safe(None)
    return Text.assemble(f"{output.percent(row.share)}", "\n", (f"of {row.later_articles:,}", "dim"))


def total(found: Summary, shown: int) -> Text:
    """Write what all rows of a summary come to, and whether some are not shown."""
    kinds = ", ".join(
        f"{found.total.kinds[kind.value]:,} {kind.value}" for kind in KINDS if kind.value in found.total.kinds
    )
    parts = [f"{output.count(found.total.pairs, 'pair')}: {kinds}"]
    if found.total.lags.median is not None:
        parts.append(f"median lag {output.span(found.total.lags.median)}")
    if shown < len(found.rows):
        parts.append(f"{shown} of {len(found.rows):,} rows (more: --limit)")
    return Text("; ".join(parts))
