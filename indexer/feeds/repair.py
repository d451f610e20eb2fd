"""Mend what would break the feed parser or hold it; pure, and it knows nothing of what a feed says."""

from __future__ import annotations

import re
import sys

# What stands before the XML declaration (a byte order mark, warnings of a server, comments) breaks the strict parser.
_BEGINNING = 10_000  # characters
_ROOT = re.compile(r"<(?:rss|feed|rdf:rdf|channel|html|!doctype)\b", re.IGNORECASE)

# Before a document type may stand comments and processing instructions, and in it quotes and comments.
_BEFORE_TYPE = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = "<!DOCTYPE"
_IN_TYPE = re.compile(r"[\"'\[\]>]|<!--")

# A character written as the two halves that UTF-16 has for it (common), or one that does not exist: the parser fails.
_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{4,})|([0-9]{5,}));?")
_SURROGATES = range(0xD800, 0xE000)
_LONGEST = 12  # digits, zeros before the number among them; Python reads none of thousands
_NO_CHARACTER = "\ufffd"

# The parser looks for a mail address in an author in time that is quadratic in the longest run of its characters:
# 64,000 hold it for 20 s (feedparser #562). No name and no address has such a run, so the author is left out before.
# What gets past this is killed in its worker.
_AUTHOR = re.compile(
    r"(<(?:[\w.-]+:)?(?:author|creator|managingEditor|webMaster|publisher)\b[^<>]*>)((?:<!\[CDATA\[)?[^<]{300,})",
    re.IGNORECASE,
)
_ENDLESS = re.compile(r"[\w.+-]{300}", re.ASCII)


def mend(text: str) -> str:
    """Give a feed as the parser can read it."""
    return _AUTHOR.sub(_author, whole_characters(without_entities(from_declaration(text))))


def from_declaration(text: str) -> str:
    """Drop what stands before the XML declaration."""
    beginning = text[:_BEGINNING]
    start = beginning.find("<?xml")
    return text[start:] if start > 0 and not _ROOT.search(beginning, 0, start) else text.lstrip("\ufeff \t\r\n")


def without_entities(text: str) -> str:
    """Drop a document type that defines entities: none is needed in a feed, and a few lines of them are gigabytes.

    The parser opens no external ones; internal ones it unfolds up to 8 MB, which takes it many seconds.
    """
    start = 0
    while found := _BEFORE_TYPE.match(text, start):
        start = found.end()
    if not text.startswith(_DOCTYPE, start):
        return text
    end = _end_of_type(text, start)
    return text[:start] + text[end:] if "<!ENTITY" in text[start:end] else text


def _end_of_type(text: str, start: int) -> int:
    """Find where a document type ends; one that does not end takes the rest, as it does for the strict parser."""
    place, inside = start, False
    while found := _IN_TYPE.search(text, place):
        sign, place = found.group(), found.end()
        if sign == ">" and not inside:
            return place
        if sign in "[]":
            inside = sign == "["
        elif sign != ">":
            closing = "-->" if sign == "<!--" else sign
            end = text.find(closing, place)
            if end < 0:
                break
            place = end + len(closing)
    return len(text)


def whole_characters(text: str) -> str:
    """Write references to halves of characters as the characters; what is none becomes a question mark in a rhombus."""
    replaced = _REFERENCE.sub(_half, text)
    if replaced == text:
        return text
    return replaced.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _half(match: re.Match[str]) -> str:
    digits = match.group(1) or match.group(2)
    if len(digits) > _LONGEST:
        return _NO_CHARACTER
    number = int(digits, 16 if match.group(1) else 10)
    if number in _SURROGATES:
        return chr(number)
    return match.group() if number <= sys.maxunicode else _NO_CHARACTER


def _author(match: re.Match[str]) -> str:
    return match.group(1) if _ENDLESS.search(match.group(2)) else match.group()
