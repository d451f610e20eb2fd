"""The `condensat feeds` commands: keep the list of feeds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from indexer import health
from indexer.cli import output, session
from indexer.cli.errors import ExitCode, UsageError
from indexer.cli.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
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
        known = Directory(store.feeds.all())
        for reference in feeds:
            record = known.find(reference)
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
    failing: Annotated[
        bool, typer.Option("--failing", help="Only those that are dead, empty, silent, or failed at their last poll.")
    ] = False,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """List the feeds and how they do.

    «week» is the entries of the last seven days, and those of a usual week by the four before.
    """
    from indexer.cli import feed_tables

    now = session.now()
    with session.connect() as store:
        records = [each for each in store.feeds.all() if not failing or health.state(each, now=now) in health.TROUBLED]
    if form is not output.Format.TABLE:
        output.write_listing((feed_tables.to_dict(each, now=now) for each in records), form)
    elif records:
        output.show(feed_tables.table(records, now=now))
        output.say(_summary(records, now=now), "dim")
    else:
        output.say("No feed fails." if failing else "No feeds yet. Add one: condensat feeds add URL")


@app.command(epilog="`condensat feeds check`\n\n`condensat feeds check --strict || mail -s 'feeds' me@example.org`")
def check(
    feeds: Annotated[
        list[str] | None, typer.Argument(metavar="[FEED]…", help="Addresses, names or ids; without any, all feeds.")
    ] = None,
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 when a feed is dead, empty, silent, or fails.")
    ] = False,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """Tell how feeds did at their last poll, and what became of their entries; nothing is fetched.

    A feed is *silent* when it has brought nothing for longer than its last four weeks let expect: a daily one after
    three days, one of weekdays after six, a weekly one after 45; also when nobody has polled it since.
    """
    from indexer.cli import feed_tables

    now = session.now()
    with session.connect() as store:
        known = store.feeds.all()
    directory = Directory(known)
    missing = [each for each in feeds or () if directory.find(each) is None]
    if missing:
        raise UsageError(f"there is no feed «{missing[0]}»; see: condensat feeds list")
    records = directory.find_all(feeds) if feeds else known
    troubled = [each for each in records if health.state(each, now=now) in health.TROUBLED]
    if form is not output.Format.TABLE:
        output.write_listing((feed_tables.to_dict(each, now=now) for each in records), form)
    elif records:
        output.show(feed_tables.check_table(records, now=now))
        output.say(_summary(records, now=now), "dim")
    else:
        output.say("No feeds yet. Add one: condensat feeds add URL")
    for each in troubled:
        state = health.state(each, now=now)
        if state in health.QUIETLY_WORSE:
            output.say(f"{state.value}  {each.url}  {health.describe(each, now=now)}", "bold red")
    if strict and troubled:
        raise typer.Exit(ExitCode.FAILED)


def _summary(records: Sequence[FeedRecord], *, now: datetime) -> str:
    """Count feeds by their states, the worst first."""
    states = Counter(health.state(each, now=now) for each in records)
    counted = ", ".join(f"{states[state]} {state.value}" for state in health.State if states[state])
    return f"{output.count(len(records), 'feed')}: {counted}"


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
    added = store.feeds.add_all([(each.url, each.title or None) for each in found], now=now)
    return [each.url for each in found], added


class Directory:
    """Finds feeds by what a user calls them: an address that it has or had, its name, title or id."""

    def __init__(self, known: Sequence[FeedRecord]) -> None:
        self._known = known
        self._by: dict[str, FeedRecord] = {}
        for each in reversed(known):  # of several with one title the first is meant
            self._by |= dict.fromkeys(filter(None, (each.title, each.name, *each.keys, each.id)), each)

    def find(self, reference: str) -> FeedRecord | None:
        """Find a feed by any of these, or by a beginning of the id that is its alone."""
        from indexer.elastic.feeds import feed_id
        from indexer.urls import normalise

        if "://" in reference:
            return self._by.get(feed_id(reference)) or self._by.get(normalise(reference))
        if reference in self._by:
            return self._by[reference]
        begun = [each for each in self._known if reference and each.id.startswith(reference.lower())]
        return begun[0] if len(begun) == 1 else None

    def find_all(self, references: Sequence[str]) -> list[FeedRecord]:
        """Find the feeds that are meant, each once, in order."""
        found = map(self.find, references)
        return list({each.id: each for each in found if each is not None}.values())
