"""Facts about encodings that feeds and pages share, and unpacking; pure, and it does not know what is decoded."""

from __future__ import annotations

import codecs
import re
import zlib

from indexer.models import Reason, RejectedError

UNPACKED_LIMIT = 20_000_000  # bytes; twice what is read of a feed, four times what is read of a page

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ESCAPED = re.compile(r"iso-?2022|hz")  # written in ASCII characters, hence valid UTF-8 as well

_GZIP = b"\x1f\x8b\x08"
_PACKED_AT_MOST = 3  # times; twice was seen
# What browsers take these names for: the larger sets that contain them (WHATWG Encoding Standard).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Where bytes are no UTF-8, none of these can be meant: wide ones, and Python's own which are for other uses.
_NOT_MEANT = re.compile(r"utf-?(?:7|16|32)|idna|punycode|unicode|undefined|charmap|palmos")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


def codec_of(name: str) -> str | None:
    """Give the codec that a declared name is used for; None for one that is unknown or cannot be meant."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        return None
    return None if _NOT_MEANT.match(found) else _SUPERSETS.get(found, found)


def charsets(content_type: str | None) -> list[str]:
    """List the charsets that a Content-Type header names, as they stand there."""
    return _CHARSET.findall(content_type or "")


def unpack(body: bytes) -> bytes:
    """Unpack a body that is still gzipped, as often as it was packed; others come back as they are.

    Raises RejectedError: TOO_LARGE where it bursts ``UNPACKED_LIMIT``, BAD_ENCODING where it is broken or cut.
    """
    for _ in range(_PACKED_AT_MOST):
        if not body.startswith(_GZIP):
            break
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            unpacked = unpacker.decompress(body, UNPACKED_LIMIT + 1)
        except zlib.error as error:
            raise RejectedError(Reason.BAD_ENCODING, f"broken gzip: {error}") from error
        if len(unpacked) > UNPACKED_LIMIT:
            raise RejectedError(Reason.TOO_LARGE, f"more than {UNPACKED_LIMIT / 1_000_000:g} MB unpacked")
        if not unpacker.eof:
            raise RejectedError(Reason.BAD_ENCODING, "the gzip data is cut")
        body = unpacked
    return body
