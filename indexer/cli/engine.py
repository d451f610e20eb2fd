"""The `condensat engine` commands: they show what the engine library says and decide nothing."""

from __future__ import annotations

import dataclasses
import json
from enum import StrEnum
from typing import Annotated

import typer

from indexer import engine
from indexer.cli import settings

NO_ELASTICSEARCH = 3  # exit code

app = typer.Typer(help="The local Elasticsearch.", no_args_is_help=True)


class Format(StrEnum):
    """How a listing is written."""

    TABLE = "table"
    JSON = "json"


def _say(line: str) -> None:
    typer.echo(line, err=True)


@app.command()
def start(
    heap: Annotated[str | None, typer.Option(help="JVM heap, such as 512m or 2g; default: by the memory.")] = None,
) -> None:
    """Start the local Elasticsearch, downloading it the first time."""
    found = engine.start(settings.load().home, progress=_say, heap=heap)
    typer.echo(found.url)


@app.command()
def stop() -> None:
    """Stop the local Elasticsearch; its data stay."""
    _say("stopped" if engine.stop(settings.load().home) else "it was not running")


@app.command()
def status(
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
) -> None:
    """Tell whether the local Elasticsearch runs, where, and how it is. Exits with 3 when it does not run."""
    found = engine.status(settings.load().home)
    values = dataclasses.asdict(found) | {"data": None if found.data is None else str(found.data)}
    if form is Format.JSON:
        typer.echo(json.dumps(values, ensure_ascii=False))
    else:
        for name, value in values.items():
            if value is not None:
                typer.echo(f"{name:<8} {_readable(name, value)}")
    if not found.running:
        raise typer.Exit(NO_ELASTICSEARCH)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
) -> None:
    """Show the end of the local Elasticsearch's log."""
    for line in engine.logs(settings.load().home, lines):
        typer.echo(line)


def _readable(name: str, value: object) -> str:
    if name == "size" and isinstance(value, int):
        return f"{value / 1_000_000:.1f} MB"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
