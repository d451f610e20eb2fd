"""Read articles of JSON lines, an article a line, and work out what follows from their texts; pure.

Reading a batch takes as long as finding its pairs, and asks nobody: it is done in a process of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from indexer import times, urls
from indexer.extract import detect_language
from indexer.indexing import Arrival, aliases, work_out
from indexer.models import Article, Reason, RejectedError, Rejection, Source
from indexer.records import restore
from indexer.text import strip_controls, title
from indexer.vocabulary import Tagger, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

Line = tuple[str, bytes]  # what names it in the report, and what it says


def read(lines: Sequence[Line], *, now: datetime, tagger: Tagger | None) -> list[Arrival | Rejection]:
    """Read lines, and work out of each article what ``indexing.write`` needs; what is wrong with the others."""
    return [_read(what, line, now=now, tagger=tagger) for what, line in lines]


def read_apart(lines: Sequence[Line], *, now: datetime, vocabulary: Vocabulary | None) -> list[Arrival | Rejection]:
    """Do the same in another process, which gets its ``tagger`` ready once."""
    return read(lines, now=now, tagger=_tagger(vocabulary))


@lru_cache(maxsize=1)
def _tagger(vocabulary: Vocabulary | None) -> Tagger | None:
    return None if vocabulary is None else Tagger(vocabulary)


def _read(what: str, line: bytes, *, now: datetime, tagger: Tagger | None) -> Arrival | Rejection:
    try:
        arrival = parse(line, what=what, now=now)
    except RejectedError as error:
        return Rejection(what=what, reason=error.reason, detail=error.detail)
    return replace(arrival, worked=work_out(arrival.article, tagger))


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
