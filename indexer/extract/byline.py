"""Find the line of a page that names its author, by how its elements are called; what metadata says comes before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.etree import XPath  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

MAX_LENGTH = 120  # characters; longer ones are about the author
MAX_CANDIDATES = 200  # real pages have up to 40

# One pass in C, without regular expressions, which XPath would ask Python for at every element.
CANDIDATES = XPath(
    ".//*[@rel='author' or contains(@itemprop,'author') or contains(@class,'uthor') or contains(@class,'yline')"
    " or contains(@id,'uthor') or contains(@id,'yline')]"
)
FRAMES = frozenset({"html", "body", "main", "article", "form", "input", "img", "label", "textarea", "link", "meta"})
# Authors of something else, and what stands beside a name.
ELSEWHERE = re.compile(
    r"comment|respond|reply|related|sidebar|widget|avatar|image|photo|bio\b|about|social|follow|title|date|meta$",
    re.IGNORECASE,
)
# A class of just the name.
NAME = re.compile(r"(?:^|[\s_-])(?:authors?(?:[-_]*name)?|byline[-_]*author)(?:$|\s)", re.IGNORECASE)
# What follows a name on its line: a handle, a moment, the time that reading takes.
AFTER_NAME = re.compile(
    r"[\s,;|•–—-]*(?:\s@\w|(?:(?<!\w)(?:\w+day|published|updated|posted|on|le|am|(?:jan|feb|fev|f[ée]v|m[aä]r|apr|avr|mai|may"
    r"|jun|jui|jul|aug|ao[uû]|sep|o[ck]t|nov|dec|d[ée]c|dez)\w*)[\s,.]+)*(?<!\w)\d).*",
    re.IGNORECASE | re.DOTALL,
)


def find(tree: HtmlElement) -> str:
    """Give what stands in the likeliest byline, without its date; empty where there is none."""
    found: HtmlElement | None = None
    second = ""
    for element in CANDIDATES(tree)[:MAX_CANDIDATES]:
        if found is not None and not any(above is found for above in element.iterancestors()):
            break
        text = _text(element)
        if not text:
            continue
        if _is_named_so(element):
            found = element  # or what stands within it and says so as well
        elif found is None:
            second = second or text
    return _text(found) if found is not None else second


def _text(element: HtmlElement) -> str:
    """Give the name in an element, or nothing where it cannot be that of the author."""
    if element.tag in FRAMES or ELSEWHERE.search(_names(element)):
        return ""
    line = " ".join(" ".join(element.itertext()).split())
    name = AFTER_NAME.sub("", line) if len(line) <= MAX_LENGTH else ""
    return name if len(name) > 2 and not _is_elsewhere(element) else ""


def _names(element: HtmlElement) -> str:
    return " ".join((element.get("class") or "", element.get("id") or ""))


def _is_named_so(element: HtmlElement) -> bool:
    is_marked = element.get("rel") == "author" or "author" in (element.get("itemprop") or "")
    return is_marked or bool(NAME.search(_names(element)))


def _is_elsewhere(element: HtmlElement) -> bool:
    for above in element.iterancestors():
        if above.tag in FRAMES:
            return False
        if above.tag == "aside" or "comment" in _names(above):
            return True
    return False
