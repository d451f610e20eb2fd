"""Turn a page's bytes into text, and tell HTML from plain text and from what is neither.

What headers say of type and encoding is a hint: the bytes win.
"""

from __future__ import annotations

import codecs
import re
from enum import Enum

from trafilatura.utils import detect_encoding

from indexer.encodings import BOMS, ESCAPED, charsets, codec_of, unpack
from indexer.extract.language import detect_language
from indexer.models import Reason, RejectedError

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"RIFF", "image or sound"),
    (b"OggS", "sound"),
    (b"ID3", "sound"),
    (b"PK\x03\x04", "archive or office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office document"),
    (b"\x7fELF", "program"),
)
# Single-byte codecs that have the letters a to z and accents; cp1252 but for these languages, as in browsers.
LATIN = re.compile(r"cp(?:125[02478]|437|85\d)|iso8859-(?:1|2|3|4|9|10|13|14|15|16)$|mac|latin")
CODEC_OF_LANGUAGE = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "sl", "hr", "bs", "sq"), "cp1250"),
    **dict.fromkeys(("et", "lv", "lt"), "cp1257"),
    "tr": "cp1254",
    "vi": "cp1258",
}

MAX_UNDECODABLE = 0.005  # share of characters; single bytes go wrong in pages put together from parts
UTF8_SURE = 20  # valid sequences of UTF-8 for each invalid one: no other encoding looks so

CHARSET_OF_PAGE = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
WHERE_CHARSETS_STAND = 4096  # bytes; browsers look at the first 1,024

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
TEXT_TYPES = frozenset({"text/plain", "text/markdown"})
XML_TYPES = frozenset({"text/xml", "application/xml"})
VAGUE_TYPES = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/unknown", "unknown/unknown"}
)

PROLOGUE = r"\s*(?:(?:<\?xml[^>]*>|<!--.*?-->)\s*)*"
HTML_START = re.compile(
    PROLOGUE + r"<(?:!doctype\s+html|html|head|body|title|meta|link|script)\b", re.IGNORECASE | re.DOTALL
)
FEED_START = re.compile(PROLOGUE + r"<(?:rss|feed|rdf:rdf|urlset|sitemapindex|opml)\b", re.IGNORECASE | re.DOTALL)
ANY_TAG = re.compile(r"</?(?:p|div|a|h[1-6]|br|span|table|ul|article|section)\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")
BEGINNING = 2048  # characters


class Form(Enum):
    """What kind of document a page is."""

    HTML = "html"
    TEXT = "text"


def decode(body: bytes, content_type: str | None) -> tuple[str, Form]:
    """Give the characters of a page and its form.

    Raises RejectedError: WRONG_TYPE for what is no text, TOO_LARGE and BAD_ENCODING for a body that is still
    compressed and bursts or breaks.
    """
    body = unpack(body)
    for signature, name in SIGNATURES:
        if body.startswith(signature):
            raise RejectedError(Reason.WRONG_TYPE, name)
    declared = (content_type or "").partition(";")[0].strip().lower()
    text = to_text(body, content_type)
    return text, _form(text[:BEGINNING], declared)


def to_text(body: bytes, content_type: str | None) -> str:
    """Decode by the first of: byte order mark, valid UTF-8, what header or page declare, what statistics say.

    UTF-8 comes before the declarations since nothing else looks like it, and headers do say utf-16 of it.
    """
    for mark, codec in BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    declared = _declared(body, content_type)
    if any(map(ESCAPED.match, declared)) and b"\x1b" in body:
        return body.decode(declared[0], "replace")
    if wide := _wide(body[:BEGINNING]):
        return body.decode(wide, "replace")
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if not broken or (len(text.encode("utf-8", "replace")) - len(text)) > broken * (2 + UTF8_SURE):
        return text
    for codec in (*declared, *_likely(body)):
        try:
            text = body.decode(codec, "replace")
        except LookupError:
            continue
        if text.count("\ufffd") <= MAX_UNDECODABLE * len(text):
            return text
    return body.decode("cp1252", "replace")


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """Give the codecs that the header and the page name, likelier first."""
    names = charsets(content_type)
    for in_meta, in_xml in CHARSET_OF_PAGE.findall(body[:WHERE_CHARSETS_STAND]):
        names.append((in_meta or in_xml).decode("ascii"))
    found = [codec for codec in map(codec_of, names) if codec]
    # Servers add Latin-1 to all they send: where the page knows better, the page is right.
    return sorted(dict.fromkeys(found), key="cp1252".__eq__)


def _likely(body: bytes) -> list[str]:
    """Give codecs by statistics; those of Latin letters are too alike for them and go by the language."""
    guesses = [codecs.lookup(each).name for each in detect_encoding(body)]
    if guesses and LATIN.match(guesses[0]):
        language = detect_language(TAG.sub(" ", body.decode(guesses[0], "replace")))
        return [CODEC_OF_LANGUAGE.get(language or "", "cp1252"), *guesses]
    return guesses


def _wide(start: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zero bytes."""
    half = len(start) // 2
    for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if half and start[offset::2].count(0) > half // 2 and start[1 - offset :: 2].count(0) < half // 10:
            return codec
    return None


def _form(start: str, declared: str) -> Form:
    """Tell the form by the beginning of the text and, where that leaves it open, by the declared type."""
    if FEED_START.match(start):
        raise RejectedError(Reason.WRONG_TYPE, "a feed or another XML list, not a page")
    if declared in HTML_TYPES or (HTML_START.match(start) and declared in TEXT_TYPES | XML_TYPES | VAGUE_TYPES):
        return Form.HTML
    if declared in TEXT_TYPES:
        return Form.TEXT
    if declared not in VAGUE_TYPES:
        raise RejectedError(Reason.WRONG_TYPE, declared[:80])
    if "\0" in start or start.count("\ufffd") > len(start) // 10:
        raise RejectedError(Reason.WRONG_TYPE, "not text")
    return Form.HTML if ANY_TAG.search(start) else Form.TEXT
