"""The `condensat sources` commands: who publishes, and which of them are one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from indexer.cli import output, progress, session
from indexer.cli.correcting import user

app = typer.Typer(
    help="Sources: how much each publishes, and which of them are one and the same.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command("list", epilog="`condensat sources list`\n\n`condensat sources list --format json`")
def list_(
    *, form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE
) -> None:
    """List the sources, the one with the most articles first, each with those that were merged into it."""
    with session.connect() as store:
        store.articles.refresh()
        counted = store.sums.articles({"match_all": {}})
        merges = store.corrections.merges()
    rows = [
        {
            "domain": domain,
            "name": name,
            "articles": count,
            "merged": [each.domain for each in merges if each.into == domain],
        }
        for domain, (name, count) in sorted(counted.items(), key=lambda item: (-item[1][1], item[0]))
    ]
    if form is not output.Format.TABLE:
        output.write_listing(rows, form)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("articles", justify="right", no_wrap=True)
    drawn.add_column("source", overflow="fold")
    drawn.add_column("merged into it", overflow="fold")
    for row in rows:
        drawn.add_row(
            f"{row['articles']:,}",
            output.line(f"{row['name']}  {row['domain']}", "cyan"),
            output.line(", ".join(each.domain for each in merges if each.into == row["domain"])),
        )
    output.show(drawn)


@app.command(epilog="`condensat sources merge amp.herald.example herald.test herald.example --name 'The Herald'`")
def merge(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE… INTO", help="Domains; the last is what they become.")
    ],
    *,
    name: Annotated[str | None, typer.Option(help="What it is called; else as now.")] = None,
    by: Annotated[str | None, typer.Option(help="Who does so; you, if you do not say.")] = None,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Make sources one: their articles become those of the last, now and whenever more come in.

    Their pairs are judged again, since a source that publishes its own article again makes an update. There is no way
    back: which article was whose is not kept.
    """
    from indexer import merging
    from indexer.cli.errors import UsageError

    *domains, into = (each.strip().lower() for each in sources)
    if not domains:
        raise UsageError("Name two sources at least; the last is what the others become")
    with session.connect() as store:
        moved = merging.merge(
            store, domains, into, name=name, by=by or user(), now=session.now, progress=progress.make()
        )
    if form is output.OneFormat.JSON:
        output.write_json({"moved": moved, "into": into})
    else:
        output.say(f"{output.count(moved, 'article')} moved to {into}")
        output.say(f"If you use lists of boilerplate: condensat boilerplate learn {into}", "dim")
