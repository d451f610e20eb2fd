"""The commands that take articles in: ingest, add, reprocess, import."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli import dates, files, keeping, output, progress, session, settings, stopping, tagging, watching, web
from indexer.cli import feeds as feed_list
from indexer.cli import report as reporting
from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.elastic import Store
    from indexer.elastic.feeds import FeedRecord

PANEL = "Take in"
LEASE_SECONDS = 120.0

Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 when anything was rejected.")]
Form = Annotated[output.OneFormat, typer.Option("--format", help="How to write the report.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command(
        rich_help_panel=PANEL,
        epilog="`condensat ingest`\n\n`condensat ingest https://example.org/feed.xml`\n\n"
        "`condensat ingest --opml subscriptions.opml --format json`\n\n`condensat ingest --watch`",
    )(ingest)
    app.command(
        rich_help_panel=PANEL,
        epilog="`condensat add https://example.org/2026/an-article`\n\n`condensat add saved-page.html`\n\n"
        "`condensat add crawl.warc.gz`",
    )(add)
    app.command(
        rich_help_panel=PANEL,
        epilog="`condensat reprocess`\n\n`condensat reprocess --source example.org --from 2026-09-01 --format json`",
    )(reprocess)
    app.command(
        "import",
        rich_help_panel=PANEL,
        epilog="`condensat import articles.jsonl.gz`\n\n`condensat import export.parquet`\n\n"
        "`zcat old.jsonl.gz | condensat import -`\n\n"
        'Each line: `{"url": …, "title": …, "text": …, "source": …, "published": …}`',
    )(import_)


def ingest(
    feeds: Annotated[
        list[str] | None, typer.Argument(metavar="[FEED]…", help="Addresses, names or ids; without any, all feeds.")
    ] = None,
    *,
    opml: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add the feeds of an OPML file and read them.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that extract; default: by the processors.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until Ctrl-C or SIGTERM, polling each feed when it is due.")
    ] = False,
    lease: Annotated[
        float,
        typer.Option(
            min=1, metavar="SECONDS", help="For how long a feed is kept from other workers if this one should die."
        ),
    ] = LEASE_SECONDS,
    strict: Strict = False,
    form: Form = output.OneFormat.TABLE,
) -> None:
    """Read the feeds, fetch what is new, index it, and find out what repeats what.

    An address that is not among the feeds yet is added to them. Any number of these may run at once, on one machine
    or several, over the same Elasticsearch: each feed is polled by one of them at a time.
    """
    from indexer import ingest as work

    worker = work.Worker.this_process(timedelta(seconds=lease))
    if watch:
        if feeds or opml:
            raise UsageError("--watch polls all feeds; add them first: condensat feeds add URL, or feeds import FILE")
        raise typer.Exit(watching.run(worker, processes=processes, strict=strict, form=form))
    data = files.read_bytes(opml) if opml else None
    named = feeds or []
    tagger = tagging.tagger()
    with session.connect() as store, keeping.keeper() as keeper, stopping.by_signal() as stop:
        chosen = _choose(store, named, data)
        pointed_at = feed_list.Directory(chosen).find_all(named)
        asked = {each.url for each in pointed_at}
        if not chosen:
            output.say("No feeds yet. Add one: condensat feeds add URL")
            if form is output.OneFormat.TABLE:
                return
        done = work.ingest(
            store,
            feeds=chosen,
            named={each.id for each in pointed_at},
            web=web.load(),
            worker=worker,
            keeper=keeper,
            tagger=tagger,
            now=session.now,
            progress=progress.make(),
            processes=processes,
            stop=stop,
        )
    code = reporting.finish(done, form, strict=strict, named=asked)
    raise typer.Exit(stopping.INTERRUPTED if stop.asked else code)


def _choose(store: Store, named: Sequence[str], opml: bytes | None) -> list[FeedRecord]:
    """Give the feeds to read, adding those that are not known; all of them where none is named."""
    known = store.feeds.all()
    if not named and opml is None:
        return known
    directory = feed_list.Directory(known)
    unknown = [each for each in named if directory.find(each) is None]
    for each in unknown:
        if "://" not in each:
            raise UsageError(f"There is no feed «{each}». See them: condensat feeds list; or write a whole address.")
        feed_list.check_url(each)
    store.feeds.add_all([(each, None) for each in unknown], now=session.now())
    listed = feed_list.add_opml(store, opml, now=session.now())[0] if opml is not None else []
    return feed_list.Directory(store.feeds.all()).find_all([*named, *listed])


def add(
    pages: Annotated[
        list[str], typer.Argument(metavar="URL|FILE…", help="Addresses of pages, HTML files, or WARC files.")
    ],
    *,
    ignore_robots: Annotated[
        bool, typer.Option("--ignore-robots", help="Fetch a page even if its site's robots.txt forbids it.")
    ] = False,
    strict: Strict = False,
    form: Form = output.OneFormat.TABLE,
) -> None:
    """Index single pages, without a feed; of WARC files, as crawlers write them, every page that was answered."""
    from indexer import ingest as work

    urls = [each for each in pages if "://" in each]
    paths = [Path(each) for each in pages if "://" not in each]
    for url in urls:
        if not url.lower().startswith(("http://", "https://")):
            raise UsageError(f"«{url}» is not a web address, and only those and files can be added")
    for path in paths:
        files.check(path)
    tagger = tagging.tagger()
    with session.connect() as store, keeping.keeper() as keeper:
        done = work.add(
            store,
            urls=urls,
            files=paths,
            web=web.load(),
            keeper=keeper,
            tagger=tagger,
            obey_robots=not ignore_robots,
            now=session.now,
            progress=progress.make(),
        )
    raise typer.Exit(reporting.finish(done, form, strict=strict, named={*urls, *map(str, paths)}))


def reprocess(
    *,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only of this source, by its domain, its name or its feed; repeatable."),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Only what was fetched since: 2026-09-01, or 7d.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Only what was fetched until then; that day is included.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes that extract; default: by the processors.")
    ] = None,
    strict: Strict = False,
    form: Form = output.OneFormat.TABLE,
) -> None:
    """Make the articles again from the raw pages that were kept, without the network.

    For after a change of how text is extracted, of the vocabulary or of the mappings, and for an index that was lost.
    What analysts added stays, and so do the dates. Articles that were imported are not in the archive: they get the
    tags of the vocabulary again. For a change of the vocabulary alone, `condensat vocabulary apply` is faster.
    """
    from indexer import archive
    from indexer.ingest.reprocessing import reprocess as work

    folder = settings.load().archive_folder
    now = session.now()
    choice = archive.Choice(
        sources=tuple(source or ()),
        since=dates.start(start, now=now) if start else None,
        until=dates.end(end, now=now) if end else None,
    )
    paths = archive.files(folder) if folder else []
    nothing = (
        f"There is no archive in {folder}: nothing was fetched yet, or CONDENSAT_ARCHIVE names another"
        if folder
        else "CONDENSAT_ARCHIVE=off: there is no archive; name the folder of one"
    )
    if not paths and not session.may_hold_articles():
        raise UsageError(nothing)
    tagger = tagging.tagger()
    with session.connect() as store:
        if not paths and not store.articles.count():
            raise UsageError(nothing)
        done = work(store, paths, choice, now=session.now, progress=progress.make(), processes=processes, tagger=tagger)
    if not paths:
        done.warnings.append(f"{nothing}. Only the vocabulary was applied, to the articles that are there")
    raise typer.Exit(reporting.finish(done, form, strict=strict))


def import_(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON lines, or what export wrote; also gzipped; - for standard input."),
    ],
    *,
    strict: Strict = False,
    form: Form = output.OneFormat.TABLE,
) -> None:
    """Index articles that are already text, a JSON object a line: url, title and text, and what else is known.

    What `condensat export` wrote is read in all its forms, with dates, analysts' notes and earlier versions as they
    were; of an article that is there already the analysts' fields stay. Tags, stories and cves that a line gives stay
    beside those that the vocabulary finds.
    """
    from indexer.importing import import_articles

    tagger = tagging.tagger()
    with files.records(file) as lines, session.connect() as store:
        done = import_articles(store, lines, now=session.now, progress=progress.make(), tagger=tagger)
    failed = [lines.problem] if lines.problem else []
    raise typer.Exit(reporting.finish(done, form, strict=strict, failed=failed))
