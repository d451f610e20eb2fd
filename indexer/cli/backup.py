"""The `condensat backup` commands: snapshots of the indices, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from indexer.cli import output, progress, session, settings
from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    from indexer.cli.settings import Settings
    from indexer.elastic import Store
    from indexer.elastic.snapshots import Snapshot

OURS = "condensat"  # the repository that is registered in the local engine
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")

app = typer.Typer(
    help="Snapshots of the indices: articles, pairs, feeds, notes and all that stands in Elasticsearch.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Repository = Annotated[
    str | None,
    typer.Option(
        "--repository",
        metavar="NAME",
        help="A snapshot repository that Elasticsearch knows. The local engine needs none: it has a folder.",
    ),
]


@app.command(
    epilog="`condensat backup create`\n\n`CONDENSAT_BACKUPS=/mnt/backups condensat backup create before-upgrade`\n\n"
    "`condensat --url https://es.example.org backup create --repository nightly`"
)
def create(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Default: the prefix and the time.")] = None,
    *,
    repository: Repository = None,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Take a snapshot. What did not change is not copied again.

    Raw pages in the archive are files, to be copied as such. It may be taken while articles come in. With the local
    engine it goes to `CONDENSAT_BACKUPS`, a folder that the engine must know when it starts; default: in the home,
    which does not survive the loss of that disk.
    """
    chosen = settings.load()
    at = session.now()
    named = name or f"{chosen.prefix}-{at:%Y%m%d-%H%M%S}"
    if not NAME.fullmatch(named):
        raise UsageError(f"«{named}» is no name for a snapshot: lower-case letters, digits, dots and hyphens")
    with session.connect() as store:
        where = _repository(store, chosen, repository, readonly=False)
        shown = progress.make()
        shown.start(f"taking the snapshot {named}", None)
        taken = store.snapshots.create(where, named, waiting=lambda _: shown.advance(0))
        shown.finish()
    if form is output.OneFormat.JSON:
        output.write_json(_row(taken))
    else:
        typer.echo(taken.name)
    output.say(f"{output.count(sum(taken.documents.values()), 'document')} in {taken.seconds:.1f} s", "dim")


@app.command("list", epilog="`condensat backup list`\n\n`condensat backup list --format json`")
def list_(
    *,
    repository: Repository = None,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """List the snapshots of this prefix, the latest first."""
    with session.connect(init=False) as store:
        found = store.snapshots.of_prefix(_repository(store, settings.load(), repository, readonly=True))
    if form is not output.Format.TABLE:
        output.write_listing(map(_row, found), form)
        return
    if not found:
        output.say("No snapshots yet. Take one: condensat backup create")
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("name", overflow="fold")
    drawn.add_column("taken", no_wrap=True)
    drawn.add_column("state", no_wrap=True)
    drawn.add_column("articles", justify="right", no_wrap=True)
    drawn.add_column("pairs", justify="right", no_wrap=True)
    for each in found:
        drawn.add_row(
            output.line(each.name, "cyan"),
            output.moment(each.started),
            output.line("complete", "green") if each.complete else output.line(each.state.lower(), "red"),
            f"{each.documents.get('articles', 0):,}",
            f"{each.documents.get('reposts', 0):,}",
        )
    output.show(drawn)


@app.command(
    epilog="`condensat backup restore condensat-20261126-093000`\n\n"
    "`condensat --prefix trial backup restore condensat-20261126-093000`"
)
def restore(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `condensat backup list` has it.")],
    *,
    repository: Repository = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete the indices of this prefix first, and all that is in them.")
    ] = False,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Bring a snapshot back, under the prefix that it had or another one, where there are no indices yet."""
    from indexer import backup

    with session.connect(init=False) as store:
        where = _repository(store, settings.load(), repository, readonly=True)
        taken = store.snapshots.named(where, name)
        if not taken.complete:
            raise UsageError(f"The snapshot {name} is not complete ({taken.state}); take another")
        done = backup.restore(store, where, taken, replace=replace, now=session.now, progress=progress.make())
    if form is output.OneFormat.JSON:
        output.write_json({"name": taken.name, "documents": done.documents, "judged_again": done.judged_again})
        return
    counts = ", ".join(f"{count:,} {each}" for each, count in done.documents.items() if count)
    output.say(f"restored {taken.name} of {output.moment(taken.started)}: {counts or 'nothing was in it'}")


def _repository(store: Store, chosen: Settings, named: str | None, *, readonly: bool) -> str:
    """Name the repository: the one that the user named, or the folder of the local engine."""
    from indexer import engine

    if named is not None:
        store.snapshots.check(named)
        return named
    if chosen.url:
        raise UsageError("Name a snapshot repository of this Elasticsearch: --repository NAME")
    folder = chosen.backups or engine.status(chosen.home).backups
    if folder is None:
        raise UsageError("The local engine runs without a folder for snapshots: condensat engine stop, then start it")
    store.snapshots.register(OURS, str(folder), readonly=readonly)
    return OURS


def _row(each: Snapshot) -> dict[str, Any]:
    return {
        "name": each.name,
        "prefix": each.prefix,
        "started": each.started,
        "seconds": each.seconds,
        "state": each.state,
        "complete": each.complete,
        "documents": each.documents,
    }
