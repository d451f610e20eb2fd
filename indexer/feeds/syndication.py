"""Read RSS and Atom by feedparser, the only module that knows its records."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import feedparser

from indexer import urls
from indexer.feeds import entries, repair
from indexer.feeds.entries import TEXT_LIMIT, text_of
from indexer.models import Entry, ParsedFeed, Published, Reason, RejectedError, Rejection
from indexer.text import plain, title

if TYPE_CHECKING:
    from datetime import datetime

_END = re.compile(r"</(?:rss|feed|rdf:rdf|channel)\s*>", re.IGNORECASE)
_ENDING = 5_000  # characters at the end in which a feed closes; comments of caches come after it

_FEED_LINK = re.compile(r"<link\b[^>]{0,500}application/(?:rss|atom|feed)\+(?:xml|json)[^>]{0,500}>", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_ADDRESS = re.compile(r"^(?:\S+@\S+\s*\([^()]+\)|[^<]+?\s*<\S+@\S+>|\S+@\S+)$")


def read(text: str, *, url: str, now: datetime) -> ParsedFeed:
    """Read an RSS or Atom feed; raises RejectedError where it is none.

    ``bozo`` counts for nothing: an HTML page has none, and most feeds that have it yield their entries. A feed is
    what the parser found a version of.
    """
    found = parsed(text, url=url)
    if not found.get("version"):
        raise RejectedError(Reason.NOT_A_FEED, _what_instead(text, url))
    head = found.feed
    inherited = head if found.version.startswith("atom") else {}
    kept, rejected = entries.tell_apart(
        (_entry(each, inherited, version=found.version, url=url, now=now) for each in found.entries), url
    )
    warnings = []
    if not found.entries:
        warnings.append(entries.NO_ENTRIES)
    if not _END.search(text[-_ENDING:]):
        warnings.append("the feed breaks off: entries may be missing")
    return ParsedFeed(
        title=title(text_of(head.get("title"))),
        link=urls.absolute(text_of(head.get("link")), url),
        icon=urls.absolute(
            text_of(head.get("icon")) or text_of(head.get("logo")) or text_of((head.get("image") or {}).get("href")),
            url,
        ),
        language=entries.language(head.get("language")),
        version=found.version,
        entries=kept,
        rejected=rejected,
        warnings=tuple(warnings),
    )


def parsed(text: str, *, url: str) -> Any:
    """Give what the parser makes of a feed, by its own switches."""
    return feedparser.parse(
        repair.mend(text).encode("utf-8", "replace"),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        # Text is taken from it, never markup, and links are joined here: with both off it is three times as fast.
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _entry(raw: Any, inherited: Any, *, version: str, url: str, now: datetime) -> Entry | Rejection:
    guid = text_of(raw.get("id")) or None
    return entries.entry(
        feed_url=url,
        link=_link(raw, guid, url),
        guid=guid,
        name=title(text_of(raw.get("title"))),
        authors=_authors(raw) or _authors(inherited),
        summary=_rendered(raw.get("summary_detail") or {"value": raw.get("summary")}, version),
        bodies=[_rendered(each, version) for each in raw.get("content") or ()],
        published=_published(raw, now),
        image=_image(raw, url),
    )


def _rendered(detail: Any, version: str) -> str:
    """Give the plain text of a construct. Only in Atom is text without markup known to be that."""
    value = text_of(detail.get("value"))
    kind = text_of(detail.get("type"))
    if kind.startswith(("image/", "audio/", "video/")):
        return ""
    if kind == "text/plain" and version.startswith("atom"):
        return entries.literal(value)
    return plain(value[:TEXT_LIMIT])


def _link(raw: Any, guid: str | None, url: str) -> str | None:
    """Find where the article is: the original behind a redirecting service, the link, or an id that is one.

    The parser has joined links on ``xml:base`` and ``url`` already.
    """
    candidates = [raw.get("feedburner_origlink"), raw.get("link")]
    candidates += [each.get("href") for each in raw.get("links") or () if each.get("rel") in {"alternate", None}]
    for candidate in candidates:
        if found := urls.absolute(text_of(candidate), url):
            return found
    return urls.absolute(guid, url) if guid and guid.startswith(("http://", "https://")) else None


def _published(raw: Any, now: datetime) -> Published:
    """Take the published date, or the updated one where there is none, as it stands in the feed."""
    # Asked for «updated» in its own way, the parser gives «published» where there is no other.
    dates = [
        (dict.get(raw, key), origin)
        for key, origin in (("published", "feed"), ("created", "feed"), ("updated", "feed:updated"))
    ]
    return entries.published(dates, now)


def _authors(raw: Any) -> tuple[str, ...]:
    names = [text_of(each.get("name")) or text_of(each.get("email")) for each in raw.get("authors") or () if each]
    whole = text_of(raw.get("author"))
    # The parser knows no top-level domain of more than four letters: it cuts such addresses in the middle.
    if not any(names) or (len(names) == 1 and len(whole) < entries.AUTHOR_LIMIT and _ADDRESS.match(whole)):
        names = [whole]
    return entries.authors(names)


def _image(raw: Any, url: str) -> str | None:
    """Find the entry's picture: a media element, an enclosure, a podcast's cover."""
    candidates = [
        each.get("url")
        for each in raw.get("media_content") or ()
        if each.get("medium") == "image" or _is_picture(each, each.get("url"))
    ]
    candidates += [each.get("url") for each in raw.get("media_thumbnail") or ()]
    candidates += [each.get("href") for each in raw.get("enclosures") or () if _is_picture(each, each.get("href"))]
    candidates.append((raw.get("image") or {}).get("href"))
    return next(filter(None, (urls.absolute(text_of(each), url) for each in candidates)), None)


def _is_picture(element: Any, where: Any) -> bool:
    """Tell by its type, or where it has none by its name, whether a media element is a picture."""
    kind = text_of(element.get("type")) or text_of(element.get("medium"))
    if kind:
        return kind.startswith("image")
    return bool(re.search(r"\.(?:jpe?g|png|gif|webp|avif)(?:$|[?#])", text_of(where), re.IGNORECASE))


def _what_instead(text: str, url: str) -> str:
    """Say what was found in place of a feed, and where the feed may be."""
    beginning = text[:5_000].lower()
    if "<html" not in beginning and "<!doctype html" not in beginning:
        return "neither RSS, Atom nor JSON Feed"
    for link in _FEED_LINK.findall(text[:200_000]):
        href = _HREF.search(link)
        if href and (found := urls.absolute(html.unescape(href.group(1)), url)):
            return f"this is an HTML page; its feed may be at {found}"
    return "this is an HTML page"
