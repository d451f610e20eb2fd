"""Render the feeds of the publishers, and the list of them all: RSS 2.0, Atom, JSON Feed, OPML.

It must not know where they are served from: addresses come in as arguments.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

from demo_site.content import SOURCES
from demo_site.pages import markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from demo_site.content import Article, Source

TEASER_WORDS = 32
JSON_FEED = ("cert", "/cert/feed.json")
# What stands in every curated list of feeds beside the ones that work.
BROKEN = (
    ("wire", "/wire/newsletter", "Tidewater newsletter (a page, not a feed)"),
    ("lab", "/lab/empty.xml", "Sextant Labs, old feed (empty)"),
    ("gazette", "/gazette/parish-notes.xml", "Gazette parish notes (gone)"),
)


def newest_first(articles: Iterable[Article]) -> list[Article]:
    """Order a feed's articles as readers expect them; those without a date come last."""
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(articles, key=lambda each: (each.published or oldest, each.slug), reverse=True)


def links(article: Article, *, home: str) -> list[str]:
    """Give the URLs under which the feed offers one article: mostly one."""
    ways = {
        "plain": f"{home}{article.path}",
        "utm": f"{home}{article.path}?utm_source=rss&utm_medium=feed",
        "redirect": f"{home}/{article.source}/go/{article.slug}",
    }
    return [ways[way] for way in article.links]


def rss(source: Source, articles: Sequence[Article], *, home: str) -> str:
    """Give an RSS 2.0 feed with as much of each text in it as the publisher is willing to give."""
    items = "\n".join(
        f"<item><title>{escape(article.title)}</title><link>{escape(_relative(link, source, home))}</link>"
        f'<guid isPermaLink="false">{article.key}#{place}</guid>'
        + (f"<pubDate>{format_datetime(article.published)}</pubDate>" if article.published else "")
        + f"<dc:creator>{escape(article.author)}</dc:creator>"
        f"<description>{escape(_description(source, article, link))}</description>"
        + (f"<content:encoded><![CDATA[{markup(article)}]]></content:encoded>" if _is_full(source, article) else "")
        + "</item>"
        for article in articles
        for place, link in enumerate(links(article, home=home))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f"<channel><title>{escape(source.name)}</title><link>{home}/</link><language>{source.language}</language>\n"
        f"<description>{escape(source.name)}, everything</description>\n{items}\n</channel></rss>\n"
    )


def atom(source: Source, articles: Sequence[Article], *, home: str) -> str:
    """Give an Atom feed."""
    entries = "\n".join(
        f'<entry><title type="html">{escape(article.title)}</title><link rel="alternate" href="{escape(link)}"/>'
        f"<id>tag:sextant.example,2026:{article.slug}</id><author><name>{escape(article.author)}</name></author>"
        + (f"<published>{article.published.isoformat()}</published>" if article.published else "")
        + f"<updated>{(article.updated or article.published or datetime.min.replace(tzinfo=UTC)).isoformat()}</updated>"
        f'<summary>{escape(article.summary)}</summary><content type="html">{escape(markup(article))}</content></entry>'
        for article in articles
        for link in links(article, home=home)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{source.language}"><title>{escape(source.name)}</title>'
        f'<link href="{home}/"/><link rel="self" href="{home}{source.feed}"/><id>tag:sextant.example,2026:feed</id>\n'
        f"<updated>2026-09-21T11:00:00+00:00</updated>\n{entries}\n</feed>\n"
    )


def json_feed(source: Source, articles: Sequence[Article], *, home: str) -> str:
    """Give a JSON Feed 1.1."""
    items = [
        {
            "id": article.key,
            "url": link,
            "title": article.title,
            "summary": article.summary,
            "content_html": markup(article),
            "date_published": article.published.isoformat() if article.published else None,
            "authors": [{"name": article.author}],
        }
        for article in articles
        for link in links(article, home=home)
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": source.name,
        "home_page_url": f"{home}/",
        "language": source.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


def opml(bases: Mapping[str, str]) -> str:
    """List all feeds, those that work and those that do not, in the order in which they are to be asked."""
    good = "\n".join(
        f'<outline type="rss" text="{escape(each.name)}" title="{escape(each.name)}"'
        f' xmlUrl="{bases[each.key]}{each.feed}" htmlUrl="{bases[each.key]}/"/>'
        for each in SOURCES
    )
    key, path = JSON_FEED
    more = f'<outline type="rss" text="CERT Estuaire" xmlUrl="{bases[key]}{path}"/>'
    bad = "\n".join(
        f'<outline type="rss" text="{escape(name)}" xmlUrl="{bases[key]}{path}"/>' for key, path, name in BROKEN
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<opml version="2.0"><head><title>A small news world</title></head><body>\n'
        f'<outline text="Publishers">\n{good}\n{more}\n</outline>\n<outline text="Broken">\n{bad}\n</outline>\n'
        "</body></opml>\n"
    )


def _is_full(source: Source, article: Article) -> bool:
    return source.body == "full" and article.page in {"article", "short"}


def _description(source: Source, article: Article, link: str) -> str:
    if source.body != "excerpt":
        return f"<p>{escape(article.summary)}</p>"
    start = " ".join(article.text.split()[:TEASER_WORDS])
    return (
        f'<p>{escape(start)} [&#8230;]</p>\n<p>The post <a href="{link}">{escape(article.title)}</a> appeared first on'
        f" {escape(source.name)}.</p>"
    )


def _relative(link: str, source: Source, home: str) -> str:
    """La Digue writes links without a host into its feed, as one feed in a few dozen does."""
    return link.removeprefix(home) if source.key == "digue" else link
