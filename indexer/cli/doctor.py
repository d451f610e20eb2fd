"""The `condensat doctor` command: look at an installation, change nothing, and say what to do. No secret is shown."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.table import Table
from rich.text import Text

from indexer import health
from indexer.cli import output, session, settings
from indexer.cli.errors import ExitCode
from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from indexer.cli.settings import Settings
    from indexer.elastic import Store

OLDEST_PYTHON = (3, 11)
SCARCE = 2 << 30  # bytes free; 100,000 articles need about 1 GiB, and a merge as much again for a while


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing looked at: ``ok`` None where it could not be looked at, ``todo`` says what to do."""

    name: str
    ok: bool | None
    found: str
    todo: str | None = None


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        rich_help_panel="Set up", epilog="`condensat doctor`\n\n`condensat doctor --format json > doctor.json`"
    )(doctor)


def doctor(
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Tell what is wrong with this installation, and what to do. It starts and changes nothing.

    Exits with 3 when Elasticsearch cannot be had, with 1 when something else is wrong.
    """
    checks = list(examine(settings.load()))
    if form is output.OneFormat.JSON:
        output.write_json(
            {"ok": all(each.ok is not False for each in checks), "checks": [asdict(each) for each in checks]}
        )
    else:
        output.show(table(checks))
    wrong = {each.name for each in checks if each.ok is False}
    if wrong & {"elasticsearch", "java"}:
        raise typer.Exit(ExitCode.NO_ELASTICSEARCH)
    if wrong:
        raise typer.Exit(ExitCode.FAILED)


def table(checks: list[Check]) -> Table:
    """Draw the checks, each with what to do below it."""
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(no_wrap=True)
    drawn.add_column(no_wrap=True, style="bold")
    drawn.add_column(overflow="fold", ratio=1)
    marks = {True: Text("✓", "green"), False: Text("✗", "bold red"), None: Text(output.DASH, "dim")}
    for each in checks:
        found = output.safe(each.found)
        if each.todo:
            found.append(f"\n→ {output.clean(each.todo)}", "yellow")
        drawn.add_row(marks[each.ok], each.name, found)
    return drawn


def examine(chosen: Settings) -> Iterator[Check]:
    """Look at one thing after the other; what needs Elasticsearch comes last."""
    yield _python()
    yield _settings(chosen)
    yield _disk(chosen.home)
    yield _vocabulary(chosen)
    runs = True
    if not chosen.url:
        yield _java(chosen.home)
        engine, runs = _engine(chosen.home)
        yield engine
    if not runs:
        for name in ("elasticsearch", "indices", "feeds"):
            yield Check(name=name, ok=None, found="not looked at: the local engine does not run")
        return
    try:
        with session.connect(init=False) as store:
            yield Check(name="elasticsearch", ok=True, found=f"version {store.version()}{_where(chosen)}")
            yield from _inside(store)
    except CondensatError as error:
        todo = "check CONDENSAT_URL and the credentials" if chosen.url else "condensat engine logs"
        yield Check(name="elasticsearch", ok=False, found=f"{error}{_where(chosen)}", todo=todo)


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    ok = sys.version_info >= OLDEST_PYTHON
    needed = ".".join(map(str, OLDEST_PYTHON))
    return Check(name="python", ok=ok, found=found, todo=None if ok else f"install Python {needed} or newer")


def _settings(chosen: Settings) -> Check:
    """Name what is set, and never the value of a secret."""
    from indexer.fetch import DEFAULT_USER_AGENT

    read = [str(path) for path in settings.files() if path.is_file()]
    secrets = [name for name in ("api_key", "password") if getattr(chosen, name)]
    parts = [
        f"home {chosen.home}",
        f"prefix {chosen.prefix}",
        f"file {', '.join(read) or 'none'}",
        f"secrets given: {', '.join(secrets) or 'none'}",
        f"private addresses {'may' if chosen.allow_private else 'may not'} be fetched",
        f"the web is asked as {chosen.user_agent or DEFAULT_USER_AGENT}",
    ]
    todo = []
    if not chosen.url and (chosen.api_key or chosen.username):
        todo.append("credentials are given, but no CONDENSAT_URL: the local engine does not use them")
    if not chosen.user_agent:
        todo.append("tell sites whom to write to: CONDENSAT_USER_AGENT='mybot/1.0 (+https://example.org/bot)'")
    return Check(name="settings", ok=True, found="\n".join(parts), todo="\n".join(todo) or None)


def _disk(home: Path) -> Check:
    folder = next(each for each in (home, *home.parents) if each.is_dir())
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check(
            name="disk", ok=False, found=f"{folder}: {error.strerror}", todo="set CONDENSAT_HOME to a folder of yours"
        )
    if not os.access(folder, os.W_OK):
        return Check(
            name="disk", ok=False, found=f"{folder} cannot be written", todo="set CONDENSAT_HOME to a folder of yours"
        )
    scarce = f"free some space, or set CONDENSAT_HOME to a folder on another disk ({SCARCE >> 30} GiB are little)"
    return Check(
        name="disk",
        ok=free >= SCARCE,
        found=f"{free / 2**30:.1f} GiB free at {folder}",
        todo=None if free >= SCARCE else scarce,
    )


def _vocabulary(chosen: Settings) -> Check:
    from indexer.cli import tagging

    if chosen.without_vocabulary:
        return Check(name="vocabulary", ok=None, found="off: no tags, stories or CVE ids are found")
    try:
        found = tagging.vocabulary()
    except CondensatError as error:
        return Check(name="vocabulary", ok=False, found=str(error), todo="condensat vocabulary check")
    where = chosen.vocabulary_file or tagging.SHIPPED
    return Check(name="vocabulary", ok=True, found=f"{where}: {found.words:,} terms, version {found.version}")


def _java(home: Path) -> Check:
    from indexer.engine import EngineError, account, java

    runs_as = account.choose(next(each for each in (home, *home.parents) if each.is_dir()))
    try:
        found = java.find(os.environ, usable=lambda program: runs_as.can("x", program))
    except EngineError as error:
        return Check(
            name="java", ok=False, found=str(error), todo="or let `condensat engine start` try to download one"
        )
    return Check(name="java", ok=True, found=f"JDK {found.major} in {found.home}")


def _engine(home: Path) -> tuple[Check, bool]:
    from indexer import engine

    found = engine.status(home)
    if found.running:
        size = f", {found.size / 1_000_000:.0f} MB" if found.size else ""
        text = f"runs at {found.url} (process {found.pid}{size}), health {found.health}"
        return Check(name="engine", ok=found.health in ("green", "yellow"), found=text, todo=found.problem), True
    text = found.problem or "does not run; the next command that needs it starts it"
    todo = "condensat engine logs; then condensat engine start" if found.problem else None
    return Check(name="engine", ok=False if found.problem else None, found=text, todo=todo), False


def _inside(store: Store) -> Iterator[Check]:
    missing = store.missing()
    if missing:
        yield Check(name="indices", ok=None, found=f"not there yet: {', '.join(missing)}", todo="condensat init")
        yield Check(name="feeds", ok=None, found="none yet", todo="condensat feeds add URL")
        return
    outdated = store.outdated()
    found = f"{output.count(store.articles.count(), 'article')} behind the aliases {store.prefix}-…"
    if outdated:
        found += f"; made by another version's mappings: {', '.join(outdated)}"
    todo = "export, drop the index and import again; this version does not change mappings in place"
    yield Check(name="indices", ok=not outdated, found=found, todo=todo if outdated else None)
    yield _feeds(store)


def _feeds(store: Store) -> Check:
    records = store.feeds.all()
    if not records:
        return Check(name="feeds", ok=None, found="none yet", todo="condensat feeds add URL")
    states = Counter(health.state(each, now=session.now()) for each in records)
    few = [f"{states[state]} {state.value}" for state in health.State if states[state]]
    failing = any(states[state] for state in health.TROUBLED)
    found = f"{output.count(len(records), 'feed')}: {', '.join(few)}"
    return Check(name="feeds", ok=True, found=found, todo="condensat feeds check" if failing else None)


def _where(chosen: Settings) -> str:
    """Name the address without the credentials that may stand in it."""
    if not chosen.url:
        return ""
    parts: Any = urlsplit(chosen.url)
    return f" at {parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
