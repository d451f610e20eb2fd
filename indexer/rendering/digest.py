"""Write a digest as HTML, for mails and feeds; it sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.rendering.labels import LABELS, spoken
from indexer.rendering.templating import fill, link, page
from indexer.search import segments

if TYPE_CHECKING:
    from indexer.elastic.outbox import Digest, Item
    from indexer.rendering.labels import Language

ALSO = 12  # articles that are named after «also in»; the others are counted


def digest_page(digest: Digest) -> str:
    """Give a digest as a page of its own: the HTML of a mail."""
    labels = LABELS[spoken(digest.language)]
    new = [_item(each) for each in digest.items if not each.again]
    again = [_item(each) for each in digest.items if each.again]
    values = {
        "language": digest.language,
        "labels": labels,
        "name": digest.name,
        "query": digest.query,
        "headline": labels.headline(len(new), sum(len(each.also) for each in digest.items if each.again)),
        "at": digest.at.strftime("%Y-%m-%d %H:%M"),
        "new": new,
        "again": again,
    }
    return page("digest.html", "digest.css", values)


def item_html(item: Item, language: Language) -> str:
    """Give the body of one article as HTML, for the entry of a feed."""
    return fill("item.html", {"labels": LABELS[language], "each": _item(item)}).strip()


def _item(item: Item) -> dict[str, Any]:
    return {
        "title": " ".join(item.title.split()),
        "url": item.url,
        "link": link(item.url),
        "source": item.source,
        "domain": item.domain if item.domain.casefold() not in item.source.casefold() else "",
        "date": item.at.strftime("%Y-%m-%d %H:%M"),
        "passage": [{"text": text, "hit": hit} for text, hit in segments(item.passage)],
        "labels": list(item.labels),
        "also": [
            {"source": each.source, "link": link(each.url), "date": each.at.strftime("%Y-%m-%d %H:%M")}
            for each in item.also[:ALSO]
        ],
        "also_more": max(0, len(item.also) - ALSO),
    }
