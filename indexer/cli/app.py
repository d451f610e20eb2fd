"""Put the commands together; each lives in a module of its own."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from indexer import allocation, signing
from indexer.cli import (
    backup,
    boilerplate,
    correcting,
    doctor,
    engine,
    evaluating,
    exporting,
    feeds,
    ingesting,
    keys,
    kibana,
    logs,
    migrating,
    output,
    progress,
    reading,
    saved,
    sending,
    session,
    settings,
    sources,
    telemetering,
    vocabulary,
)
from indexer.cli.errors import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="condensat",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # they show local variables, and with them secrets
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""
Begin with:

`condensat feeds add https://example.org/feed.xml`

`condensat ingest`

`condensat search ransomware`
""",
)
app.add_typer(engine.app, name="engine", rich_help_panel="Set up")
app.add_typer(kibana.app, name="kibana", rich_help_panel="Set up")
app.add_typer(keys.app, name="keys", rich_help_panel="Set up")
app.add_typer(backup.app, name="backup", rich_help_panel="Set up")
app.add_typer(feeds.app, name="feeds", rich_help_panel="Take in")
app.add_typer(sources.app, name="sources", rich_help_panel="Work with articles")
app.add_typer(saved.app, name="searches", rich_help_panel="Look")
app.add_typer(vocabulary.app, name="vocabulary", rich_help_panel="Work with articles")
app.add_typer(boilerplate.app, name="boilerplate", rich_help_panel="Reposts")


def _version(*, asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"condensat {version('condensat')}")
        except PackageNotFoundError:
            typer.echo("condensat, not installed")
        raise typer.Exit


@app.callback()
def condensat(
    context: typer.Context,
    *,
    url: Annotated[
        str | None, typer.Option(help="Address of Elasticsearch; without one, the local engine is started.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of the local engine and its data.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Begins the names of the indices.")] = None,
    allow_private: Annotated[
        bool | None,
        typer.Option("--allow-private/--no-allow-private", help="Fetch from loopback and private addresses."),
    ] = None,
    log: Annotated[
        logs.Log, typer.Option("--log", envvar="CONDENSAT_LOG", help="How to write what is said beside the data.")
    ] = logs.Log.TEXT,
    words: Annotated[
        str | None,
        typer.Option(
            "--vocabulary", metavar="FILE", help="What makes tags and stories; `off` for none. The shipped one else."
        ),
    ] = None,
    asked: Annotated[  # noqa: ARG001 - it ends the command in its callback
        bool,
        typer.Option(
            "--version", is_eager=True, callback=lambda asked: _version(asked=asked), help="Tell the version."
        ),
    ] = False,
) -> None:
    """Index news, and tell of every article whether it was reposted later and whether it repeats an earlier one.

    Settings come from flags, then from the environment (`CONDENSAT_URL`, `CONDENSAT_CA`,
    `CONDENSAT_FINGERPRINT`, `CONDENSAT_API_KEY`, `CONDENSAT_API_KEY_FILE`, `CONDENSAT_USERNAME`,
    `CONDENSAT_PASSWORD`, `CONDENSAT_HOME`, `CONDENSAT_PREFIX`, `CONDENSAT_ALLOW_PRIVATE`; for fetching
    `CONDENSAT_USER_AGENT`, `CONDENSAT_HOST_DELAY`, `CONDENSAT_HOST_CONNECTIONS`, `CONDENSAT_CONNECTIONS`; for the raw
    pages that are kept `CONDENSAT_ARCHIVE`, a folder or `off`; for tags `CONDENSAT_VOCABULARY`, a file or `off`;
    for mails `CONDENSAT_SMTP_URL`, `CONDENSAT_SMTP_FROM`, `CONDENSAT_SMTP_USERNAME`, `CONDENSAT_SMTP_PASSWORD`,
    `CONDENSAT_SMTP_CA`), then from `condensat.toml` in the current folder or in your configuration folder.

    With `--log json` (or `CONDENSAT_LOG=json`) what is said beside the data is a JSON object a line. Where
    `OTEL_EXPORTER_OTLP_ENDPOINT` is set, traces and metrics go there (`pip install 'condensat[telemetry]'`).

    Exit codes: 0 done; 1 a write failed, or something that you named; 2 wrong use; 3 no Elasticsearch.
    """
    logs.use(log, command=context.invoked_subcommand or "")
    settings.use_flags(url=url, home=home, prefix=prefix, allow_private=allow_private, vocabulary=words)
    telemetering.begin(context)


@app.command(
    rich_help_panel="Set up",
    epilog="`condensat init`\n\n`condensat --url http://localhost:9200 --prefix news init`\n\n`condensat init --roles`",
)
def init(
    *,
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Make the roles reader, ingester and admin, too, and bring keys up to them."),
    ] = False,
) -> None:
    """Create the indices behind their aliases. Every command does so by itself where they are missing.

    With `--roles`, which takes somebody who may manage security: what each role may do in the indices of this prefix,
    and in no others. Keys for them: `condensat keys create`.
    """
    with session.connect(init=False) as store:
        created = signing.create(store, now=session.now, progress=progress.make())
        store.copy_each()
        made = store.rights.write_roles() if roles else []
        renewed = store.rights.renew_keys(session.now()) if roles else []
    for name in [*created, *made]:
        typer.echo(name)
    output.say("Created." if created else "All indices are there.")
    if roles:
        output.say(f"The roles {', '.join(made)} are there; {output.count(len(renewed), 'key')} brought up to them.")


ingesting.register(app)
reading.register(app)
correcting.register(app)
exporting.register(app)
sending.register(app)
evaluating.register(app)
migrating.register(app)
doctor.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a terminal that lacks a letter shows a question mark, not a traceback
    allocation.settle()
    given = list(sys.argv[1:] if arguments is None else arguments)
    guarded(lambda: app(given, prog_name="condensat"))
