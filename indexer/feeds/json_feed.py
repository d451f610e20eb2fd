"""Read JSON Feed, which the feed parser does not; values may be of any type, and are read as far as they go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from indexer import urls
from indexer.feeds import entries
from indexer.feeds.entries import TEXT_LIMIT, text_of
from indexer.models import Entry, ParsedFeed, Reason, RejectedError, Rejection
from indexer.text import plain, title

if TYPE_CHECKING:
    from datetime import datetime


def read(text: str, *, url: str, now: datetime) -> ParsedFeed:
    """Read a JSON Feed of version 1 or 1.1; raises RejectedError where it is none."""
    try:
        data = orjson.loads(text.strip())
    except orjson.JSONDecodeError as error:
        raise RejectedError(Reason.NOT_A_FEED, f"JSON that cannot be read: {error}") from error
    version = text_of(data.get("version")) if isinstance(data, dict) else ""
    if "jsonfeed.org/version" not in version:
        raise RejectedError(Reason.NOT_A_FEED, "JSON, but not JSON Feed")
    items = [item for item in _list(data.get("items")) if isinstance(item, dict)]
    authors = _authors(data)
    kept, rejected = entries.tell_apart((_entry(item, authors, url=url, now=now) for item in items), url)
    return ParsedFeed(
        title=title(text_of(data.get("title"))),
        link=urls.absolute(text_of(data.get("home_page_url")), url),
        icon=urls.absolute(text_of(data.get("favicon")) or text_of(data.get("icon")), url),
        language=entries.language(data.get("language")),
        version="json" + version.rstrip("/").rsplit("/", 1)[-1],
        entries=kept,
        rejected=rejected,
        warnings=() if items else (entries.NO_ENTRIES,),
    )


def _entry(item: dict[str, Any], feed_authors: tuple[str, ...], *, url: str, now: datetime) -> Entry | Rejection:
    guid = item.get("id")
    link = urls.absolute(text_of(item.get("url")), url) or urls.absolute(text_of(item.get("external_url")), url)
    bodies = (text_of(item.get("content_html")), text_of(item.get("content_text")))
    return entries.entry(
        feed_url=url,
        link=link,
        guid=str(guid) if isinstance(guid, str | int | float) and guid != "" else None,
        name=title(text_of(item.get("title"))),
        authors=_authors(item) or feed_authors,
        summary=entries.literal(text_of(item.get("summary"))),
        bodies=(plain(bodies[0][:TEXT_LIMIT]), entries.literal(bodies[1])),
        published=entries.published(
            ((item.get("date_published"), "feed"), (item.get("date_modified"), "feed:updated")), now
        ),
        image=urls.absolute(text_of(item.get("image")) or text_of(item.get("banner_image")), url),
    )


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    """Give the authors of an item or of the whole feed, which are those of its items that name none."""
    people = [each for each in _list(item.get("authors")) or [item.get("author")] if isinstance(each, dict)]
    return entries.authors(text_of(each.get("name")) for each in people)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
