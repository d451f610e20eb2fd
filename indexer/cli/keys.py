"""The `condensat keys` commands: who may do what with the indices. A key is shown once, when it is made."""

from __future__ import annotations

import os
import re
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from indexer.cli import output, session, settings
from indexer.cli.errors import ExitCode, UsageError

# The enumeration stands in the annotations, which typer reads, and its module loads the Elasticsearch client: so the
# names are written here, and a test holds them equal.
ROLES = ("reader", "ingester", "admin")

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.elastic.rights import Key, NewKey

SPAN = re.compile(r"[1-9]\d{0,4}[dhm]")

app = typer.Typer(
    help="Keys for Elasticsearch: each opens the indices of this prefix, for one role, and nothing else.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command(
    epilog="`condensat keys create reader`\n\n"
    "`condensat keys create ingester --name poller-1 --expires 90d --output /etc/condensat/key`\n\n"
    "Use it: `CONDENSAT_API_KEY=… condensat search ransomware`, or `CONDENSAT_API_KEY_FILE=/etc/condensat/key`"
)
def create(
    role: Annotated[str, typer.Argument(metavar="reader|ingester|admin", help="What its holder may do.")],
    *,
    name: Annotated[str | None, typer.Option(help="How it is listed; else PREFIX-ROLE.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="SPAN", help="For how long it is valid, such as 90d or 12h; else for ever.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it to a new file that only you can read."),
    ] = None,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Make a key and print it, once: Elasticsearch keeps its hash alone.

    A *reader* searches, shows and exports. An *ingester* does all that, and takes in, edits and removes articles.
    An *admin* creates, migrates and deletes the indices as well. None of them sees another index, or makes keys.
    """
    from indexer.elastic.rights import Role

    if role not in ROLES:
        raise UsageError(f"There is no role «{role}». Roles are: {', '.join(ROLES)}.")
    if expires is not None and not SPAN.fullmatch(expires):
        raise UsageError(f"«{expires}» is not a span; write 90d, 12h or 30m")
    written = _reserve(file) if file is not None else None
    try:
        with session.connect() as store:
            made = store.rights.create_key(Role(role), name=name, expires=expires)
    except BaseException:
        if written is not None and file is not None:
            os.close(written)
            file.unlink()
        raise
    if written is not None:
        with os.fdopen(written, "w", encoding="utf-8") as stream:
            stream.write(f"{made.encoded}\n")
    if form is output.OneFormat.JSON:
        output.write_json(_to_dict(made, shown=file is None))
    elif file is None:
        typer.echo(made.encoded)
    until = f", until {output.moment(made.expires)}" if made.expires else ""
    where = f"It stands in {file}." if file is not None else "It is not shown again."
    output.say(f"The key {made.name} ({made.id}) has the role {made.role.value}{until}. {where}", "dim")


@app.command("list", epilog="`condensat keys list`\n\n`condensat keys list --format json`")
def list_(
    *, form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE
) -> None:
    """List the keys of this prefix, the latest first."""
    with session.connect(init=False) as store:
        found = store.rights.list_keys()
    rows = [_row(each) for each in found]
    if form is not output.Format.TABLE:
        output.write_listing(rows, form)
        return
    if not found:
        output.say("No keys yet. Make one: condensat keys create reader")
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("name", "role", "state", "expires", "id"):
        drawn.add_column(column, overflow="fold", no_wrap=column != "name")
    for each, row in zip(found, rows, strict=True):
        state = output.line(row["state"], "green" if row["state"] == "valid" else "dim")
        drawn.add_row(
            output.line(each.name, "cyan"),
            each.role,
            state,
            output.moment(each.expires),
            output.line(each.id),
        )
    output.show(drawn)


@app.command(epilog="`condensat keys revoke poller-1`")
def revoke(
    keys: Annotated[list[str], typer.Argument(metavar="KEY…", help="Ids or names, as `condensat keys list` has them.")],
) -> None:
    """End keys for good, at once. Only keys of this prefix are found."""
    with session.connect(init=False) as store:
        valid = [each for each in store.rights.list_keys() if not each.revoked]
        chosen = [each for asked in keys for each in _find(valid, asked)]
        ended = set(store.rights.revoke([each.id for each in chosen]))
    for each in chosen:
        output.say(f"The key {each.name} ({each.id}) {'is revoked' if each.id in ended else 'could not be revoked'}")
    if any(each.id not in ended for each in chosen):
        raise typer.Exit(ExitCode.FAILED)


def _find(valid: Sequence[Key], asked: str) -> list[Key]:
    found = [each for each in valid if asked in (each.id, each.name)]
    if not found:
        raise UsageError(f"There is no valid key «{asked}»; see: condensat keys list")
    if len(found) > 1:
        raise UsageError(f"There are {len(found)} keys «{asked}»; say which by its id, see: condensat keys list")
    return found


def _reserve(file: Path) -> int:
    """Open a file that was not there, before the key is made: one that cannot be written would be lost."""
    try:
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already; a key is written to a new file only") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def _to_dict(made: NewKey, *, shown: bool) -> dict[str, Any]:
    facts = {"id": made.id, "name": made.name, "role": made.role.value, "expires": made.expires}
    return {**facts, "key": made.encoded} if shown else facts


def _row(key: Key) -> dict[str, Any]:
    state = "revoked" if key.revoked else "valid" if key.usable(session.now()) else "expired"
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "state": state,
        "created": key.created,
        "expires": key.expires,
        "prefix": settings.load().prefix,
    }
