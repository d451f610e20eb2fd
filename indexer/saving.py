"""Save searches under a name, say where their digests go, and give them back as searches; it sends nothing."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from indexer.elastic.documents import parse_moment
from indexer.elastic.searches import FILTERS, SavedSearch, Target
from indexer.models import CondensatError
from indexer.query import DATES, QueryError, span
from indexer.search import Wanted
from indexer.smtp import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from indexer.elastic import Store
    from indexer.elastic.searches import HeldSearch

NAME = re.compile(r"\w[\w.-]{0,59}")
FEEDS = (".atom", ".xml", ".json")
_AGO = re.compile(r"now-(\d+)([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


class SavingError(CondensatError):
    """A search cannot be saved as it was given, or there is none of that name."""


def targets(
    *, mail: Sequence[str] = (), feed: Sequence[Path] = (), markdown: Sequence[Path] = ()
) -> tuple[Target, ...]:
    """Give the targets of digests, each once, files by their whole path; raises SavingError for what is none."""
    found = [_mail(each) for each in mail]
    for path in feed:
        if path.suffix.lower() not in FEEDS:
            raise SavingError(f"«{path}» names no kind of feed; end it with {', '.join(FEEDS)} (JSON Feed)")
        found.append(_file("feed", path))
    found += [_file("markdown", path) for path in markdown]
    return tuple(dict.fromkeys(found))


def _mail(address: str) -> Target:
    address = address.strip()
    if not ADDRESS.fullmatch(address):
        raise SavingError(f"{address!r} is no mail address; write it plainly, such as ann@example.org")
    return Target("mail", address)


def _file(kind: str, path: Path) -> Target:
    whole = path.expanduser().absolute()
    if not str(whole).isprintable():
        raise SavingError(f"{str(path)!r} is no good name of a file")
    if whole.is_dir() or not whole.parent.is_dir():
        raise SavingError(f"{whole} is a folder" if whole.is_dir() else f"There is no folder {whole.parent}")
    return Target(kind, str(whole))


def filters(wanted: Wanted) -> dict[str, Any]:
    """Give what a search was narrowed by, without what was not given."""
    given = {name: value for name, value in asdict(wanted).items() if name in FILTERS and value}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def wanted(search: SavedSearch) -> Wanted:
    """Give a saved search as a search."""
    return Wanted(query=search.query, **search.filters)


def add(
    store: Store,
    name: str,
    asked: Wanted,
    *,
    to: Sequence[Target],
    language: str,
    since: str | None,
    by: str,
    series: str,
    now: datetime,
) -> tuple[SavedSearch, int]:
    """Save a search; gives it, and how many articles match now.

    Raises QueryError where the query cannot be read, SavingError for a name that is taken or none.
    """
    if not NAME.fullmatch(name):
        raise SavingError(f"{name!r} is no name for a search; write up to 60 letters, digits, dots, dashes")
    matching = store.articles.matching(asked.to_query())
    search = SavedSearch(
        name=name,
        series=series,
        query=asked.query,
        filters=filters(asked),
        targets=tuple(to),
        language=language,
        since=_since(since, now),
        added=now,
        by=by,
    )
    if not store.searches.add(search):
        raise SavingError(f"There is a search «{name}» already; see: condensat searches list")
    return search, matching


def find(store: Store, name: str) -> HeldSearch:
    """Give a saved search; raises SavingError, which names those that there are."""
    found = store.searches.get(name)
    if found is None:
        names = ", ".join(each.name for each in store.searches.all())
        raise SavingError(
            f"There is no search «{name}». There are: {names or 'none; condensat searches add NAME QUERY'}"
        )
    return found


def _since(text: str | None, now: datetime) -> datetime:
    """Read from when on what is indexed goes out; now, where nothing was said."""
    if not text:
        return now
    read = span(text)
    if read:
        ago = _AGO.fullmatch(read.start)
        if ago:
            return now - timedelta(hours=int(ago.group(1)) * _HOURS[ago.group(2)])
        if read.start in {"now/d", "now-1d/d"}:
            return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=read.start != "now/d")
        if not read.start.startswith("now"):
            return parse_moment(read.start)
    raise QueryError(f"«{text}» is not a date from which to begin; {DATES}")
