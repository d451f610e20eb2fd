"""Find the characters of a feed's bytes; it knows nothing of what they say.

Header and declaration are hints, and contradict each other and the bytes: the bytes win.
"""

from __future__ import annotations

import re

from indexer.encodings import BOMS, ESCAPED, charsets, codec_of

_WIDE = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.IGNORECASE)
_BEGINNING = 10_000  # bytes in which the declaration is looked for: warnings of a server may stand before it

# A feed in UTF-8 with some broken bytes (put together from parts, or cut by a program that counts bytes) must not
# become unreadable as a whole: no other encoding has so many valid sequences for each invalid one.
_VALID_FOR_EACH_INVALID = 20


def decode(body: bytes, content_type: str | None) -> str:
    """Decode by the first that can be: byte order mark, UTF-8, declaration, header; it never fails."""
    for mark, name in BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    beginning = body.lstrip(b" \t\r\n")[:4]
    for start, name in _WIDE:
        if beginning.startswith(start):
            return body.decode(name, "replace")
    declared = _DECLARATION.search(body[:_BEGINNING])
    named = [declared.group(1).decode("ascii")] if declared else []
    names = [codec for codec in map(codec_of, (*named, *charsets(content_type))) if codec]
    escaped = [name for name in names if ESCAPED.match(name)]
    for name in (*escaped, "utf-8", *names):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    text = body.decode("utf-8", "replace")
    invalid = text.count("\ufffd")
    valid = sum(1 for character in text if character > "\x7f") - invalid
    return text if valid >= invalid * _VALID_FOR_EACH_INVALID else body.decode("cp1252", "replace")
