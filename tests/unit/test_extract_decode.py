"""Bytes to text: types and encodings, declared, undeclared and wrongly declared."""

from __future__ import annotations

import codecs
import gzip
import zlib
from datetime import UTC, datetime

import pytest
from pages import CHINESE, ENGLISH, FRENCH, POLISH, RUSSIAN, TRADITIONAL, page, paragraphs

from indexer.extract import extract
from indexer.models import Extraction, Reason, RejectedError

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


def read(body: bytes, content_type: str | None = "text/html") -> Extraction:
    """Extract a page that is to be accepted."""
    return extract(body, url="https://herald.example/a", content_type=content_type, now=NOW)


def refuse(body: bytes, content_type: str | None) -> Reason:
    """Extract a page that is to be rejected, and give why."""
    with pytest.raises(RejectedError) as caught:
        read(body, content_type)
    return caught.value.reason


def declaring(charset: str) -> str:
    """Give the element that declares an encoding."""
    return f'<meta charset="{charset}">'


@pytest.mark.parametrize(
    ("texts", "codec", "header", "meta"),
    [
        # declared
        (RUSSIAN, "windows-1251", "text/html; charset=windows-1251", ""),
        (RUSSIAN, "windows-1251", "text/html", "windows-1251"),
        (RUSSIAN, "koi8-r", 'text/html; charset="KOI8-R"', ""),
        (CHINESE, "gb18030", "text/html; charset=gb2312", ""),
        (CHINESE, "gb18030", None, "GBK"),
        (TRADITIONAL, "big5hkscs", "text/html", "big5"),
        (FRENCH, "windows-1252", "text/html; charset=ISO-8859-1", ""),
        (CHINESE, "utf-16-le", "text/html; charset=utf-16le", ""),
        # not declared
        (RUSSIAN, "windows-1251", "text/html", ""),
        (CHINESE, "gb18030", "text/html", ""),
        (FRENCH, "windows-1252", None, ""),
        (POLISH, "windows-1250", None, ""),
        (ENGLISH, "utf-16-le", None, ""),
        (ENGLISH, "utf-16-be", None, ""),
        # wrongly declared
        (RUSSIAN, "utf-8", "text/html; charset=windows-1251", ""),
        (RUSSIAN, "utf-8", "text/html; charset=iso-8859-1", "windows-1251"),
        (RUSSIAN, "utf-8", "text/html; charset=utf-16", ""),
        (CHINESE, "utf-8", "text/html; charset=no-such-charset", "neither-this"),
        (RUSSIAN, "windows-1251", "text/html; charset=utf-8", "windows-1251"),
        (RUSSIAN, "windows-1251", "text/html; charset=ISO-8859-1", "windows-1251"),
        (CHINESE, "gb18030", "text/html; charset=utf-7", "gb18030"),
    ],
)
def test_encoding(texts: list[str], codec: str, header: str | None, meta: str) -> None:
    """The text is read right whether its encoding is declared, missing or false."""
    html = page(texts, head=declaring(meta) if meta else "")
    text = read(html.encode(codec), header).text
    assert texts[1] in text
    assert "\ufffd" not in text


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_byte_order_mark(mark: bytes, codec: str) -> None:
    """A byte order mark decides, whatever else is declared."""
    assert RUSSIAN[0] in read(mark + page(RUSSIAN).encode(codec), "text/html; charset=windows-1252").text


def test_few_wrong_bytes() -> None:
    """A stray byte in UTF-8 costs one character, not the whole page."""
    body = page(RUSSIAN).encode().replace("вторника".encode(), "втор\N{CYRILLIC SMALL LETTER EN}".encode() + b"\xe9ika")
    text = read(body).text
    assert RUSSIAN[1] in text
    assert RUSSIAN[2] in text


def test_escaped_encoding() -> None:
    """ISO-2022-JP is written in ASCII characters, which makes it valid UTF-8, and is read as what it declares."""
    japanese = ["港は火曜日から閉鎖されています。北の岸壁でクレーンが倒れ、深い航路を塞いだためです。" * 3]
    body = page(japanese, head=declaring("iso-2022-jp")).encode("iso-2022-jp")
    assert "クレーンが倒れ" in read(body).text


@pytest.mark.parametrize("packed", [1, 2])
def test_still_gzipped(packed: int) -> None:
    """A body that is still gzipped, once or twice, is unpacked."""
    body = page(ENGLISH).encode()
    for _ in range(packed):
        body = gzip.compress(body)
    assert ENGLISH[0] in read(body).text


def test_bomb() -> None:
    """A still gzipped body that bursts is refused."""
    assert refuse(gzip.compress(bytes(30_000_000)), "text/html") is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "body", [gzip.compress(page(ENGLISH).encode(), mtime=0)[:-200], b"\x1f\x8b\x08" + b"nonsense" * 50]
)
def test_broken_gzip(body: bytes) -> None:
    """A still gzipped body that is cut or broken is refused."""
    assert refuse(body, "text/html") is Reason.BAD_ENCODING


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "application/pdf"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "text/html"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", None),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(100), None),
        (b"PK\x03\x04" + bytes(100), "application/octet-stream"),
        (bytes(range(256)) * 20, None),
        (b'{"title": "Harbour closed"}', "application/json"),
        (b"a,b\n1,2\n", "text/csv"),
        (b"<rss version='2.0'><channel><title>x</title></channel></rss>", "text/html"),
        (b"<?xml version='1.0'?>\n<!-- a feed --><feed xmlns='http://www.w3.org/2005/Atom'/>", None),
        (b"<root><item/></root>", "application/xml"),
        (zlib.compress(b"x" * 1000), "video/mp4"),
    ],
)
def test_wrong_type(body: bytes, content_type: str | None) -> None:
    """What is neither HTML nor plain text is refused, by its bytes before its declared type."""
    assert refuse(body, content_type) is Reason.WRONG_TYPE


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml", "text/plain", "application/xml",
     "application/octet-stream", "text/html;charset=", ";"],
)  # fmt: skip
def test_html(content_type: str | None) -> None:
    """HTML is known by its beginning where its type is missing, vague or mistaken."""
    assert read(page(ENGLISH).encode(), content_type).title == "Harbour closed"


def test_html_without_a_head() -> None:
    """Without a type, tags make a text HTML."""
    text = read(paragraphs(ENGLISH).encode(), None).text
    assert ENGLISH[3] in text
    assert "<p>" not in text


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", "text/markdown", None])
def test_plain_text(content_type: str | None) -> None:
    """Plain text is the text itself, its lines kept; it says nothing else of itself."""
    text = "\n\n".join(FRENCH)
    assert read(text.encode(), content_type) == Extraction(text=text, language="fr")


def test_short_plain_text() -> None:
    """Plain text of a few words is refused like a page of a few words."""
    assert refuse(b"404 - there is nothing here", "text/plain") is Reason.NO_TEXT
