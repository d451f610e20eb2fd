"""Write digests as the files that they go to: Atom, JSON Feed, Markdown; pure, each file is made anew as a whole."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from indexer.digests.text import markdown, one_line, passage
from indexer.elastic.documents import moment
from indexer.records import atom
from indexer.rendering import item_html, spoken
from indexer.rendering.templating import link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from indexer.elastic.outbox import Digest, Elsewhere, Item

ENTRIES = 100  # of a feed, the latest
DIGESTS = 20  # of a Markdown file, the latest
JSON_FEED = "https://jsonfeed.org/version/1.1"
OURS = "urn:condensat:article:"


def content(kind: str, path: str, digests: Iterable[Digest]) -> bytes:
    """Give what a file holds after these digests, the latest first, of which no more are read than it takes."""
    if kind == "markdown":
        return markdown(islice(digests, DIGESTS)).encode()
    entries = list(islice(_entries(digests), ENTRIES))
    title = PurePath(path).stem
    names = list(dict.fromkeys(digest.name for digest, _ in entries))
    if names:
        title = f"condensat: {', '.join(names)}"
    return _json_feed(title, entries) if path.lower().endswith(".json") else _atom(title, path, entries)


def _entries(digests: Iterable[Digest]) -> Iterator[tuple[Digest, Item]]:
    """Yield the articles, each once, in its latest form, with all that is known to repeat it.

    What stood in an earlier digest is read only so far as the feed is long.
    """
    found: dict[str, tuple[Digest, Item]] = {}
    for digest in digests:
        for item in digest.items:
            if item.id in found:
                later, known = found[item.id]
                found[item.id] = later, replace(known, also=_together(item.also, known.also), again=False)
            elif len(found) < ENTRIES:
                found[item.id] = digest, item
        if len(found) >= ENTRIES:
            break
    yield from found.values()


def _together(first: Iterable[Elsewhere], more: Iterable[Elsewhere]) -> tuple[Elsewhere, ...]:
    return tuple({each.id: each for each in (*first, *more)}.values())


def _atom(title: str, path: str, entries: list[tuple[Digest, Item]]) -> bytes:
    updated = moment(max(digest.at for digest, _ in entries)) if entries else "1970-01-01T00:00:00.000Z"
    name = f"digest:{quote(PurePath(path).name)}"
    return b"".join([atom.head(name, one_line(title), updated), *(_entry(*each) for each in entries), atom.tail()])


def _entry(digest: Digest, item: Item) -> bytes:
    address = link(item.url)
    parts = [
        f"<id>{OURS}{item.id}</id>",
        f"<title>{atom.text(one_line(item.title) or item.url)}</title>",
        *([f'<link rel="alternate" href={atom.attribute(address)}/>'] if address else ()),
        f"<updated>{moment(digest.at)}</updated>",
        f"<published>{moment(item.at)}</published>",
        f"<author><name>{atom.text(one_line(item.source))}</name></author>",
        *(f"<category term={atom.attribute(one_line(label))}/>" for label in item.labels),
        f'<content type="html">{atom.text(item_html(item, spoken(digest.language)))}</content>',
    ]
    return f"<entry>{''.join(parts)}</entry>\n".encode()


def _json_feed(title: str, entries: list[tuple[Digest, Item]]) -> bytes:
    items = [_json_item(*each) for each in entries]
    return orjson.dumps({"version": JSON_FEED, "title": one_line(title), "items": items}, option=orjson.OPT_INDENT_2)


def _json_item(digest: Digest, item: Item) -> dict[str, Any]:
    address = link(item.url)
    return {
        "id": f"{OURS}{item.id}",
        **({"url": address} if address else {}),
        "title": one_line(item.title) or one_line(item.url),
        "content_html": item_html(item, spoken(digest.language)),
        "summary": passage(item),
        "date_published": moment(item.at),
        "date_modified": moment(digest.at),
        "authors": [{"name": one_line(item.source)}],
        "tags": [one_line(label) for label in item.labels],
        **({"language": item.language} if item.language else {}),
    }
