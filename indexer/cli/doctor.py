"""The `condensat doctor` command: look at an installation, change nothing, and say what to do. No secret is shown."""

from __future__ import annotations

import ipaddress
import os
import platform
import shutil
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
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
MAJOR = 9  # of Elasticsearch
SOON = timedelta(days=14)
APART = 10.0  # seconds between two clocks; a lease is two minutes
SCARCE_SHARE = 0.1  # of a disk: what Elasticsearch itself leaves free is a share of it
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
        for name in ("elasticsearch", "keys", "indices", "mappings", "shards", "clock", "feeds"):
            yield Check(name=name, ok=None, found="not looked at: the local engine does not run")
        return
    try:
        with session.connect(init=False) as store:
            yield _elasticsearch(store, chosen)
            yield from _inside(store, chosen)
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
    secrets = [
        name
        for name in ("api_key", "api_key_file", "password", "smtp_password", "smtp_password_file")
        if getattr(chosen, name)
    ]
    parts = [
        f"home {chosen.home}",
        f"prefix {chosen.prefix}",
        f"file {', '.join(read) or 'none'}",
        f"secrets given: {', '.join(secrets) or 'none'}",
        f"trust in certificates: {_trust(chosen)}",
        f"private addresses {'may' if chosen.allow_private else 'may not'} be fetched",
        f"the web is asked as {chosen.user_agent or DEFAULT_USER_AGENT}",
    ]
    todo = []
    if not chosen.url and (chosen.api_key or chosen.username):
        todo.append("credentials are given, but no CONDENSAT_URL: the local engine does not use them")
    if not chosen.user_agent:
        todo.append("tell sites whom to write to: CONDENSAT_USER_AGENT='mybot/1.0 (+https://example.org/bot)'")
    return Check(name="settings", ok=True, found="\n".join(parts), todo="\n".join(todo) or None)


def _trust(chosen: Settings) -> str:
    if chosen.fingerprint:
        return "the one with CONDENSAT_FINGERPRINT"
    return f"those signed by {chosen.ca}" if chosen.ca else "those that this system trusts"


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


def _elasticsearch(store: Store, chosen: Settings) -> Check:
    """Tell its version, and whether every node has the same and room on its disk."""
    machines = store.condition.machines()
    if machines is None:
        found = f"answers{_where(chosen)}; its version and disks are not for these credentials to see"
        return Check(name="elasticsearch", ok=True, found=found, todo=_plain(chosen))
    versions = sorted({each.version for each in machines})
    found = f"version {', '.join(versions)}{_where(chosen)}"
    if len(machines) > 1:
        found += f", {len(machines)} nodes"
    todo = [each for each in (_plain(chosen),) if each]
    old = [each for each in versions if int(each.partition(".")[0]) != MAJOR]
    full = [each for each in machines if each.free < min(SCARCE, each.total * SCARCE_SHARE)]
    if old:
        todo.append(f"this condensat is made for Elasticsearch {MAJOR}")
    if len(versions) > 1:
        todo.append("bring all nodes to one version")
    for each in full:
        found += f"\nnode {each.name} has {each.free / 2**30:.1f} of {each.total / 2**30:.0f} GiB free"
        todo.append(f"free some space on node {each.name}: Elasticsearch stops writing before a disk is full")
    return Check(
        name="elasticsearch", ok=not old and not full and len(versions) == 1, found=found, todo="\n".join(todo) or None
    )


def _plain(chosen: Settings) -> str | None:
    """Warn of credentials that cross a network in the clear."""
    for each in (chosen.url or "").replace(",", " ").split():
        parts = urlsplit(each)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            return f"credentials travel to {parts.hostname} in the clear: use https, with CONDENSAT_CA if need be"
    return None


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _inside(store: Store, chosen: Settings) -> Iterator[Check]:
    yield _keys(store, chosen)
    missing = store.missing()
    if missing:
        yield Check(name="indices", ok=None, found=f"not there yet: {', '.join(missing)}", todo="condensat init")
        for name in ("mappings", "shards", "clock"):
            yield Check(name=name, ok=None, found="not looked at: the indices are not there")
        yield Check(name="feeds", ok=None, found="none yet", todo="condensat feeds add URL")
        return
    for name, look in (
        ("indices", _indices), ("mappings", _mappings), ("shards", _shards), ("clock", _clock), ("feeds", _feeds),
    ):  # fmt: skip
        try:
            yield look(store)
        except CondensatError as error:  # what is wrong with one thing must not hide the others
            yield Check(name=name, ok=False, found=str(error))


