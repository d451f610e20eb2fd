"""Export articles or pairs into a file, page after page, so that a run that was stopped is gone on with."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson

from indexer.elastic.documents import moment
from indexer.models import CondensatError
from indexer.records import atom, cells, parquet, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from indexer.elastic import Store
    from indexer.progress import Progress
    from indexer.search import Wanted

Form = Literal["jsonl", "csv", "parquet", "atom"]
PAGE = 500  # articles between two notes of how far it is: some 2 MB


class OtherExportError(CondensatError):
    """An unfinished export of something else stands in the way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What is exported: articles that are wanted, or pairs that a query matches."""

    query: dict[str, Any]
    title: str
    pairs: bool = False

    @classmethod
    def articles(cls, wanted: Wanted) -> Task:
        """Export articles."""
        return cls(query=wanted.to_query(), title=f"condensat: {wanted.query.strip() or '*'}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table of them."""
        return cells.PAIR if self.pairs else cells.ARTICLE

    def name(self) -> str:
        """Give a name by which the same task is known again."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """How many records were written, and how many of them by an earlier run."""

    count: int
    before: int


def stream(store: Store, task: Task, form: Form, out: BinaryIO, *, now: datetime) -> int:
    """Write all of it to a stream; gives the number of records. Not for Parquet, whose end is written last."""
    count = 0
    out.write(_head(task, form, now))
    for page in _pages(store, task, None):
        for each in page:
            out.write(_line(each, task, form))
            count += 1
    out.write(_tail(form))
    return count


def export(
    store: Store, task: Task, form: Form, path: Path, *, now: Callable[[], datetime], progress: Progress
) -> Done:
    """Write all of it into a file, which is there when it is complete.

    Until then it grows beside it (``.part``, and ``.state``, which says how far it is). A run for the same file and
    task goes on there: what was there when it began, and still is, is exported once. Raises OtherExportError where
    another task has not been finished.
    """
    if form == "parquet":
        parquet.check()
    work = _Work(path, f"{task.name()} {form}")
    gathering: Form = "jsonl" if form == "parquet" else form  # a Parquet file cannot be gone on with
    before = work.count
    progress.start("exporting pairs" if task.pairs else "exporting articles", None)
    with work.open() as out:
        if not work.after:
            out.write(_head(task, gathering, now()))
        for page in _pages(store, task, work.after):
            for each in page:
                out.write(_line(each, task, gathering))
            work.note(out, str(page[-1]["id"]), len(page))
            progress.advance(len(page))
        out.write(_tail(gathering))
    if form == "parquet":
        parquet.write(work.whole, _lines(work.part), task.columns)
        work.part.unlink()
    work.finish()
    progress.finish()
    return Done(count=work.count, before=before)


class _Work:
    """The files of an unfinished export."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self.whole = path.with_name(f"{path.name}.whole")
        self.state = path.with_name(f"{path.name}.state")
        self.name = name
        self.after: str | None = None
        self.count = 0
        self._bytes = 0
        if self.state.exists() and self.part.exists():
            told = orjson.loads(self.state.read_bytes())
            if told["name"] != name:
                raise OtherExportError(
                    f"{self.part} is the beginning of another export. Finish that one, or delete it: rm {self.part}"
                )
            self.after, self.count, self._bytes = told["after"], told["count"], told["bytes"]

    def open(self) -> BinaryIO:
        """Open the part to go on after what is known to be in it."""
        out = self.part.open("r+b" if self.after else "wb")
        out.seek(self._bytes)
        out.truncate()
        return out

    def note(self, out: BinaryIO, after: str, count: int) -> None:
        """Note that all up to here is in the file."""
        out.flush()
        self.after, self.count = after, self.count + count
        told = {"name": self.name, "after": after, "count": self.count, "bytes": out.tell()}
        new = self.state.with_name(f"{self.state.name}.new")
        new.write_bytes(orjson.dumps(told))
        new.replace(self.state)

    def finish(self) -> None:
        """Put the file in its place."""
        (self.whole if self.whole.exists() else self.part).replace(self.path)
        self.state.unlink(missing_ok=True)


def _pages(store: Store, task: Task, after: str | None) -> Iterator[list[dict[str, Any]]]:
    """Yield pages of records by id, from one point in time."""
    gateway = store.pairs if task.pairs else store.articles
    gateway.refresh()
    body: dict[str, Any] = {"query": {"bool": {"filter": [task.query]}}, "sort": [{"id": "asc"}]}
    if after:
        body["search_after"] = [after]
    page: list[dict[str, Any]] = []
    for hit in gateway.scan(body, page=PAGE):
        page.append(_pair(hit["_source"]) if task.pairs else record(hit["_source"]))
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _pair(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document.get(name) for name in cells.PAIR}


def _head(task: Task, form: Form, now: datetime) -> bytes:
    if form == "csv":
        return cells.header(task.columns)
    return atom.head(task.name(), task.title, moment(now)) if form == "atom" else b""


def _line(each: dict[str, Any], task: Task, form: Form) -> bytes:
    if form == "csv":
        return cells.to_csv(each, task.columns)
    return atom.entry(each) if form == "atom" else orjson.dumps(each) + b"\n"


def _tail(form: Form) -> bytes:
    return atom.tail() if form == "atom" else b""


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)
