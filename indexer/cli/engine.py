"""The `condensat engine` commands: they show what the engine library says and decide nothing."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from indexer.cli import output, settings
from indexer.cli.errors import ExitCode

app = typer.Typer(help="The local Elasticsearch.", no_args_is_help=True)


@app.command()
def start(
    heap: Annotated[
        str | None, typer.Option(help="JVM heap of a node, such as 512m or 2g; default: by the memory.")
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option(min=1, max=9, help="How many nodes form the cluster; default: as many as before, at first one."),
    ] = None,
) -> None:
    """Start the local Elasticsearch, downloading it the first time; print its address, or that of each node.

    Three nodes keep every index twice and go on while one of them is away. The number is remembered; it can grow.
    """
    from indexer import engine

    chosen = settings.load()
    found = engine.start(
        chosen.home,
        progress=lambda told: output.say(told, "dim"),
        heap=heap,
        count=nodes,
        repository=chosen.backups,
    )
    for url in found.urls:
        typer.echo(url)


@app.command()
def stop() -> None:
    """Stop the local Elasticsearch; its data stay."""
    from indexer import engine

    output.say("stopped" if engine.stop(settings.load().home) else "it was not running")


@app.command()
def status(
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Tell whether the local Elasticsearch runs, where, and how it is. Exits with 3 when it does not run."""
    from indexer import engine

    found = engine.status(settings.load().home)
    values = dataclasses.asdict(found)
    for name in ("data", "log", "password_file", "backups"):
        values[name] = None if values[name] is None else str(values[name])
    values["nodes"] = [{**each, "log": str(each["log"])} for each in values["nodes"]]
    if form is output.OneFormat.JSON:
        output.write_json(values)
    else:
        for each in values.pop("nodes"):
            ends = f"process {each['pid']}" if each["pid"] else "does not run"
            typer.echo(f"{'node':<13} {each['name']}  {each['url'] or output.DASH}  {ends}")
        for name, value in values.items():
            if value is not None:
                typer.echo(f"{name.replace('_', ' '):<13} {_readable(name, value)}")
    if not found.running:
        raise typer.Exit(ExitCode.NO_ELASTICSEARCH)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
) -> None:
    """Show the end of the local Elasticsearch's log."""
    from indexer import engine

    for line in engine.logs(settings.load().home, lines):
        typer.echo(output.clean(line))


def _readable(name: str, value: object) -> str:
    if name == "size" and isinstance(value, int):
        return f"{value / 1_000_000:.1f} MB"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return output.clean(str(value))
