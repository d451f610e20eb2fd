"""The commands that change what is in the index by hand: edit."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated

import typer

from indexer.cli import output, session
from indexer.cli.errors import UsageError
from indexer.notes import STARS, Edit

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
        done = editing.edit(store, articles, wanted, by=by or _user(), now=session.now())
    changed = sum(done.values())
    if form is output.OneFormat.JSON:
        output.write_json({"changed": [each for each, was in done.items() if was], "unchanged": len(done) - changed})
    else:
        output.say(f"{output.count(changed, 'article')} changed, {len(done) - changed} unchanged")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, in a container
        return "unknown"
