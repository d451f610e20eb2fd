"""List what an archive holds of each page, in the order in which it was kept, and read it again.

The list is a database in a temporary file, so that an archive of any size takes no more memory than a small one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from indexer.archive.kept import ArchiveError, Kept, from_json
from indexer.archive.message import open_message
from indexer.archive.reader import Damaged, Record, records
from indexer.archive.writer import KIND
from indexer.urls import article_id, registrable_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path
    from types import TracebackType

BESIDE_LIMIT = 64 * 2**20  # bytes; the text of an entry cannot be longer than a feed, and ASCII makes six of one
BODY_LIMIT = 256 * 2**20  # bytes; fetched pages have up to 5 MB, saved ones what their reader gave them

_TABLES = """
CREATE TABLE kept (article TEXT, at TEXT, file INTEGER, place INTEGER, body TEXT, chosen INTEGER);
CREATE TABLE bodies (id TEXT PRIMARY KEY, file INTEGER, place INTEGER) WITHOUT ROWID;
"""
_INDEX = "CREATE INDEX by_article ON kept (article, at, file, place)"
_CHOSEN = """
SELECT kept.article, kept.file, kept.place, kept.body, bodies.file, bodies.place, NOT EXISTS (
    SELECT 1 FROM kept AS later WHERE later.article = kept.article
    AND (later.at, later.file, later.place) > (kept.at, kept.file, kept.place)
) FROM kept LEFT JOIN bodies ON bodies.id = kept.body WHERE chosen ORDER BY kept.at, kept.file, kept.place
"""
_EARLIER = """
SELECT kept.article, kept.file, kept.place, kept.body, bodies.file, bodies.place, 0
FROM kept JOIN kept AS this ON this.file = ? AND this.place = ? AND kept.article = this.article
LEFT JOIN bodies ON bodies.id = kept.body
WHERE kept.article = ? AND (kept.at, kept.file, kept.place) < (this.at, this.file, this.place)
ORDER BY kept.at DESC, kept.file DESC, kept.place DESC
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something that was kept stands; ``last`` where nothing was kept later of the same article."""

    article: str
    file: int
    offset: int
    has_page: bool
    page: tuple[int, int] | None  # file and offset; None where there is no page, or it is missing
    last: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Of which sources (domains, names, feeds' addresses; none: all) and of what time; ``until`` is not part of it."""

    sources: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, kept: Kept, at: datetime) -> bool:
        """Tell whether something that was kept at a time is chosen."""
        if (self.since and at < self.since) or (self.until and at >= self.until):
            return False
        return not self.sources or not {each.casefold() for each in self.sources}.isdisjoint(_names(kept))


@dataclass(kw_only=True, slots=True)
class Findings:
    """What was found wrong while an archive was listed."""

    broken: list[tuple[str, str]] = field(default_factory=list)  # where, and what is wrong there
    cut: list[str] = field(default_factory=list)  # files that end within a write, as a kill leaves them

    def add(self, path: Path, damaged: Damaged) -> None:
        """Note a place that cannot be read."""
        if damaged.cut:
            self.cut.append(path.name)
        else:
            self.broken.append((f"{path.name} at {damaged.offset}", damaged.problem))


