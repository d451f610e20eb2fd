"""The `condensat kibana` commands: they show what the library says and decide nothing."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from indexer.cli import output, session, settings
from indexer.cli.errors import ExitCode, UsageError
from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.cli.settings import Settings
    from indexer.fetch import Login
    from indexer.kibana.install import Outcome
    from indexer.kibana.sources import Board

app = typer.Typer(
    help="Dashboards in Kibana: Newsroom, Reposts, Feeds, Threats.", no_args_is_help=True, rich_markup_mode="markdown"
)

Form = Annotated[output.Format, typer.Option("--format", help="How to write it.")]
STYLES = {"created": "green", "replaced": "yellow", "unchanged": "dim", "refused": "bold red"}


@app.command(
    epilog="`condensat kibana install --kibana-url http://localhost:5601`\n\n"
    "`CONDENSAT_KIBANA_API_KEY=… condensat kibana install --kibana-url https://kibana.example --space news`"
)
def install(
    *,
    kibana_url: Annotated[str | None, typer.Option(help="Address of Kibana; else CONDENSAT_KIBANA_URL.")] = None,
    space: Annotated[str | None, typer.Option(help="Which space of Kibana; else the default one.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a Kibana that is starting.")] = 120.0,
    form: Form = output.Format.TABLE,
) -> None:
    """Put the data views and the dashboards into Kibana; what is there as it shall be is left alone.

    What you changed in one of these dashboards is replaced: duplicate it in Kibana first. Log in with
    `CONDENSAT_KIBANA_API_KEY`, or `CONDENSAT_KIBANA_USERNAME` and `CONDENSAT_KIBANA_PASSWORD`; without them the
    credentials of Elasticsearch are used. `CONDENSAT_KIBANA_CA` names the certificates to trust.

    Exits with 1 when Kibana does not answer, does not let you in, or refuses something.
    """
    from indexer.fetch import Service
    from indexer.kibana import shipped
    from indexer.kibana.install import HEADERS, Done, Kibana

    chosen = settings.load()
    address = kibana_url or chosen.kibana_url
    if not address:
        raise UsageError("Say where Kibana is: --kibana-url http://localhost:5601, or CONDENSAT_KIBANA_URL.")
    with Service(address, login=_login(chosen), headers=HEADERS, ca=chosen.kibana_ca) as service:
        there = Kibana(service, space=space)
        for told in there.wait(seconds=wait, clock=time.monotonic, sleep=time.sleep):
            output.say(f"waiting for Kibana: {told}", "dim")
        there.look()
        views, boards = shipped.views(chosen.prefix), shipped.dashboards(chosen.prefix)
        found = list(there.install(views, boards, prefix=chosen.prefix))
    if form is output.Format.TABLE:
        output.show(outcomes(found))
    else:
        output.write_listing((asdict(each) for each in found), form)
    refused = [each for each in found if each.done is Done.REFUSED]
    if refused:
        left = len(views) + len(boards) - len(found)
        rest = f"; {output.count(left, 'dashboard')} not tried" if left else ""
        output.say(f"Kibana refused {len(refused)} of {len(found)}{rest}.", "bold red")
        raise typer.Exit(ExitCode.FAILED)
    changed = sum(each.done is not Done.UNCHANGED for each in found)
    base = f"{address.rstrip('/')}{f'/s/{space}' if space else ''}"
    output.say(f"{output.count(changed, 'change')}: {base}/app/dashboards" if changed else "Nothing had to be changed.")


def outcomes(found: Sequence[Outcome]) -> Table:
    """Draw what became of each thing."""
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("what", "id", "done"):
        drawn.add_column(name, no_wrap=True)
    drawn.add_column("Kibana says", overflow="fold", ratio=1)
    for each in found:
        drawn.add_row(each.kind, each.id, Text(each.done, STYLES[each.done]), output.clean(each.said))
    return drawn


@app.command(
    epilog="`condensat kibana check`\n\n`condensat kibana check --data`\n\n"
    "`condensat kibana check --schema kibana-openapi.json.gz`"
)
def check(
    *,
    schema: Annotated[
        Path | None,
        typer.Option(help="OpenAPI schema of Kibana's Dashboards API, to check against as well: JSON, or JSON.gz."),
    ] = None,
    data: Annotated[bool, typer.Option("--data", help="Run every panel's query on your indices, too.")] = False,
    form: Form = output.Format.TABLE,
) -> None:
    """Check the dashboards without Kibana: that they fit the mappings, the schema, and what is in your indices.

    Without `--data` nothing is asked. A panel that finds nothing is named, and is no error. Exits with 1 when
    something is wrong.
    """
    from indexer.kibana import shipped

    chosen = settings.load()
    rows = list(_checked(shipped.dashboards(chosen.prefix), chosen.prefix, schema))
    if data:
        _asked(rows, shipped.dashboards(chosen.prefix))
    if form is output.Format.TABLE:
        output.show(checks(rows))
    else:
        output.write_listing(rows, form)
    if any(row["problems"] for row in rows):
        raise typer.Exit(ExitCode.FAILED)


def _checked(boards: Sequence[Board], prefix: str, schema: Path | None) -> Iterator[dict[str, Any]]:
    from indexer.elastic.schema import definition
    from indexer.kibana import api_schema, shipped
    from indexer.kibana import check as rules
    from indexer.kibana.dashboards import indices
    from indexer.kibana.sources import TIME_FIELDS

    views = rules.Views(shipped.views(prefix), indices({name: definition(name) for name in TIME_FIELDS}), prefix=prefix)
    api = api_schema.ApiSchema.read(schema) if schema else None
    yield {"name": shipped.VIEWS, "panels": None, "problems": list(views.problems()), "empty": None}
    for board in boards:
        found = list(rules.problems(board.body, views))
        if api:
            found += api.problems(board.body)
        yield {"name": board.name, "panels": len(board.body["panels"]), "problems": found, "empty": None}


def _asked(rows: list[dict[str, Any]], boards: Sequence[Board]) -> None:
    """Ask the indices what every panel asks; note what fails, and what comes back empty."""
    from indexer.kibana import meaning, queries

    by_name = {row["name"]: row for row in rows}
    with session.connect(init=False) as store:
        if store.missing():
            raise CondensatError(f"There are no indices of the prefix {store.prefix} yet. Run: condensat init")
        for board in boards:
            row = by_name[board.name]
            row["empty"] = []
            for panel in board.body["panels"]:
                try:
                    found = [
                        queries.to_found(
                            asked, store.search(_index(asked, store.prefix), queries.to_search(asked, None))
                        )
                        for asked in meaning.read(panel)
                    ]
                except CondensatError as error:
                    row["problems"].append(f"{panel['id']}: {error}")
                    continue
                if found and all(each.is_empty for each in found):
                    row["empty"].append(panel["id"])


def _index(asked: Any, prefix: str) -> str:
    return str(asked.pattern).removeprefix(f"{prefix}-")


def checks(rows: Sequence[dict[str, Any]]) -> Table:
    """Draw what was checked, with what is wrong below each."""
    drawn = Table.grid(padding=(0, 2))
    for style in ("", "bold"):
        drawn.add_column(no_wrap=True, style=style)
    drawn.add_column(overflow="fold", ratio=1)
    for row in rows:
        found = Text("for the controls" if row["panels"] is None else output.count(row["panels"], "panel"))
        if row["empty"] is not None:
            found.append(f", {len(row['empty'])} of them empty" if row["empty"] else ", none of them empty")
        for each in row["problems"]:
            found.append(f"\n{output.clean(each)}", "red")
        for each in row["empty"] or ():
            found.append(f"\nempty: {output.clean(each)}", "dim")
        mark = Text("✗", "bold red") if row["problems"] else Text("✓", "green")
        drawn.add_row(mark, row["name"], found)
    return drawn


def _login(chosen: Settings) -> Login:
    """Give Kibana's own login, else that of Elasticsearch."""
    from indexer.fetch import Login

    if chosen.kibana_api_key or chosen.kibana_username:
        key = chosen.kibana_api_key.get_secret_value() if chosen.kibana_api_key else None
        name, word = chosen.kibana_username, chosen.kibana_password
    else:
        key, name, word = chosen.key, chosen.username, chosen.password
    return Login(username=name, password=word.get_secret_value() if word else None, api_key=key)
