"""The `condensat migrate` command: bring the indices to this version's mappings while everybody goes on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli import output, progress, session
from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.elastic.migration import Moved, Operator
    from indexer.progress import Progress


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        rich_help_panel="Set up",
        epilog="`condensat migrate`\n\n`condensat migrate articles`\n\n`condensat migrate --drop-old`",
    )(migrate)


def migrate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Such as articles; without any, what is outdated.")
    ] = None,
    *,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Delete the old indices that were kept, and do nothing else.")
    ] = False,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Move indices of older mappings to new ones while articles come in and people search.

    A new index is filled from the old one, compared with it, and takes its place. Writing waits for a moment at
    the end, and nothing fails. The old index is kept, closed for writing, until `--drop-old`. Cut short, the
    same command goes on. New fields are empty until `condensat reprocess` or a new import fills them.
    """
    with session.connect(init=False) as store:
        if drop_old:
            dropped = store.migration.drop_kept()
            if form is output.OneFormat.JSON:
                output.write_json({"dropped": dropped})
            for index in dropped if form is output.OneFormat.TABLE else ():
                typer.echo(index)
            output.say(f"{output.count(len(dropped), 'old index', 'old indices')} deleted")
            return
        moved = run(store, names, progress.make())
        kept = store.migration.kept()
    if form is output.OneFormat.JSON:
        output.write_json({"moved": [asdict(each) for each in moved], "kept": kept})
        return
    for each in moved:
        typer.echo(each.new)
    if not moved:
        output.say("All indices have this version's mappings.")
    if kept:
        output.say(f"kept: {', '.join(kept)}. When you do not need them any more: condensat migrate --drop-old", "dim")


def run(store: Store, names: list[str] | None, shown: Progress) -> list[Moved]:
    """Move what is outdated, or what was named of it, one index after the other."""
    from indexer.elastic.schema import NAMES

    for each in names or ():
        if each not in NAMES:
            raise UsageError(f"There is no index «{each}»; there are: {', '.join(NAMES)}")
    store.upgrade()  # what can be done in place
    store.migration.settle()
    moved = []
    operator = _operator(shown)
    for old in store.migration.outdated():
        if names and old.name not in names:
            continue
        done = store.migration.move(old, operator)
        shown.note(
            f"{done.name}: {done.documents:,} documents from {done.old} to {done.new} in {done.seconds:.1f} s; writing "
            f"waited for {done.blocked_ms} ms"
        )
        moved.append(done)
    shown.finish()
    return moved


def _operator(shown: Progress) -> Operator:
    from indexer.elastic.migration import Operator
    from indexer.ingest import names

    return Operator(
        name=names.own(),
        has_died=names.has_died,
        now=session.now,
        started=shown.start,
        advanced=shown.advance,
    )
