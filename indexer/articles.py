"""Make one article out of what the feed and the page say; pure, the only place that decides which of them counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from indexer import urls
from indexer.models import Article, Entry, Extraction, Fetched, Published, Reason, RejectedError, Source

# Extracted text shorter than this is often a cookie notice or a caption: the feed's own text is preferred if longer.
SHORT_TEXT = 250  # characters


def from_entry(
    entry: Entry,
    *,
    source_name: str,
    feed_url: str,
    feed_icon: str | None = None,
    feed_language: str | None = None,
    page: Fetched | None,
    extraction: Extraction | None,
    failure: RejectedError | None = None,
    seen: datetime,
) -> Article:
    """Combine an entry with its page; ``failure`` is why there is no extraction, if there is none.

    Title, authors and date are the feed's, and the page's only where the feed has none. Raises RejectedError when
    neither gives a text: with the page's reason if it failed.
    """
    page_text = extraction.text if extraction else ""
    text, text_origin = page_text, "page"
    if len(page_text) < SHORT_TEXT and len(entry.text) > len(page_text):
        text, text_origin = entry.text, "feed"
    if failure and len(text) < SHORT_TEXT:
        raise failure
    if not text.strip():
        raise RejectedError(Reason.NO_TEXT, "neither the page nor the feed has any")
    published, authors, title = entry.published, entry.authors, entry.title
    origins = {"title": "feed", "text": text_origin, "authors": "feed"}
    if extraction:
        if published.at is None and extraction.published.at is not None:
            published = replace(extraction.published, problem=published.problem)
        if not authors and extraction.authors:
            authors, origins["authors"] = extraction.authors, "page"
        if not title and extraction.title:
            title, origins["title"] = extraction.title, "page"
    where = page.final_url if page else entry.url
    return Article(
        id=urls.article_id(entry.url),
        url=entry.url,
        urls=_leading_here(entry.url, page, extraction),
        source=Source(
            name=source_name,
            domain=urls.registrable_domain(where),
            feed=feed_url,
            icon=feed_icon or (extraction.icon if extraction else None),
        ),
        title=title or entry.url,
        text=text,
        language=(extraction.language if extraction and text_origin == "page" else None) or feed_language,
        authors=authors,
        summary=entry.summary or (extraction.summary if extraction else ""),
        image=entry.image or (extraction.image if extraction else None),
        published=published,
        seen=seen.astimezone(UTC),
        origins=origins,
        canonical=_foreign_canonical(where, extraction),
    )


def from_page(page: Fetched, extraction: Extraction, *, seen: datetime) -> Article:
    """Make an article of a page alone."""
    return Article(
        id=urls.article_id(page.url),
        url=page.url,
        urls=_leading_here(page.url, page, extraction),
        source=Source(
            name=extraction.site_name or urls.registrable_domain(page.final_url),
            domain=urls.registrable_domain(page.final_url),
            icon=extraction.icon,
        ),
        title=extraction.title or page.url,
        text=extraction.text,
        language=extraction.language,
        authors=extraction.authors,
        summary=extraction.summary,
        image=extraction.image,
        published=extraction.published if extraction.published.raw else Published(problem="absent"),
        seen=seen.astimezone(UTC),
        origins={"title": "page", "text": "page", "authors": "page"},
        canonical=_foreign_canonical(page.final_url, extraction),
    )


def _leading_here(url: str, page: Fetched | None, extraction: Extraction | None) -> tuple[str, ...]:
    """Normalise every URL that leads to the article, its own first.

    A redirect to a site's front page, and a canonical link to another domain, name something else.
    """
    found = [url]
    if page:
        found += [each for each in (*page.redirects, page.final_url) if not urls.is_root(each)]
        if extraction and extraction.canonical and urls.is_alias(extraction.canonical, page.final_url):
            found.append(extraction.canonical)
    return tuple(dict.fromkeys(urls.normalise(each) for each in found))


def _foreign_canonical(where: str, extraction: Extraction | None) -> str | None:
    if extraction is None or extraction.canonical is None:
        return None
    foreign = urls.registrable_domain(extraction.canonical) != urls.registrable_domain(where)
    return extraction.canonical if foreign else None