class Stock:
    """What an archive holds; a context manager. Its list is for the thread that made it, ``read`` for any."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._list = sqlite3.connect("")
        self._list.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._list.close()

    def fill(self, choice: Choice, advance: Callable[[], None]) -> Findings:
        """Read every file once and list what was kept; ``advance`` is called after each file."""
        found = Findings()
        for number, path in enumerate(self._paths):
            self._list_file(number, path, choice, found)
            advance()
        self._list.execute(_INDEX)
        return found

    def count(self) -> int:
        """Count what was chosen."""
        return int(self._list.execute("SELECT count(*) FROM kept WHERE chosen").fetchone()[0])

    def without(self, articles: Collection[str]) -> set[str]:
        """Give those of these articles of which nothing was kept."""
        ids = list(articles)
        marks = ", ".join("?" * len(ids))
        rows = self._list.execute(f"SELECT DISTINCT article FROM kept WHERE article IN ({marks})", ids)  # noqa: S608 - marks
        return set(ids) - {article for (article,) in rows}

    def chosen(self) -> Iterator[Place]:
        """Yield what was chosen, in the order in which it was kept."""
        yield from map(_place, self._list.execute(_CHOSEN))

    def earlier(self, place: Place) -> Iterator[Place]:
        """Yield what was kept earlier of the same article, chosen or not, the latest first."""
        yield from map(_place, self._list.execute(_EARLIER, (place.file, place.offset, place.article)))

    def name(self, place: Place) -> str:
        """Name a place in a report."""
        return f"{self._paths[place.file].name} at {place.offset}"

    def read(self, place: Place) -> tuple[Kept, bytes]:
        """Read what was kept, and the page's body; raises ArchiveError."""
        kept = from_json(self._record(place.file, place.offset, BESIDE_LIMIT).block)
        if not place.has_page:
            return kept, b""
        if place.page is None:
            raise ArchiveError("its page is missing")
        return kept, _body(self._record(*place.page))

    def _record(self, number: int, offset: int, limit: int = BODY_LIMIT) -> Record:
        path = self._paths[number]
        try:
            with path.open("rb") as file:
                found = next(records(file, lambda _: limit, start=offset), None)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
        if not isinstance(found, Record) or not found.is_whole:
            raise ArchiveError(found.problem if isinstance(found, Damaged) else "it is not there any more")
        return found

    def _list_file(self, number: int, path: Path, choice: Choice, found: Findings) -> None:
        try:
            with path.open("rb") as file:
                for each in records(file, _beside_alone):
                    if isinstance(each, Damaged):
                        found.add(path, each)
                    elif each.kind in {"response", "resource"}:
                        self._list.execute(
                            "INSERT OR REPLACE INTO bodies VALUES (?, ?, ?)", (each.id, number, each.offset)
                        )
                    elif each.kind == "metadata" and each.content_type == KIND:
                        try:
                            row = _row(number, each, choice)
                        except ArchiveError as error:
                            found.add(path, Damaged(offset=each.offset, problem=str(error)))
                        else:
                            self._list.execute("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?)", row)
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error


def files(folder: Path) -> list[Path]:
    """List the files of an archive, the oldest first; empty where there is no such folder."""
    return sorted(folder.glob("*.warc.gz"))


def _beside_alone(kind: str) -> int:
    return BESIDE_LIMIT if kind == "metadata" else 0


def _row(number: int, beside: Record, choice: Choice) -> tuple[Any, ...]:
    if not beside.is_whole:
        raise ArchiveError("it is too long to be ours")
    kept = from_json(beside.block)
    try:
        at = datetime.fromisoformat(beside.date)
    except ValueError as error:
        raise ArchiveError(f"no date: {beside.date}") from error
    chosen = choice.holds(kept, at)
    return article_id(kept.url), at.astimezone(UTC).isoformat(), number, beside.offset, beside.beside, chosen


def _place(row: tuple[Any, ...]) -> Place:
    article, file, offset, page, page_file, page_offset, last = row
    where = None if page_offset is None else (page_file, page_offset)
    return Place(article=article, file=file, offset=offset, has_page=page is not None, page=where, last=bool(last))


def _body(record: Record) -> bytes:
    return open_message(record.block).body if record.kind == "response" else record.block


def _names(kept: Kept) -> set[str]:
    """Give what a source may be called by."""
    names = {registrable_domain(kept.url)}
    if kept.page is not None:
        names.add(registrable_domain(kept.page.final_url))
    if kept.said is not None:
        names |= {kept.said.source_name, kept.said.feed_url}
    return {each.casefold() for each in names}
