"""Render an article as the page its publisher would serve: navigation, cookie bar, side bar, footer around the text.

It must not know where the pages are served from: addresses come in as arguments.
"""

from __future__ import annotations

import json
from html import escape
from string import Template
from typing import TYPE_CHECKING

from demo_site.content import HERE, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from demo_site.content import Article, Source

TEMPLATES = {path.stem: Template(path.read_text(encoding="utf-8")) for path in (HERE / "templates").glob("*.html")}
WORDS = json.loads((HERE / "words.json").read_text(encoding="utf-8"))
PUBLISHER = {source.key: source for source in SOURCES}


def markup(article: Article) -> str:
    """Give the text as HTML paragraphs and quotations, with the publisher's own footer below."""
    parts = [
        f"<blockquote><p>{_emphasis(block[2:])}</p></blockquote>"
        if block.startswith("> ")
        else f"<p>{_emphasis(block)}</p>"
        for block in article.blocks
    ]
    footer = PUBLISHER[article.source].footer
    return "\n".join([*parts, f"<p><em>{escape(footer)}</em></p>"] if footer else parts)


def page(article: Article, *, bases: Mapping[str, str], others: Iterable[Article]) -> str:
    """Give the whole page; ``bases`` maps a source's key to the start of its URLs, ``others`` are linked beside it."""
    source = PUBLISHER[article.source]
    home = bases[source.key]
    stamp = article.published.isoformat() if article.published else ""
    canonical = _url(article.canonical, bases) if article.canonical else ""
    template = "article" if article.page == "article" else article.page
    return TEMPLATES[source.template if template == "article" else template].substitute(
        _frame(source, home, others),
        title=escape(article.title),
        slug=article.slug,
        author=escape(article.author),
        summary=escape(article.summary),
        published_meta=f'<meta property="article:published_time" content="{stamp}">' if stamp else "",
        published_time=f'<time datetime="{stamp}">{stamp[:10]}</time>' if stamp else "",
        canonical_link=f'<link rel="canonical" href="{canonical}">' if canonical else "",
        tags=" ".join(f'<a rel="tag" href="{home}/tag/{tag}">{tag}</a>' for tag in article.tags),
        body=markup(article),
    )


def front(source: Source, *, home: str, articles: Iterable[Article]) -> str:
    """Give a page of a publisher that lists its articles and is not a feed."""
    return TEMPLATES["plain"].substitute(_frame(source, home, articles))


def _frame(source: Source, home: str, articles: Iterable[Article]) -> dict[str, str]:
    words = WORDS[source.language]
    return {
        **{name: escape(word) for name, word in words.items() if isinstance(word, str)},
        "language": source.language,
        "name": escape(source.name),
        "home": home,
        "feed": home + source.feed,
        "nav": "".join(
            f'<li><a href="{home}/{place}">{escape(name)}</a></li>' for place, name in enumerate(words["nav"])
        ),
        "nav_plain": " | ".join(
            f'<a href="{home}/{place}">{escape(name)}</a>' for place, name in enumerate(words["nav"])
        ),
        "related": "".join(f'<li><a href="{home}{each.path}">{escape(each.title)}</a></li>' for each in articles),
    }


def _url(key: str, bases: Mapping[str, str]) -> str:
    source, _, slug = key.partition("/")
    return f"{bases[source]}/{source}/2026/09/{slug}.html"


def _emphasis(text: str) -> str:
    """Turn ``*word*`` into emphasis; nothing else of Markdown is used."""
    parts = escape(text, quote=False).split("*")
    return "".join(f"<em>{part}</em>" if place % 2 else part for place, part in enumerate(parts))
