"""Read and write OPML subscription lists; pure, and it opens no entity that a file defines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from indexer.models import CondensatError
from indexer.text import strip_controls, title
from indexer.urls import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable


_FEED_SCHEME = re.compile(r"^\s*feed:(//)?", re.IGNORECASE)  # feed://a.example and feed:https://a.example


class OpmlError(CondensatError):
    """The file is not OPML."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpmlFeed:
    """A feed as a subscription list names it."""

    url: str
    title: str = ""
    site: str | None = None
    folder: str = ""  # names of folders from the outermost, parted by «/»


def parse(data: bytes) -> tuple[OpmlFeed, ...]:
    """List the feeds, each URL once, in the order of the file; raises OpmlError, which names the line."""
    try:
        root = fromstring(data.lstrip())  # a line feed before the declaration is an error to XML, and common
    except DefusedXmlException as error:
        raise OpmlError("The OPML file defines XML entities, which are never opened. Remove its DOCTYPE.") from error
    except ParseError as error:
        raise OpmlError(f"The file is not well-formed XML, so not OPML: {error}") from error
    if root.tag.lower() != "opml":
        raise OpmlError(f"The file is XML, but not OPML: its root is <{root.tag[:60]}>")
    found: dict[str, OpmlFeed] = {}
    todo: list[tuple[Element, str]] = [(root, "")]  # the next one last
    while todo:
        element, folder = todo.pop()
        inside = folder
        if element.tag.lower() == "outline":
            attributes = {name.lower(): value for name, value in element.attrib.items()}
            name = title(attributes.get("title") or attributes.get("text") or "")
            url = absolute(_FEED_SCHEME.sub(_without_feed, attributes.get("xmlurl", "")), "")
            if url:
                site = absolute(attributes.get("htmlurl"), url)
                found.setdefault(url, OpmlFeed(url=url, title=name, site=site, folder=folder))
            else:
                inside = f"{folder}/{name}" if folder and name else folder or name
        todo += [(each, inside) for each in reversed(element) if each.tag.lower() in {"body", "outline"}]
    return tuple(found.values())


def _without_feed(match: re.Match[str]) -> str:
    return "http://" if match.group(1) else ""


def render(feeds: Iterable[OpmlFeed]) -> bytes:
    """Write a subscription list that ``parse`` and feed readers read, folders as nested outlines."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = "condensat"
    body = SubElement(root, "body")
    folders: dict[str, Element] = {"": body}
    for feed in feeds:
        parent, path = body, ""
        for name in filter(None, feed.folder.split("/")):
            path = f"{path}/{name}" if path else name
            if path not in folders:
                folders[path] = SubElement(parent, "outline", text=name, title=name)
            parent = folders[path]
        shown = strip_controls(feed.title) or feed.url
        attributes = {"type": "rss", "text": shown, "title": shown, "xmlUrl": feed.url}
        if feed.site:
            attributes["htmlUrl"] = feed.site
        SubElement(parent, "outline", attributes)
    indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(tostring(root, encoding="utf-8")) + b"\n"
