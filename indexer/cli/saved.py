"""The `condensat searches` commands: keep searches under a name, for digests and for running them again."""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from indexer.cli import output, reading, session
from indexer.cli.correcting import user
from indexer.cli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from indexer.elastic.searches import SavedSearch

app = typer.Typer(
    help="Saved searches: what digests are made of, and what is asked again and again.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Mail = Annotated[
    list[str] | None, typer.Option("--mail", metavar="ADDRESS", help="Digests go there by mail; repeatable.")
]
Feed = Annotated[
    list[Path] | None,
    typer.Option("--feed", metavar="FILE", help="Digests go into a feed, .atom or .json; repeatable."),
]
Markdown = Annotated[
    list[Path] | None, typer.Option("--markdown", metavar="FILE", help="Digests go into this file; repeatable.")
]


@app.command(
    epilog="`condensat searches add ports 'ransomware AND port' --mail ann@example.org`\n\n"
    "`condensat searches add patches 'tag:Patching' --words fr --feed /srv/www/patches.atom --since 7d`"
)
def add(
    name: Annotated[str, typer.Argument(help="What it shall be called.")],
    query: Annotated[str, typer.Argument(help="As for `condensat search`; * for all.")],
    *,
    source: reading.Source = None,
    tag: reading.Tag = None,
    story: reading.Story = None,
    cve: reading.Cve = None,
    language: reading.InLanguage = None,
    start: reading.From = None,
    end: reading.To = None,
    reposts: Annotated[
        reading.Reposts, typer.Option(help="What repeats an earlier article; folded under it, if you do not say.")
    ] = reading.Reposts.FOLD,
    mail: Mail = None,
    feed: Feed = None,
    markdown: Markdown = None,
    words: Annotated[reading.Language, typer.Option(help="Of the digests' own words.")] = reading.Language.EN,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Digests begin with what was indexed then, such as 7d; else from now on."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who saves it; you, if you do not say.")] = None,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Save a search. A query that cannot be read is refused, as by `condensat search`.

    Where its digests go can be said here, or with `condensat digest`.
    """
    from indexer import saving
    from indexer.search import Wanted

    wanted = Wanted(
        query=query,
        sources=source or (),
        tags=tag or (),
        stories=story or (),
        cves=cve or (),
        languages=language or (),
        start=start,
        end=end,
        reposts=reposts.value,
    )
    wanted.to_query()
    targets = targeted(mail, feed, markdown)
    with session.connect() as store:
        try:
            saved, matching = saving.add(
                store,
                name,
                wanted,
                to=targets,
                language=words.value,
                since=since,
                by=by or user(),
                series=secrets.token_hex(5),
                now=session.now(),
            )
        except saving.SavingError as error:
            raise UsageError(str(error)) from error
    if form is output.OneFormat.JSON:
        output.write_json({**to_dict(saved), "matching": matching})
        return
    begins = "what comes in from now on" if since is None else f"what was indexed since {output.moment(saved.since)}"
    output.say(f"saved  {saved.name}: {output.count(matching, 'article')} now; its digests begin with {begins}")


def targeted(mail: list[str] | None, feed: list[Path] | None, markdown: list[Path] | None) -> tuple[Any, ...]:
    """Give the targets that were named; raises UsageError for what is none."""
    from indexer import saving

    try:
        return saving.targets(mail=mail or (), feed=feed or (), markdown=markdown or ())
    except saving.SavingError as error:
        raise UsageError(str(error)) from error


@app.command("list", epilog="`condensat searches list`\n\n`condensat searches list --format json`")
def list_(
    *, form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE
) -> None:
    """List the saved searches, where their digests go, and what still waits to be sent."""
    with session.connect() as store:
        found = store.searches.all()
        counts = store.outbox.counts()
    rows = [{**to_dict(each), "waiting": 0, "refused": 0, **counts.get(each.series, {})} for each in found]
    if form is not output.Format.TABLE:
        output.write_listing(rows, form)
        return
    if not rows:
        output.say("No searches are saved. Save one: condensat searches add NAME QUERY")
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("name", "query", "digests go to", "looked last (UTC)"):
        drawn.add_column(heading, overflow="fold", no_wrap=heading.startswith("looked"))
    for row, each in zip(rows, found, strict=True):
        to = Text("\n").join([output.line(f"{one.kind} {one.to}") for one in each.targets]) or output.safe(None)
        looked = Text(output.moment(each.last))
        for state, style in (("waiting", "yellow"), ("refused", "red")):
            if row[state]:
                looked.append(f"\n{row[state]} {state}", style)
        drawn.add_row(output.line(each.name, "cyan"), output.line(described(each)), to, looked)
    output.show(drawn)


def described(search: SavedSearch) -> str:
    """Write a search as it would be typed."""
    options = []
    for name, option in (
        ("sources", "source"), ("tags", "tag"), ("stories", "story"), ("cves", "cve"), ("languages", "language"),
    ):  # fmt: skip
        options += [f"--{option} {shlex.quote(value)}" for value in search.filters.get(name, ())]
    for name, option in (("start", "from"), ("end", "to")):
        if search.filters.get(name):
            options.append(f"--{option} {shlex.quote(search.filters[name])}")
    if search.filters.get("reposts", "fold") != "fold":
        options.append(f"--reposts {search.filters['reposts']}")
    return " ".join([search.query, *options])


def to_dict(search: SavedSearch) -> dict[str, Any]:
    """Give the JSON form of a saved search."""
    return {
        "name": search.name,
        "query": search.query,
        **search.filters,
        "targets": [{"kind": each.kind, "to": each.to} for each in search.targets],
        "language": search.language,
        "since": search.since,
        "added": search.added,
        "by": search.by,
        "last": search.last,
    }


@app.command(epilog="`condensat searches remove ports`")
def remove(names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Saved searches.")]) -> None:
    """Forget searches, with the digests of them that are kept; what was not sent of these is not sent any more."""
    missing = False
    with session.connect() as store:
        counts = store.outbox.counts()
        for name in names:
            found = store.searches.get(name)
            if found is None or not store.searches.remove(name):
                output.say(f"there is no search «{name}»; see: condensat searches list", "red")
                missing = True
                continue
            store.outbox.forget(found.search.series)
            unsent = sum(counts.get(found.search.series, {}).values())
            output.say(f"removed  {name}" + (f", and {output.count(unsent, 'digest')} not sent" if unsent else ""))
    if missing:
        raise typer.Exit(ExitCode.FAILED)


@app.command(epilog="`condensat searches run ports`\n\n`condensat searches run ports --facets`")
def run(
    name: Annotated[str, typer.Argument(help="A saved search.")],
    *,
    sort: Annotated[reading.Sort, typer.Option(help="What comes first.")] = reading.Sort.DATE,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count by source, tag, story, CVE, language and day in place of listing.")
    ] = False,
    limit: reading.Limit = None,
    form: reading.Form = output.Format.TABLE,
) -> None:
    """Run a saved search, as `condensat search` would: everything that matches, sent or not."""
    from indexer import saving
    from indexer.cli import searching

    with session.connect() as store:
        wanted = saving.wanted(saving.find(store, name).search)
        if facets:
            searching.count(store, wanted, limit=limit, form=form)
        else:
            searching.hits(store, wanted, sort=sort.value, limit=limit, form=form)
