"""Find the characters of a feed's bytes; it knows nothing of what they say.

Header and declaration are hints, and contradict each other and the bytes: the bytes win.
"""

from __future__ import annotations

import codecs
import re
import zlib

from indexer.models import Reason, RejectedError

BODY_LIMIT = 20_000_000  # bytes after unpacking a body that was still compressed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
# What these names are used for: the larger sets that contain them.
_SUPERSETS = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
_ESCAPED = re.compile(r"iso-?2022|^hz")  # written in ASCII characters, hence valid UTF-8 as well
_NOT_TEXT = re.compile(r"utf-?(?:7|16|32)|idna|punycode|unicode|undefined|charmap")
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.IGNORECASE)
_BEGINNING = 10_000  # bytes in which the declaration is looked for: warnings of a server may stand before it

# A feed in UTF-8 with some broken bytes (put together from parts, or cut by a program that counts bytes) must not
# become unreadable as a whole: no other encoding has so many valid sequences for each invalid one.
_VALID_FOR_EACH_INVALID = 20


def unpack(body: bytes) -> bytes:
    """Unpack a body that the server compressed without saying so; raises RejectedError where it bursts or breaks."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, BODY_LIMIT)
    except zlib.error as error:
        raise RejectedError(Reason.BAD_ENCODING, f"a gzip body that is broken: {error}") from error
    if unpacker.unconsumed_tail:
        raise RejectedError(Reason.TOO_LARGE, f"more than {BODY_LIMIT:,} bytes after unpacking")
    return unpacked


def decode(body: bytes, content_type: str | None) -> str:
    """Decode by the first that can be: byte order mark, UTF-8, declaration, header; it never fails."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    beginning = body.lstrip(b" \t\r\n")[:4]
    for start, name in _WIDE:
        if beginning.startswith(start):
            return body.decode(name, "replace")
    declared = _DECLARATION.search(body[:_BEGINNING])
    header = _HEADER.search(content_type or "")
    names = [
        codec
        for codec in (
            _codec(declared.group(1).decode("ascii") if declared else ""),
            _codec(header.group(1) if header else ""),
        )
        if codec
    ]
    escaped = [name for name in names if _ESCAPED.search(name)]
    for name in (*escaped, "utf-8", *names):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    text = body.decode("utf-8", "replace")
    invalid = text.count("\ufffd")
    valid = sum(1 for character in text if character > "\x7f") - invalid
    return text if valid >= invalid * _VALID_FOR_EACH_INVALID else body.decode("cp1252", "replace")


def _codec(name: str) -> str | None:
    """Give the codec that a name is used for; None for one that nothing knows, or that bytes with «<» cannot be in."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if _NOT_TEXT.match(found) else _SUPERSETS.get(found, found)
