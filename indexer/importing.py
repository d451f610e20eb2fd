"""Import articles that are already text, a JSON object a line."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from indexer import times, urls
from indexer.elastic.errors import StoreError
from indexer.extract import detect_language
from indexer.indexing import Arrival, aliases, take_in
from indexer.models import Article, Outcome, Reason, RejectedError, Rejection, Report, Source
from indexer.text import strip_controls, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from indexer.elastic import Store
    from indexer.progress import Progress

BATCH = 500  # articles a batch: one bulk request, one refresh, one round of candidate queries


def import_articles(store: Store, lines: Iterable[bytes], *, now: Callable[[], datetime], progress: Progress) -> Report:
    """Read articles from JSON lines, index them and find their pairs.

    A line that cannot be read costs itself alone; its number, from 1, stands in the report. When Elasticsearch
    fails, the rest of the lines is still counted, as not written.
    """
    began = time.monotonic()
    report = Report()
    batch: list[Arrival] = []
    failure: StoreError | None = None
    progress.start("importing articles", None)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        report.read += 1
        what = f"line {number}"
        if failure:
            report.count(Outcome.REJECTED, Rejection(what=what, reason=Reason.NOT_WRITTEN, detail=str(failure)))
            continue
        try:
            batch.append(Arrival(article=parse_line(line, now=now()), what=what))
        except RejectedError as error:
            report.count(Outcome.REJECTED, Rejection(what=what, reason=error.reason, detail=error.detail))
        if len(batch) >= BATCH:
            failure = _flush(store, batch, report, now, progress)
    if batch and not failure:
        failure = _flush(store, batch, report, now, progress)
    if failure:
        report.warnings.append(str(failure))
    else:
        store.articles.refresh()  # so that a search that follows sees the last batch, and who repeats whom
    progress.finish()
    report.seconds = time.monotonic() - began
    report.check()
    return report


def _flush(
    store: Store, batch: list[Arrival], report: Report, now: Callable[[], datetime], progress: Progress
) -> StoreError | None:
    count = len(batch)
    try:
        take_in(store, batch, report, now=now)
    except StoreError as error:
        return error
    finally:
        batch.clear()
        progress.advance(count)
    return None


def parse_line(line: bytes, *, now: datetime) -> Article:
    """Read one article; raises RejectedError with what is wrong with the line.

    Known keys: url, title, text (these three are needed), source (a name, or an object with name, domain, feed and
    icon), published, seen, language, authors, summary, image, urls, tags, stories, cves.
    """
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RejectedError(Reason.BAD_LINE, f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise RejectedError(Reason.BAD_LINE, "not a JSON object")
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
