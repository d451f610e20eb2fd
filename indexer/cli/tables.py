"""Draw listings: hits and pairs of articles; it asks nobody and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table
from rich.text import Text

from indexer.cli import output
from indexer.cli.report import KIND_STYLES
from indexer.search import MARK, UNMARK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.models import Pair
    from indexer.search import Hit

TITLE_CHARS = 90  # of a title in a table of pairs: two lines
RUN_CHARS = 160  # of a shared run on the review page


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
        article = Text("\n").join(
            [
                output.line(each.title, "bold"),
                facts,
                *(Text.assemble("… ", output.marked(text, mark=MARK, unmark=UNMARK), " …") for text in each.highlights),
            ]
        )
        date = Text(output.moment(each.effective))
        if each.published is None:
            date.append("\nseen", "dim")
        drawn.add_row(output.short(each.id), date, article)
    return drawn


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
        "highlights": [{"text": text, "hits": [list(place) for place in places]} for text, places in plain],
        "repost_of": hit.repost_of,
        "reposts": hit.reposts,
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


def coverage(pair: Pair) -> Text:
    """Draw both coverages: of the earlier article, and of the later one."""
    shown = Text()
    for label, share in (("earlier", pair.coverage_earlier), ("later", pair.coverage_later)):
        shown.append("\n" if shown else "").append(f"{label:<7} ", "dim")
        shown.append(output.bar(share), "green").append(f" {output.percent(share):>5}")
    return shown


def pairs(found: Iterable[Pair]) -> Table:
    """Draw pairs, the earlier article before the later one; fits 100 columns."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_lines=False)
    drawn.add_column("earlier", ratio=1, overflow="fold")
    drawn.add_column("→ later", ratio=1, overflow="fold")
    drawn.add_column("kind", no_wrap=True)
    drawn.add_column("coverage", no_wrap=True)
    drawn.add_column("run", justify="right", no_wrap=True)
    drawn.add_column("lag", no_wrap=True)
    for each in found:
        drawn.add_row(
            _side(each, "earlier"), _side(each, "later"), kind(each), coverage(each), str(each.longest_run), lag(each)
        )
        drawn.add_row()
    return drawn


def _side(pair: Pair, side: Literal["earlier", "later"]) -> Text:
    identity, source, title = (
        (pair.earlier, pair.earlier_source, pair.earlier_title)
        if side == "earlier"
        else (pair.later, pair.later_source, pair.later_title)
    )
    name = output.line(title)
    name.truncate(TITLE_CHARS, overflow="ellipsis")
    return Text.assemble((output.short(identity), "dim"), " ", output.line(source, "cyan"), "\n", name)


def others(found: Iterable[Pair], *, other: Literal["earlier", "later"]) -> Table:
    """Draw the pairs of one article: for each, the other article and the evidence."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("kind", no_wrap=True)
    drawn.add_column("article", ratio=1, overflow="fold")
    drawn.add_column("lag", no_wrap=True)
    drawn.add_column("coverage", no_wrap=True)
    for each in found:
        article = _side(each, other)
        if each.longest_run:
            words = output.line(each.longest_run_text, "italic")
            words.truncate(RUN_CHARS, overflow="ellipsis")
            article.append(f"\n{each.longest_run} words in a row: ", "dim").append_text(words)
        drawn.add_row(kind(each), article, lag(each), coverage(each))
    return drawn
