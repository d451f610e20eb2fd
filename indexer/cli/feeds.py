"""The `condensat feeds` commands: keep the list of feeds."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from indexer.cli import output, session
from indexer.cli.errors import ExitCode, UsageError
from indexer.cli.files import read_bytes

if TYPE_CHECKING:
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.feeds import FeedRecord

app = typer.Typer(help="The feeds that are watched.", no_args_is_help=True, rich_markup_mode="markdown")


@app.command(
    epilog="`condensat feeds add https://example.org/feed.xml`\n\n"
    '`condensat feeds add https://example.org/feed.xml --name "The Example"`'
)
def add(
    urls: Annotated[list[str], typer.Argument(metavar="URL…", help="Addresses of RSS or Atom feeds.")],
    name: Annotated[str | None, typer.Option(help="What the feed shall be called (for one URL).")] = None,
) -> None:
    """Watch feeds. They are fetched at the next `condensat ingest`."""
    if name is not None and len(urls) > 1:
        raise UsageError("--name goes with one URL")
    for url in urls:
        check_url(url)
    with session.connect() as store:
        for url in urls:
            fresh = store.feeds.add(url, name=name, now=session.now())
            output.say(f"{'added' if fresh else 'was there'}  {url}")


@app.command(epilog="`condensat feeds remove https://example.org/feed.xml`\n\n`condensat feeds remove 3f9ac01b2d`")
def remove(
    feeds: Annotated[list[str], typer.Argument(metavar="FEED…", help="Addresses, names or ids (or their beginnings).")],
) -> None:
    """Watch feeds no longer. Their articles stay."""
    missing = False
    with session.connect() as store:
        known = store.feeds.all()
        for reference in feeds:
            record = find(known, reference)
            if record is None or not store.feeds.remove(record.id):
                output.say(f"there is no feed «{reference}»; see: condensat feeds list", "red")
                missing = True
            else:
                output.say(f"removed  {record.url}")
    if missing:
        raise typer.Exit(ExitCode.FAILED)


@app.command(
    "list", epilog="`condensat feeds list`\n\n`condensat feeds list --failing`\n\n`condensat feeds list --format jsonl`"
)
def list_(
    *,
    failing: Annotated[bool, typer.Option("--failing", help="Only those whose last poll failed.")] = False,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """List the feeds and how their last poll went."""
    with session.connect() as store:
        records = [each for each in store.feeds.all() if each.last_error or not failing]
    if form is not output.Format.TABLE:
        output.write_listing(map(to_dict, records), form)
    elif records:
        output.show(table(records, now=session.now()))
        output.say(
            f"{output.count(len(records), 'feed')}, {sum(bool(each.last_error) for each in records)} of them failing",
            "dim",
        )
    else:
        output.say("No feed fails." if failing else "No feeds yet. Add one: condensat feeds add URL")


@app.command("import", epilog="`condensat feeds import subscriptions.opml`\n\n`condensat feeds import - < feeds.opml`")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An OPML file; - for standard input.")],
) -> None:
    """Watch the feeds of an OPML file, as every feed reader writes it."""
    data = read_bytes(file)
    with session.connect() as store:
        urls, added = add_opml(store, data, now=session.now())
    output.say(f"{output.count(added, 'feed')} added, {len(urls) - added} were there")


@app.command("export", epilog="`condensat feeds export > feeds.opml`\n\n`condensat feeds export feeds.opml`")
def export_(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; without one, standard output.")
    ] = None,
) -> None:
    """Write the feeds as OPML, which every feed reader takes."""
    from indexer import opml

    with session.connect() as store:
        records = store.feeds.all()
    data = opml.render(
        [opml.OpmlFeed(url=each.url, title=each.name or each.title or "", site=None, folder="") for each in records]
    )
    if file is None or str(file) == "-":
        typer.echo(data, nl=False)
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    output.say(f"{output.count(len(records), 'feed')} written to {file}")


def check_url(url: str) -> None:
    """Raise UsageError for what is not a web address."""
    if not url.lower().startswith(("http://", "https://")):
        raise UsageError(f"«{url}» is not a feed's address; write it whole, such as https://example.org/feed.xml")


def add_opml(store: Store, data: bytes, *, now: datetime) -> tuple[list[str], int]:
    """Add the feeds of an OPML file; give their URLs, and how many were new."""
    from indexer import opml

    found = opml.parse(data)
    added = sum(store.feeds.add(each.url, name=each.title or None, now=now) for each in found)
    return [each.url for each in found], added


def find(known: list[FeedRecord], reference: str) -> FeedRecord | None:
    """Find a feed by its address, name, title or id, or by a beginning of the id that is its alone."""
    from indexer.elastic.feeds import feed_id

    if "://" in reference:
        identity = feed_id(reference)
        return next((each for each in known if each.id == identity), None)
    for each in known:
        if reference in (each.id, each.name, each.title):
            return each
    begun = [each for each in known if reference and each.id.startswith(reference.lower())]
    return begun[0] if len(begun) == 1 else None


def to_dict(record: FeedRecord) -> dict[str, Any]:
    """Give the JSON form of a feed."""
    return {
        "id": record.id,
        "url": record.url,
        "name": record.name,
        "title": record.title,
        "domain": record.domain,
        "added": record.added,
        "last_polled": record.last_polled,
        "last_success": record.last_success,
        "last_error": record.last_error,
        "entries": record.entries,
        "new_entries": record.new_entries,
    }


def table(records: list[FeedRecord], *, now: datetime) -> Table:
    """Draw the feeds, each with the end of its last poll."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("id", no_wrap=True)
    drawn.add_column("feed", ratio=3, overflow="fold")
    drawn.add_column("entries", justify="right")
    drawn.add_column("new", justify="right")
    drawn.add_column("polled", no_wrap=True)
    drawn.add_column("last poll", ratio=2, overflow="fold")
    for each in records:
        polled = f"{output.span((now - each.last_polled).total_seconds())} ago" if each.last_polled else "never"
        name = output.line(each.name or each.title or each.domain, "bold")
        ended = Text("✓", "green") if each.last_success else Text(output.DASH, "dim")
        drawn.add_row(
            output.short(each.id),
            Text.assemble(name, "\n", output.line(each.url, "dim")),
            str(each.entries),
            str(each.new_entries),
            polled,
            output.line(each.last_error, "red") if each.last_error else ended,
        )
    return drawn