def _keys(store: Store, chosen: Settings) -> Check:
    """Tell who we are, what that is good for, and which keys end soon. No key is shown, only its name."""
    try:
        login = store.rights.login()
    except CondensatError as error:
        return Check(name="keys", ok=None, found=f"cannot be looked at; is security off? ({error})")
    now = session.now()
    may = (
        "everything in the cluster" if login.everything else ", ".join(each.value for each in login.roles) or "nothing"
    )
    who = f"the key {login.key.name} ({login.key.id})" if login.key else f"the user {login.user}"
    found, todo = f"{who} may: {may}", []
    ok: bool | None = bool(login.roles)
    if not login.roles:
        todo.append("give it a role: condensat init --roles, then condensat keys create, or a user with such a role")
    if login.everything and chosen.url:
        todo.append("less is enough for daily work: condensat init --roles, then condensat keys create ingester")
    if chosen.api_key_file is not None and chosen.api_key_file.stat().st_mode & 0o077:
        ok = False
        todo.append(f"others can read the key: chmod 600 {chosen.api_key_file}")
    known = [login.key] if login.key else store.rights.list_keys() if login.everything else []
    for each in known:
        if each.usable(now) and each.expires is not None:
            left = each.expires - now
            found += f"\n{each.name} ends on {output.moment(each.expires)}" if left < SOON or login.key else ""
            if left < SOON:
                todo.append(f"make a new key in time: condensat keys create {each.role or 'reader'} --name {each.name}")
    return Check(name="keys", ok=ok, found=found, todo="\n".join(todo) or None)


def _indices(store: Store) -> Check:
    found = f"{output.count(store.articles.count(), 'article')} behind the aliases {store.prefix}-…"
    closed = store.condition.closed()
    if not closed:
        return Check(name="indices", ok=True, found=found)
    full = any("read_only_allow_delete" in each for each in closed.values())
    todo = (
        "free some space on the disk of Elasticsearch; it opens them again by itself"
        if full
        else "condensat migrate, if none is under way: one that died has left them so"
    )
    return Check(name="indices", ok=False, found=f"{found}\nclosed for writing: {', '.join(closed)}", todo=todo)


def _mappings(store: Store) -> Check:
    outdated, kept = store.migration.outdated(), store.migration.kept()
    todo = []
    found = "of this version"
    if outdated:
        found = "\n".join(f"{each.index} is of version {each.version}, not {each.wanted}" for each in outdated)
        todo.append("condensat migrate; people go on working meanwhile")
    if kept:
        found += f"\nkept from before: {', '.join(kept)}"
        todo.append("condensat migrate --drop-old, when they are not needed any more")
    return Check(name="mappings", ok=not outdated, found=found, todo="\n".join(todo) or None)


def _shards(store: Store) -> Check:
    counted = store.condition.shards()
    found = f"{counted.started} of {counted.wanted} serve"
    ok = counted.started == counted.wanted
    todo = "a node is away, or has no room: condensat engine status, or look at _cluster/allocation/explain"
    return Check(name="shards", ok=ok, found=found, todo=None if ok else todo)


def _clock(store: Store) -> Check:
    ahead = store.condition.clock(session.now).total_seconds()
    found = f"Elasticsearch's is {abs(ahead):.1f} s {'ahead of' if ahead >= 0 else 'behind'} ours"
    ok = abs(ahead) <= APART
    todo = "set the clocks of these machines by NTP: leases of feeds and dates of articles rest on them"
    return Check(name="clock", ok=ok, found=found, todo=None if ok else todo)


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
    """Name the addresses without the credentials that may stand in them."""
    if not chosen.url:
        return ""
    shown = []
    for each in chosen.url.replace(",", " ").split():
        parts: Any = urlsplit(each)
        shown.append(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
    return f" at {', '.join(shown)}"
