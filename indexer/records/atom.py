"""Write records as an Atom feed (RFC 4287) that readers can show and an import reads back whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

import orjson
from defusedxml.ElementTree import iterparse

if TYPE_CHECKING:
    from collections.abc import Iterator

ATOM = "http://www.w3.org/2005/Atom"
OURS = "urn:condensat:export"  # of the element that carries what Atom has no place for
# XML 1.0 has no place at all for these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_ATOM = frozenset({"title", "text"})  # these stand once, in the elements that readers show


def head(name: str, title: str, updated: str) -> bytes:
    """Open a feed; ``name`` tells it from others, ``updated`` is when it was made, in RFC 3339."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="{ATOM}" xmlns:c="{OURS}">\n'
        f"<id>{OURS}:{name}</id>\n<title>{text(title)}</title>\n<updated>{updated}</updated>\n"
        "<author><name>condensat</name></author>\n<generator>condensat</generator>\n"
    ).encode()


def entry(record: dict[str, Any]) -> bytes:
    """Write one article."""
    source = record["source"]
    names = record.get("authors") or [source.get("name") or source["domain"]]
    terms = [term for name in ("tags", "stories", "cves") for term in record.get(name) or ()]
    parts = [
        f"<id>urn:condensat:article:{record['id']}</id>",
        f"<title>{text(record.get('title') or record['url'])}</title>",
        f'<link rel="alternate" href={attribute(record["url"])}/>',
        f"<updated>{record.get('modified') or record['effective']}</updated>",
        f"<published>{record['effective']}</published>",
        *(f"<author><name>{text(name)}</name></author>" for name in names),
        *(f"<category term={attribute(term)}/>" for term in terms),
        f"<content>{text(record['text'])}</content>",
    ]
    rest = {name: value for name, value in record.items() if name not in _IN_ATOM}
    if record.get("title") is not None and not record["title"]:
        rest["title"] = ""
    parts.append(f"<c:article>{text(orjson.dumps(rest).decode())}</c:article>")
    return f"<entry>{''.join(parts)}</entry>\n".encode()


def tail() -> bytes:
    """Close the feed."""
    return b"</feed>\n"


def read(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Read the articles of a feed, entry after entry; raises ElementTree's ``ParseError`` where it is broken."""
    root = None
    for event, element in iterparse(file, events=("start", "end")):
        if root is None:
            root = element
        if event == "end" and element.tag == f"{{{ATOM}}}entry":
            yield _entry(element)
            root.clear()  # a long feed does not fit into memory


def _entry(element: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, tag in (("title", "title"), ("text", "content"), ("summary", "summary"), ("published", "published")):
        value = element.findtext(f"{{{ATOM}}}{tag}")
        if value is not None:
            found[name] = value
    link = element.find(f"{{{ATOM}}}link")
    if link is not None:
        found["url"] = link.get("href")
    ours = element.findtext(f"{{{OURS}}}article")
    if ours:
        try:
            rest = orjson.loads(ours)
        except orjson.JSONDecodeError:
            rest = {}
        if isinstance(rest, dict) and rest:
            found = {"title": found.get("title"), "text": found.get("text"), **rest}
    return found


def text(words: str) -> str:
    """Write a text as the content of an element."""
    # a bare carriage return would be read as a newline
    return escape(_FORBIDDEN.sub("", words), {"\r": "&#13;"})


def attribute(words: str) -> str:
    """Write a text as the value of an attribute, with its quotes."""
    return quoteattr(_FORBIDDEN.sub("", words), {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
