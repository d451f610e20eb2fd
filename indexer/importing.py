"""Import articles that are already text, a JSON object a line."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import orjson

from indexer import times, urls
from indexer.detect import detect
from indexer.elastic.errors import StoreError
from indexer.extract import detect_language
from indexer.indexing import Arrival, aliases, write
from indexer.models import Article, Reason, RejectedError, Rejection, Source
from indexer.records import restore
from indexer.reports import Outcome, Report
from indexer.text import strip_controls, title

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from types import TracebackType

    from indexer.elastic import Store
    from indexer.progress import Progress
    from indexer.vocabulary import Tagger

BATCH = 2_000  # articles a batch: one refresh, one round of candidate queries; halves leave more segments
DETECTING = 1  # batches whose pairs are found at once: a second thread finds copies that the first judges, too
WRITTEN_AHEAD = 1  # batches: how far writing may run ahead of detection; the later ones are then not searched twice


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
    progress.start("importing articles", None)
    with _Import(store, now=now, progress=progress, tagger=tagger) as run:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                run.line(f"line {number}", line)
        run.finish()
    progress.finish()
    run.report.seconds = time.monotonic() - began
    run.report.check()
    return run.report


class _Import:
    """One run: the batch that fills is read and written here, the pairs of those before it are found beside that."""

    def __init__(self, store: Store, *, now: Callable[[], datetime], progress: Progress, tagger: Tagger | None) -> None:
        self.report = Report()
        self._store = store
        self._now = now
        self._progress = progress
        self._tagger = tagger
        self._batch: list[Arrival] = []
        self._failure: StoreError | None = None
        self._beside = ThreadPoolExecutor(DETECTING, thread_name_prefix="detect")
        self._detecting: deque[Future[Counter[str]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown(cancel_futures=True)

    def line(self, what: str, line: bytes) -> None:
        """Take one line in; it is counted, whatever becomes of it."""
        self.report.read += 1
        if self._failure:
            self._reject(what, Reason.NOT_WRITTEN, str(self._failure))
            return
        try:
            self._batch.append(parse(line, what=what, now=self._now()))
        except RejectedError as error:
            self._reject(what, error.reason, error.detail)
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
                self._detecting.append(self._beside.submit(detect, self._store, pending, now=self._now))
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

    def _reject(self, what: str, reason: Reason, detail: str) -> None:
        self.report.count(Outcome.REJECTED, Rejection(what=what, reason=reason, detail=detail))


def parse(line: bytes, *, what: str, now: datetime) -> Arrival:
    """Read one line, of an export or of anybody's making; raises RejectedError with what is wrong with it."""
    data = _object(line)
    if "exported" not in data:
        return Arrival(article=_article(data, now=now), what=what)
    restored = restore(data)
    return Arrival(article=restored.article, what=what, entry_hash=restored.entry_hash, kept=restored.kept)


def parse_line(line: bytes, *, now: datetime) -> Article:
    """Read one article; raises RejectedError with what is wrong with the line.

    Known keys: url, title, text (these three are needed), source (a name, or an object with name, domain, feed and
    icon), published, seen, language, authors, summary, image, urls, tags, stories, cves. The last three stay beside
    what the vocabulary finds.
    """
    return _article(_object(line), now=now)


def _object(line: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RejectedError(Reason.BAD_LINE, f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise RejectedError(Reason.BAD_LINE, "not a JSON object")
    return data


def _article(data: dict[str, Any], *, now: datetime) -> Article:
    url = _string(data, "url")
    if not url:
        raise RejectedError(Reason.MISSING_FIELD, "url")
    body = strip_controls(_string(data, "text"))
    if not body.strip():
        raise RejectedError(Reason.MISSING_FIELD, "text")
    published = times.published(data.get("published"), now=now, origin="import")
    seen = times.published(data.get("seen"), now=now, origin="import").at or now
    return Article(
        id=urls.article_id(url),
        url=url,
        urls=aliases(url, *_strings(data, "urls")),
        source=_source(data, url),
        title=title(_string(data, "title")),
        text=body,
        language=_string(data, "language")[:8] or detect_language(body),
        authors=_strings(data, "authors"),
        summary=strip_controls(_string(data, "summary")),
        image=_string(data, "image") or None,
        published=published,
        seen=seen.astimezone(UTC),
        tags=_strings(data, "tags"),
        stories=_strings(data, "stories"),
        cves=_strings(data, "cves"),
        origins={"title": "import", "text": "import", "authors": "import"},
    )


def _source(data: dict[str, Any], url: str) -> Source:
    given = data.get("source")
    domain = urls.registrable_domain(url)
    if isinstance(given, dict):
        return Source(
            name=title(_string(given, "name")) or domain,
            domain=_string(given, "domain") or domain,
            feed=_string(given, "feed") or None,
            icon=_string(given, "icon") or None,
        )
    return Source(name=title(_string(data, "source")) or domain, domain=domain)


def _string(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RejectedError(Reason.BAD_LINE, f"{key} is not a string")
    return value


def _strings(data: dict[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key) or ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        raise RejectedError(Reason.BAD_LINE, f"{key} is not a list of strings")
    return tuple(value)
