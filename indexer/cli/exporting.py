"""The command that takes articles and pairs out of the index: export."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli import output, progress, reading, session
from indexer.cli.errors import UsageError
from indexer.models import STORED_KINDS, Kind

if TYPE_CHECKING:
    from indexer.elastic import Store
    from indexer.exporting import Task

PANEL = "Work with articles"


class Form(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    ATOM = "atom"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    lines = (
        "condensat export '*' --output all.jsonl",
        "condensat export 'tag:Ransomware' --from 30d --format csv > ransomware.csv",
        "condensat export --pairs --kind exact --kind near --format parquet --output pairs.parquet",
    )
    app.command(rich_help_panel=PANEL, epilog="\n\n".join(f"`{line}`" for line in lines))(export)


def export(
    query: Annotated[str, typer.Argument(help="As for `condensat search`; * for all.")] = "*",
    *,
    pairs: Annotated[bool, typer.Option("--pairs", help="Who repeats whom, in place of articles.")] = False,
    kind: Annotated[
        list[Kind] | None, typer.Option(metavar="KIND", help="Only pairs of this kind; repeatable.")
    ] = None,
    source: reading.Source = None,
    tag: reading.Tag = None,
    story: reading.Story = None,
    cve: reading.Cve = None,
    language: reading.InLanguage = None,
    start: reading.From = None,
    end: reading.To = None,
    reposts: Annotated[
        reading.Reposts, typer.Option(help="What repeats an earlier article; fold is show here.")
    ] = reading.Reposts.SHOW,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there; else to standard output.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.JSONL,
) -> None:
    """Write articles, or pairs, to a file: all that match, each once, by their ids.

    The file is there when it is complete. A run that was stopped is gone on with by the same command. JSON lines, CSV,
    Parquet and Atom hold everything that an import needs to make the same index again; formulas in CSV are made
    harmless. Parquet needs `pip install 'condensat[parquet]'`.
    """
    from indexer import exporting as work
    from indexer.review import PairFilter, pair_query
    from indexer.search import Wanted

    if form is Form.PARQUET and to is None:
        raise UsageError("Parquet is written to a file: --output FILE")
    if pairs:
        if query.strip() not in {"", "*"} or tag or story or cve or language or reposts is not reading.Reposts.SHOW:
            raise UsageError("--pairs are narrowed by --kind, --source, --from and --to only")
        if form is Form.ATOM:
            raise UsageError("Pairs have no Atom form; write jsonl, csv or parquet")
        if any(each not in STORED_KINDS for each in kind or ()):
            raise UsageError("Only exact, near, partial and passage are stored")
    elif kind:
        raise UsageError("--kind is for --pairs")
    with session.connect() as store:
        if pairs:
            wanted = PairFilter(kinds=[each.value for each in kind or ()], sources=source or (), start=start, end=end)
            task = work.Task(query=pair_query(store, wanted), title="pairs", pairs=True)
        else:
            task = work.Task.articles(
                Wanted(
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
            )
        _write(store, task, form, to)


def _write(store: Store, task: Task, form: Form, to: Path | None) -> None:
    from indexer import exporting as work

    noun = "pair" if task.pairs else "article"
    if to is None:
        count = work.stream(store, task, form.value, sys.stdout.buffer, now=session.now())
        sys.stdout.buffer.flush()
        output.say(output.count(count, noun), "dim")
        return
    try:
        done = work.export(store, task, form.value, to, now=session.now, progress=progress.make())
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror or error}") from error
    before = f", {done.before:,} of them by an earlier run" if done.before else ""
    output.say(f"{output.count(done.count, noun)} in {to}{before}")
