"""The commands that change what is in the index by hand: edit, remove, prune."""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.cli import output, progress, session
from indexer.cli.errors import UsageError
from indexer.notes import STARS, Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.elastic import Store

PANEL = "Work with articles"


class Shelf(StrEnum):
    """Where an analyst puts an article."""

    INBOX = "inbox"
    KEPT = "kept"
    ARCHIVED = "archived"
    REJECTED = "rejected"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command, epilog in (
        (
            edit,
            [
                "condensat edit 3f9ac01b2d --stars 4 --note 'ask the CERT' --shelf kept",
                "condensat edit 3f9ac01b2d 77e0d5c2a1 --tag Ransomware --untag Malware",
                "condensat search 'stars:>=3 shelf:kept by:ann'",
            ],
        ),
        (
            remove,
            [
                "condensat remove 3f9ac01b2d https://example.org/2026/an-article",
                "condensat remove --source spam.example --yes",
                "condensat remove --list",
                "condensat remove --lift 3f9ac01b2d4c5e6f7a8b",
            ],
        ),
        (prune, ["condensat prune --before 365d --dry-run", "condensat prune --before 2025-01-01 --yes"]),
    ):
        app.command(rich_help_panel=PANEL, epilog="\n\n".join(f"`{line}`" for line in epilog))(command)


def edit(
    articles: Annotated[list[str], typer.Argument(metavar="ID|URL…", help="Ids, their beginnings, or addresses.")],
    *,
    stars: Annotated[int | None, typer.Option(min=0, max=STARS, help="How good it is; 0 takes them away.")] = None,
    note: Annotated[str | None, typer.Option(help="A remark in place of the old one; empty takes it away.")] = None,
    shelf: Annotated[Shelf | None, typer.Option(help="Where it goes.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Another tag of your own; repeatable.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="Take a tag of your own away; repeatable.")] = None,
    story: Annotated[list[str] | None, typer.Option(help="Another story; repeatable.")] = None,
    unstory: Annotated[list[str] | None, typer.Option(help="Take a story of your own away; repeatable.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; you, if you do not say.")] = None,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Write stars, a remark, tags, stories on articles, or move them to a shelf; with who and when.

    All of it is searchable, and stays when an article is fetched or imported again. Tags that the vocabulary gave
    stand apart, and are not changed.
    """
    from indexer import editing

    wanted = Edit(
        stars=stars,
        remark=note,
        shelf=shelf.value if shelf else None,
        tags=tuple(tag or ()),
        untagged=tuple(untag or ()),
        stories=tuple(story or ()),
        untold=tuple(unstory or ()),
    )
    if wanted == Edit():
        raise UsageError("There is nothing to change; say what: --stars, --note, --shelf, --tag, --untag, --story …")
    if not all(each.strip() for each in (*wanted.tags, *wanted.stories)):
        raise UsageError("A tag or story is empty.")
    with session.connect() as store:
        done = editing.edit(store, articles, wanted, by=by or user(), now=session.now())
    changed = sum(done.values())
    if form is output.OneFormat.JSON:
        output.write_json({"changed": [each for each, was in done.items() if was], "unchanged": len(done) - changed})
    else:
        output.say(f"{output.count(changed, 'article')} changed, {len(done) - changed} unchanged")


def user() -> str:
    """Give the name of whoever runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, in a container
        return "unknown"


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
By = Annotated[str | None, typer.Option(help="Who does so; you, if you do not say.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell how many.")]
ComeBack = Annotated[
    bool,
    typer.Option("--may-return", help="Leave no note that keeps them out when they are fetched or imported again."),
]


def remove(
    articles: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|URL]…", help="Ids, their beginnings, or addresses.")
    ] = None,
    *,
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="All of this source, by domain or name; repeatable.")
    ] = None,
    may_return: ComeBack = False,
    lift: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Let a removed article come back; repeatable.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List what was removed, by whom and when.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """Take articles out for good. Pairs and counts follow, and they do not come back from feeds, pages or files."""
    from indexer import removing as work
    from indexer.review import resolve
    from indexer.search import Wanted

    if sum(map(bool, (articles or source, lift, listing))) != 1:
        raise UsageError("Say what: articles or --source, or --lift, or --list")
    with session.connect() as store:
        if listing:
            _list_removed(store, form)
            return
        if lift:
            lifted = store.corrections.lift(lift)
            output.say(f"{output.count(lifted, 'article')} may come back, {len(lift) - lifted} were not removed")
            raise typer.Exit(0 if lifted == len(lift) else 1)
        ids = [resolve(store, each) for each in articles or ()]
        queries = list(work.named(ids))
        if source:
            queries.append(Wanted(sources=source).to_query())
        query: dict[str, Any] = {"bool": {"should": queries, "minimum_should_match": 1}}
        _remove(store, query, may_return=may_return, dry_run=dry_run, yes=yes or not source, by=by, form=form)


def prune(
    *,
    before: Annotated[str, typer.Option(metavar="DATE", help="2025-01-01, without that day; or 365d.")],
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only of this source, by domain or name; repeatable.")
    ] = None,
    kept: Annotated[
        bool, typer.Option("--kept", help="Also what stands on the shelf «kept», or has stars or a remark.")
    ] = False,
    may_return: ComeBack = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = None,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """Take articles out that were published, or else seen, before a date. Pairs and counts follow.

    What is pruned does not come back from feeds that still have it.
    """
    from indexer import removing as work
    from indexer.query import DATES, span
    from indexer.search import Wanted

    until = span(before)
    if until is None:
        raise UsageError(f"«{before}» is not a date; {DATES}")
    sources = Wanted(sources=source).to_query() if source else None
    query = work.older_than({"range": {"effective": {"lt": until.start}}}, sources=sources, kept=kept)
    with session.connect() as store:
        _remove(store, query, may_return=may_return, dry_run=dry_run, yes=yes, by=by, form=form)


def _remove(
    store: Store,
    query: dict[str, Any],
    *,
    may_return: bool,
    dry_run: bool,
    yes: bool,
    by: str | None,
    form: output.Format,
) -> None:
    from indexer import removing as work

    store.articles.refresh()
    count = store.articles.matching(query)
    if dry_run:
        if form is output.Format.TABLE:
            output.say(f"{output.count(count, 'article')} would go")
        else:
            output.write_json({"removed": 0, "matching": count})
        return
    if count and not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"{output.count(count, 'article')} would go; say --yes")
        typer.confirm(f"Remove {output.count(count, 'article')}?", abort=True, err=True)
    gone = work.remove(store, query, by=by or user(), comes_back=may_return, now=session.now, progress=progress.make())
    if form is output.Format.TABLE:
        output.say(f"{output.count(gone, 'article')} removed")
    else:
        output.write_json({"removed": gone, "matching": count})


def _list_removed(store: Store, form: output.Format) -> None:
    keys = ("article", "title", "domain", "by", "at", "urls")
    rows: Iterator[dict[str, Any]] = ({key: each.get(key) for key in keys} for each in store.corrections.buried())
    if form is not output.Format.TABLE:
        output.write_listing(rows, form)
        return
    for each in rows:
        output.show(
            output.line(f"{each['article']}  {each['at'][:10]}  {each['by']}  {each['domain']}  {each['title']}")
        )
