"""The `condensat digest` command: send what is new for saved searches."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from indexer.cli import output, saved, session, settings
from indexer.cli.errors import ExitCode, UsageError
from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.digests import Outcome, Sender
    from indexer.elastic import Store
    from indexer.elastic.outbox import Delivery, Digest
    from indexer.elastic.searches import SavedSearch, Target

STYLES = {"sent": "green", "waiting": "yellow", "refused": "red", "would be sent": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    lines = (
        "condensat digest --all",
        "condensat digest ports --dry-run",
        "condensat digest ports patches --markdown today.md",
    )
    app.command(rich_help_panel="Look", epilog="\n\n".join(f"`{line}`" for line in lines))(digest)


def digest(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="Saved searches.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every saved search that has somewhere to go.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; change nothing.")] = False,
    mail: saved.Mail = None,
    feed: saved.Feed = None,
    markdown: saved.Markdown = None,
    empty: Annotated[bool, typer.Option("--empty", help="Send a digest even if nothing is new.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what a mail server refused for good.")] = False,
    form: Annotated[output.Format, typer.Option("--format", help="How to write it.")] = output.Format.TABLE,
) -> None:
    """Send what is new for saved searches since their last digest: by mail, into a feed or into a file.

    What was not sent the last time is sent first. `--mail`, `--feed` and `--markdown` are used in place of what was
    saved with the searches. Mail needs `CONDENSAT_SMTP_URL` (`smtps://HOST`, or `smtp://HOST` for STARTTLS),
    `CONDENSAT_SMTP_FROM`, and for a login `CONDENSAT_SMTP_USERNAME` and `CONDENSAT_SMTP_PASSWORD`.
    """
    from indexer import saving

    if bool(names) == everything:
        raise UsageError("Name saved searches, or say --all; see: condensat searches list")
    to = saved.targeted(mail, feed, markdown) or None
    with ExitStack() as stack:
        store = stack.enter_context(session.connect())
        searches = [saving.find(store, name).search for name in dict.fromkeys(names or ())]
        if everything:
            searches = [each for each in store.searches.all() if to or each.targets]
        nowhere = [each.name for each in searches if not (to or each.targets)]
        if nowhere and not dry_run:
            raise UsageError(f"«{nowhere[0]}» was saved without a target: say --mail, --feed or --markdown")
        if dry_run:
            _preview(store, searches, to, empty=empty, form=form)
            return
        sender = _sender(stack, searches, to)
        code = _send(store, searches, to, sender, empty=empty, retry=retry, form=form)
    if code:
        raise typer.Exit(code)


def _sender(stack: ExitStack, searches: Sequence[SavedSearch], to: Sequence[Target] | None) -> Sender:
    from indexer.digests import Sender
    from indexer.smtp import Post

    chosen = settings.load()
    server = chosen.mail_server()
    if server and chosen.smtp_from:
        return Sender(address=chosen.smtp_from, post=stack.enter_context(Post(server)))
    if any(target.kind == "mail" for each in searches for target in (each.targets if to is None else to)):
        lacking = "CONDENSAT_SMTP_FROM, who they are from" if server else "CONDENSAT_SMTP_URL, which server takes them"
        raise UsageError(f"For mails set {lacking}, such as smtps://mail.example.org and news@example.org")
    return Sender(address=chosen.smtp_from or "")


def _send(
    store: Store,
    searches: Sequence[SavedSearch],
    to: Sequence[Target] | None,
    sender: Sender,
    *,
    empty: bool,
    retry: bool,
    form: output.Format,
) -> ExitCode:
    from indexer import digests
    from indexer.ingest import names

    rows: list[Outcome] = []
    code = ExitCode.DONE
    quiet: list[str] = []
    for search in searches:
        before = len(rows)
        try:
            for outcome in digests.run(
                store,
                search.name,
                to=to,
                sender=sender,
                worker=names.own(),
                dead=names.has_died,
                now=session.now,
                empty=empty,
                retry=retry,
            ):
                rows.append(outcome)
                if outcome.delivery.state != "sent":
                    code = ExitCode.FAILED
        except digests.BusyError as error:
            output.say(str(error), "red")
            code = ExitCode.FAILED
            continue
        except CondensatError:
            _report(rows, form)  # what has gone out is told whatever ends the run
            raise
        if len(rows) == before:
            quiet.append(search.name)
    _report(rows, form)
    if quiet:
        output.say(f"nothing new: {', '.join(quiet)}", "dim")
    _tell_refused(store, searches)
    return code


def _report(rows: Sequence[Outcome], form: output.Format) -> None:
    told = [_row(each.digest, each.delivery) for each in rows]
    if form is not output.Format.TABLE:
        output.write_listing(told, form)
    elif told:
        output.show(_table(told))


def _tell_refused(store: Store, searches: Sequence[SavedSearch]) -> None:
    counts = store.outbox.counts()
    for each in searches:
        refused = counts.get(each.series, {}).get("refused", 0)
        if refused:
            output.say(
                f"{each.name}: {output.count(refused, 'digest')} refused by a mail server; when that is mended: "
                f"condensat digest {each.name} --retry",
                "yellow",
            )


def _preview(
    store: Store, searches: Sequence[SavedSearch], to: Sequence[Target] | None, *, empty: bool, form: output.Format
) -> None:
    from indexer import digests

    found = [
        each for search in searches for each in digests.preview(store, search, to=to, now=session.now(), empty=empty)
    ]
    rows = [
        {**_row(each, delivery, state="would be sent"), "items": [_item(item) for item in each.items]}
        for each in found
        for delivery in each.deliveries or (None,)
        if delivery is None or delivery.state == "waiting"
    ]
    if form is not output.Format.TABLE:
        output.write_listing(rows, form)
        return
    if not found:
        output.say("Nothing would be sent.")
        return
    for each in found:
        output.show(output.safe(digests.plain_text(each)))
    output.show(_table(rows))


def _row(digest: Digest, delivery: Delivery | None, *, state: str | None = None) -> dict[str, Any]:
    """Give the JSON form of a delivery."""
    return {
        "search": digest.name,
        "digest": digest.id,
        "at": digest.at,
        "articles": len(digest.articles),
        "kind": delivery.kind if delivery else None,
        "to": delivery.to if delivery else None,
        "state": state or (delivery.state if delivery else None),
        "error": (delivery.error or None) if delivery else None,
        "message_id": digest.message_id if delivery and delivery.kind == "mail" and not state else None,
    }


def _item(item: Any) -> dict[str, Any]:
    return {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "source": item.source,
        "effective": item.at,
        "again": item.again,
        "also": [{"id": each.id, "url": each.url, "source": each.source, "effective": each.at} for each in item.also],
    }


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("search", overflow="fold")
    drawn.add_column("articles", justify="right", no_wrap=True)
    drawn.add_column("to", overflow="fold")
    drawn.add_column("", overflow="fold", ratio=1)
    for row in rows:
        told = Text(row["state"] or "", STYLES.get(row["state"] or "", ""))
        if row["error"]:
            told.append("\n").append_text(output.line(row["error"]))
        to = output.line(f"{row['kind']} {row['to']}") if row["kind"] else output.safe(None)
        drawn.add_row(output.line(row["search"], "cyan"), f"{row['articles']:,}", to, told)
    return drawn
