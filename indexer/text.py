"""Clean titles and HTML fragments to plain text; pure, linear in its input, and it never raises on any string."""

from __future__ import annotations

import html
import re

TITLE_LENGTH = 1_000  # characters; real ones of over 300 were seen, longer ones are a whole article in a title

# Control characters, but for tab and line feed; among them ESC, which a terminal obeys, and directional overrides,
# which show a text in another order than it is in.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ESCAPE_SEQUENCE = re.compile("\x1b(?:\\[[0-9;?]*[@-~]|[@-Z\\\\-_])")
_TAG = re.compile(r"<(?:/?[A-Za-z]|!|\?)[^<>]*>")
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|pre|figure|hr|dt|dd|header|footer)\b[^<>]*>",
    re.IGNORECASE,
)
# What is not text, with all it holds: (where it begins, where it ends).
_DROPPED = (
    ("<!--", "-->"),
    ("<script", "</script>"),
    ("<style", "</style>"),
    ("<template", "</template>"),
    ("<noscript", "</noscript>"),
    ("<figcaption", "</figcaption>"),
)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def strip_controls(text: str) -> str:
    """Drop control characters, lone surrogates and directional overrides."""
    return _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text))


def plain(fragment: str) -> str:
    """Give the text of an HTML fragment, a line a block; entities that were escaped twice are read twice."""
    text = _untagged(fragment)
    for _ in range(2):
        if not _ENTITY.search(text):
            break
        text = _untagged(html.unescape(text))
    text = strip_controls(text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def title(raw: str) -> str:
    """Give a title as one line of plain text of at most ``TITLE_LENGTH`` characters, cut at a word."""
    text = " ".join(plain(raw).split())
    if len(text) <= TITLE_LENGTH:
        return text
    return text[: TITLE_LENGTH - 2].rsplit(" ", 1)[0] + " …"


def _untagged(text: str) -> str:
    if "<" not in text:
        return text
    for begin, end in _DROPPED:
        text = _cut(text, begin, end)
    return _TAG.sub("", _BLOCK.sub("\n", text))


def _cut(text: str, begin: str, end: str) -> str:
    """Cut out every stretch from ``begin`` to ``end``, in one pass; one that never ends stays.

    A regular expression would look for the end again from every beginning.
    """
    lowered = text.lower()
    if len(lowered) != len(text) or begin not in lowered:  # the rare letter that grows when lowered
        return text
    kept, place = [], 0
    while (start := lowered.find(begin, place)) >= 0 and (stop := lowered.find(end, start)) >= 0:
        kept.append(text[place:start])
        place = stop + len(end)
    return " ".join([*kept, text[place:]])
