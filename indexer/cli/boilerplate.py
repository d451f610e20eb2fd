"""The `condensat boilerplate` commands: what each source repeats, which makes no reposts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from indexer.cli import output, progress, session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.boilerplate import Learnt
    from indexer.elastic.sources import Boilerplate

app = typer.Typer(
    help="What sources repeat from article to article: footers, disclaimers, the words of their bulletins.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Sources = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE…]", help="Domains; without one, every source.")]
Form = Annotated[output.Format, typer.Option("--format", help="How to write it.")]
PHRASES = 12  # shown of one source without --full
FIRST_CHARS = 36  # of the most repeated phrase, so that a list fits 80 columns


@app.command(epilog="`condensat boilerplate learn`\n\n`condensat boilerplate learn herald.example`")
def learn(sources: Sources = None, *, form: Form = output.Format.TABLE) -> None:
    """Learn what sources repeat in five stories or more, and judge their pairs again.

    What many sources have is syndication, and is never learnt. The pairs of a source whose list changed are judged
    again at once.
    """
    from indexer import boilerplate as work

    with session.connect() as store:
        before = store.pairs.count()
        learnt = work.learn(store, sources or [], now=session.now, progress=progress.make())
        _report(learnt, before, store.pairs.count(), form)


@app.command(epilog="`condensat boilerplate forget herald.example`")
def forget(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Domains.")],
    *,
    form: Form = output.Format.TABLE,
) -> None:
    """Count everything that these sources publish again, and judge their pairs again."""
    from indexer import boilerplate as work

    with session.connect() as store:
        before = store.pairs.count()
        learnt = work.forget(store, sources, now=session.now, progress=progress.make())
        _report(learnt, before, store.pairs.count(), form)


@app.command(epilog="`condensat boilerplate show`\n\n`condensat boilerplate show herald.example --full`")
def show(
    source: Annotated[
        str | None, typer.Argument(metavar="[SOURCE]", help="A domain; without one, a line each.")
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Every phrase that is kept.")] = False,
    form: Form = output.Format.TABLE,
) -> None:
    """Show what was learnt: the phrases of one source, or a line a source."""
    from indexer.boilerplate import UnknownSourceError

    with session.connect() as store:
        found = list(store.sources.list()) if source is None else [store.sources.get(source)]
    known = [each for each in found if each is not None]
    if source is not None and not known:
        raise UnknownSourceError(f"Nothing was learnt of «{source}»; learn it: condensat boilerplate learn {source}")
    if form is not output.Format.TABLE:
        output.write_listing(map(to_dict, known), form)
    elif not known:
        output.say("Nothing was learnt yet. Learn it: condensat boilerplate learn")
    elif source is None:
        output.show(_lists(known))
    else:
        output.show(_phrases(known[0], full=full))


def to_dict(each: Boilerplate) -> dict[str, Any]:
    """Give the JSON form of a list; the hashes are left out."""
    return {
        "source": each.domain,
        "version": each.version,
        "learned": each.learned,
        "articles": each.articles,
        "grams": len(each.hashes),
        "phrases": [{"text": one.text, "tokens": one.tokens, "articles": one.articles} for one in each.phrases],
    }


def _report(learnt: Sequence[Learnt], before: int, after: int, form: output.Format) -> None:
    if form is not output.Format.TABLE:
        rows = ({**to_dict(each.boilerplate), "changed": each.changed, "before": each.before} for each in learnt)
        output.write_listing(rows, form)
        return
    told = [each for each in learnt if each.changed or len(each.boilerplate.hashes)]
    if told:
        output.show(_lists([each.boilerplate for each in told]))
    changed = sum(each.changed for each in learnt)
    output.say(f"{output.count(len(learnt), 'source')} read, {output.count(changed, 'list')} changed", "dim")
    if changed:
        output.say(f"judged again: {output.count(after, 'pair')} stand, {before:,} before", "dim")


def _lists(found: Sequence[Boilerplate]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("source", overflow="fold")
    drawn.add_column("articles", justify="right", no_wrap=True)
    drawn.add_column("grams", justify="right", no_wrap=True)
    drawn.add_column("most repeated")
    for each in found:
        first = output.line(each.phrases[0].text if each.phrases else None, "italic")
        first.truncate(FIRST_CHARS, overflow="ellipsis")
        drawn.add_row(output.line(each.domain, "cyan"), f"{each.articles:,}", f"{len(each.hashes):,}", first)
    return drawn


def _phrases(found: Boilerplate, *, full: bool) -> Table:
    drawn = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=Text.assemble(
            output.line(found.domain, "bold cyan"),
            f"  {output.count(len(found.hashes), 'gram')} from {output.count(found.articles, 'article')},"
            f" version {found.version}, {output.moment(found.learned)}",
        ),
        title_justify="left",
    )
    drawn.add_column("articles", justify="right")
    drawn.add_column("words", justify="right")
    drawn.add_column("phrase", ratio=1, overflow="fold")
    for each in found.phrases if full else found.phrases[:PHRASES]:
        drawn.add_row(f"{each.articles:,}", f"{each.tokens:,}", output.line(each.text, "italic"))
    return drawn
