"""Import articles that are already text, a JSON object a line."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Self

from indexer import lines as reading
from indexer.detect import detect, search
from indexer.elastic.errors import StoreError
from indexer.indexing import Arrival, write
from indexer.models import Reason, RejectedError, Rejection
from indexer.reports import Outcome, Report
from indexer.shingles import remember_more
from indexer.workers import PAGE_TIMEOUT, Workers

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import datetime
    from types import TracebackType

    from indexer.detect import Searched
    from indexer.elastic import Store
    from indexer.lines import Line
    from indexer.progress import Progress
    from indexer.vocabulary import Tagger

BATCH = 2_000  # articles a batch: one refresh, one round of candidate queries; halves leave more segments
WRITTEN_AHEAD = 2  # batches: how far writing may run ahead of verdicts; one is searched meanwhile
MET = 3 * BATCH  # texts whose grams are kept: what a batch meets, two or three an article, the next often meets again
PIECE = 250  # lines that are read at a time
READ_AHEAD = 8  # pieces: how far reading may run ahead of writing
READS_APART = (os.cpu_count() or 1) > 1  # another process has nothing to run on otherwise


def import_articles(
    store: Store,
    lines: Iterable[bytes],
    *,
    now: Callable[[], datetime],
    progress: Progress,
    tagger: Tagger | None = None,
) -> Report:
    """Read articles from JSON lines, index them and find their pairs.

    A line that cannot be read costs itself alone; its number, from 1, stands in the report. When Elasticsearch
    fails, the rest of the lines is still counted, as not written.
    """
    began = time.monotonic()
    remember_more(MET)
    progress.start("importing articles", None)
    with _Reader(now=now, tagger=tagger) as reader, _Import(store, now=now, progress=progress, tagger=tagger) as run:
        for each in reader.read(run.counted(lines)):
            run.take(each)
        run.finish()
    progress.finish()
    run.report.seconds = time.monotonic() - began
    run.report.check()
    return run.report


class _Reader:
    """Reads lines in a process of its own, beside all that waits for Elasticsearch; a few are read here."""

    def __init__(self, *, now: Callable[[], datetime], tagger: Tagger | None) -> None:
        self._now = now
        self._tagger = tagger
        self._apart: Workers | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._apart:
            self._apart.close()

    def read(self, lines: Iterable[Line]) -> Iterator[Arrival | Rejection]:
        """Yield what becomes of each line, in their order."""
        ahead: deque[tuple[Sequence[Line], Future[list[Arrival | Rejection]]]] = deque()
        left = iter(lines)
        pieces = iter(lambda: list(islice(left, PIECE)), [])
        for number, piece in enumerate(pieces):
            if number == 0 or not READS_APART:
                yield from reading.read(piece, now=self._now(), tagger=self._tagger)
                continue
            ahead.append((piece, self._submit(piece)))
            if len(ahead) > READ_AHEAD:
                yield from self._result(*ahead.popleft())
        while ahead:
            yield from self._result(*ahead.popleft())

    def _submit(self, piece: Sequence[Line]) -> Future[list[Arrival | Rejection]]:
        self._apart = self._apart or Workers(1, warm_up=("indexer.lines",))
        vocabulary = self._tagger.vocabulary if self._tagger else None
        return self._apart.submit(
            reading.read_apart, piece, now=self._now(), vocabulary=vocabulary, timeout=PAGE_TIMEOUT
        )

    def _result(self, piece: Sequence[Line], future: Future[list[Arrival | Rejection]]) -> list[Arrival | Rejection]:
        """Give what was read; where one line took the process with it, what is read of the others."""
        try:
            return future.result()
        except RejectedError as error:
            if len(piece) == 1:
                return [Rejection(what=piece[0][0], reason=error.reason, detail=error.detail)]
            return [each for line in piece for each in self._result([line], self._submit([line]))]


class _Import:
    """One run: the batch that fills is written here; beside that one is searched, and the one before it is judged.

    One thread searches and one judges, in the order of the batches: what a batch is searched among is what was written
    before it, and hardly more. Two that did both would find copies twice, each from its side.
    """

    def __init__(self, store: Store, *, now: Callable[[], datetime], progress: Progress, tagger: Tagger | None) -> None:
        self.report = Report()
        self._store = store
        self._now = now
        self._progress = progress
        self._tagger = tagger
        self._batch: list[Arrival] = []
        self._failure: StoreError | None = None
        self._searching = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._judging = ThreadPoolExecutor(1, thread_name_prefix="judge")
        self._detecting: deque[Future[Counter[str]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._searching.shutdown(cancel_futures=True)
        self._judging.shutdown(cancel_futures=True)

    def counted(self, lines: Iterable[bytes]) -> Iterator[Line]:
        """Yield the lines that are not empty, each with its number; they are counted as read.

        When Elasticsearch has failed, they are only counted.
        """
        for number, line in enumerate(lines, start=1):
            if line.strip():
                self.report.read += 1
                if self._failure:
                    self._reject(self._unwritten(f"line {number}", self._failure))
                else:
                    yield f"line {number}", line

    def take(self, each: Arrival | Rejection) -> None:
        """Take in what became of a line; it is counted, whatever that is."""
        if isinstance(each, Rejection):
            self._reject(each)
        elif self._failure:
            self._reject(self._unwritten(each.what, self._failure))
        else:
            self._batch.append(each)
        if len(self._batch) >= BATCH:
            self._flush()

    def finish(self) -> None:
        """Write what is left, wait for all pairs, and find those that an earlier run left behind."""
        if self._batch and not self._failure:
            self._flush()
        self._wait(0)
        if not self._failure:
            try:
                self.report.pairs.update(detect(self._store, now=self._now))
                # so that a search that follows sees the last batch, and who repeats whom
                self._store.articles.refresh()
            except StoreError as error:
                self._failure = error
        if self._failure:
            self.report.outages += 1
            self.report.warnings.append(str(self._failure))

    def _flush(self) -> None:
        count = len(self._batch)
        try:
            pending = write(self._store, self._batch, self.report, now=self._now, tagger=self._tagger)
        except StoreError as error:
            self._failure = error
        else:
            if pending:
                searched = self._searching.submit(search, self._store, pending, now=self._now)
                self._detecting.append(self._judging.submit(_settled, searched))
            self._wait(WRITTEN_AHEAD)
        self._batch.clear()
        self._progress.advance(count)

    def _wait(self, ahead: int) -> None:
        """Wait until no more than so many batches are without their pairs."""
        while len(self._detecting) > ahead:
            try:
                self.report.pairs.update(self._detecting.popleft().result())
            except StoreError as error:
                self._failure = self._failure or error

    def _reject(self, rejection: Rejection) -> None:
        self.report.count(Outcome.REJECTED, rejection)

    @staticmethod
    def _unwritten(what: str, failure: StoreError) -> Rejection:
        return Rejection(what=what, reason=Reason.NOT_WRITTEN, detail=str(failure))


def _settled(searched: Future[Searched]) -> Counter[str]:
    """Wait for a search, and judge what it found."""
    return searched.result().settle()
