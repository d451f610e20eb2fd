"""List what an archive holds of each page, in the order in which it was kept, and read it again.

The list is a database in a temporary file, so that an archive of any size takes no more memory than a small one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Self

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

_TABLE = "CREATE TABLE kept (article TEXT, at TEXT, file INTEGER, place INTEGER, body INTEGER, chosen INTEGER)"
_INDEX = "CREATE INDEX by_article ON kept (article, at, file, place)"
_CHOSEN = """
SELECT article, file, place, body, NOT EXISTS (
    SELECT 1 FROM kept AS later WHERE later.article = kept.article
    AND (later.at, later.file, later.place) > (kept.at, kept.file, kept.place)
) FROM kept WHERE chosen ORDER BY at, file, place
"""
_EARLIER = """
SELECT kept.article, kept.file, kept.place, kept.body, 0 FROM kept JOIN kept AS this
    ON this.file = ? AND this.place = ? AND kept.article = this.article AND kept.article = ?
WHERE (kept.at, kept.file, kept.place) < (this.at, this.file, this.place)
ORDER BY kept.at DESC, kept.file DESC, kept.place DESC
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something that was kept stands; ``last`` where nothing was kept later of the same article."""

    article: str
    file: int
    offset: int
    body: int | None
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


class Stock:
    """What an archive holds; a context manager. Its list is for the thread that made it, ``read`` for any."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._list = sqlite3.connect("")
        self._list.execute(_TABLE)

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
            rows = self._rows(number, path, choice, found)
            self._list.executemany("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?)", rows)
            advance()
        self._list.execute(_INDEX)
        return found

    def count(self) -> int:
        """Count what was chosen."""
        return int(self._list.execute("SELECT count(*) FROM kept WHERE chosen").fetchone()[0])

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
        path = self._paths[place.file]
        try:
            with path.open("rb") as file:
                body = b"" if place.body is None else _body(_at(file, place.body, BODY_LIMIT))
                return from_json(_at(file, place.offset, BESIDE_LIMIT).block), body
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error

    def _rows(self, number: int, path: Path, choice: Choice, found: Findings) -> Iterator[tuple[Any, ...]]:
        body: Record | None = None
        try:
            with path.open("rb") as file:
                for each in records(file, _beside_alone):
                    if isinstance(each, Damaged):
                        if each.cut:
                            found.cut.append(path.name)
                        else:
                            found.broken.append((f"{path.name} at {each.offset}", each.problem))
                    elif each.kind in {"response", "resource"}:
                        body = each
                    elif each.kind == "metadata" and each.content_type == KIND:
                        try:
                            yield _row(number, each, body, choice)
                        except ArchiveError as error:
                            found.broken.append((f"{path.name} at {each.offset}", str(error)))
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error


def files(folder: Path) -> list[Path]:
    """List the files of an archive, the oldest first; empty where there is no such folder."""
    return sorted(folder.glob("*.warc.gz"))


def _beside_alone(kind: str) -> int:
    return BESIDE_LIMIT if kind == "metadata" else 0


def _row(number: int, beside: Record, body: Record | None, choice: Choice) -> tuple[Any, ...]:
    if not beside.is_whole:
        raise ArchiveError("it is too long to be ours")
    kept = from_json(beside.block)
    place = None
    if beside.beside is not None:
        if body is None or body.id != beside.beside:
            raise ArchiveError("its page is missing")
        place = body.offset
    try:
        at = datetime.fromisoformat(beside.date)
    except ValueError as error:
        raise ArchiveError(f"no date: {beside.date}") from error
    chosen = choice.holds(kept, at)
    return article_id(kept.url), at.astimezone(UTC).isoformat(), number, beside.offset, place, chosen


def _place(row: tuple[Any, ...]) -> Place:
    article, file, offset, body, last = row
    return Place(article=article, file=file, offset=offset, body=body, last=bool(last))


def _at(file: BinaryIO, offset: int, limit: int) -> Record:
    found = next(records(file, lambda _: limit, start=offset), None)
    if not isinstance(found, Record) or not found.is_whole:
        raise ArchiveError(found.problem if isinstance(found, Damaged) else "it is not there any more")
    return found


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
