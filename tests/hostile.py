"""Feeds, pages, lists and lines as nobody should write them: made from seeds, by spoiling good ones of our own."""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = "The harbour closed its gates at noon because the tide rose faster than the pilots had been told. "

RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Harbour</title><link>https://harbour.example/</link>
<language>en</language><image><url>https://harbour.example/i.png</url></image>
<item><title>Gates &amp; tides</title><link>https://harbour.example/1</link><guid isPermaLink="false">1</guid>
<pubDate>Wed, 09 Sep 2026 10:00:00 +0200</pubDate><dc:creator>Ann Pilot</dc:creator><author>ann@harbour.example</author>
<description>&lt;p&gt;{WORDS}&lt;/p&gt;</description><content:encoded><![CDATA[<p>{WORDS * 4}</p>]]></content:encoded>
<enclosure url="/a.jpg" type="image/jpeg" length="1"/><media:content url="b.jpg" medium="image"/></item>
<item><title>Lamps</title><link>/2?utm_source=x</link><description>{WORDS}</description></item></channel></rss>"""

ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://harbour.example/">
<title type="html">Harbour</title><id>urn:1</id><icon>/i.ico</icon><updated>2026-09-09T10:00:00Z</updated>
<author><name>Ann</name></author>
<entry><title type="html">Gates &lt;b&gt;closed&lt;/b&gt;</title><id>tag:harbour.example,2026:1</id><link href="1"/>
<published>2026-09-09T10:00:00Z</published><summary type="text">{WORDS}</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{WORDS * 4}</p></div></content></entry></feed>"""

JSON = (
    '{"version":"https://jsonfeed.org/version/1.1","title":"Harbour","home_page_url":"https://harbour.example/",'
    '"items":[{"id":"1","url":"https://harbour.example/1","title":"Gates","content_html":"<p>' + WORDS * 4 + '</p>",'
    '"date_published":"2026-09-09T10:00:00Z","authors":[{"name":"Ann"}],"image":"a.jpg","tags":["sea"]},'
    '{"id":2,"content_text":"' + WORDS + '","date_modified":"2026-09-09"}]}'
)

PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Gates | Harbour</title>
<link rel="canonical" href="https://harbour.example/1"><meta property="og:title" content="Gates">
<meta property="article:published_time" content="2026-09-09T10:00:00Z"><meta name="author" content="Ann Pilot">
<meta property="og:image" content="/a.jpg"><script type="application/ld+json">{{"@context":"https://schema.org",
"@type":"NewsArticle","headline":"Gates","datePublished":"2026-09-09","author":{{"name":"Ann"}}}}</script></head>
<body><nav><a href="/">Home</a></nav><article><h1>Gates</h1><p>{WORDS * 3}</p><p>{WORDS * 2}</p><ul><li>{WORDS}</li>
</ul><table><tr><td>{WORDS}</td></tr></table><blockquote>{WORDS}</blockquote></article></body></html>"""

OPML = """<?xml version="1.0"?><opml version="2.0"><head><title>List</title></head><body><outline text="Sea">
<outline type="rss" text="Harbour" title="Harbour" xmlUrl="https://harbour.example/feed" htmlUrl="https://harbour.example/"/>
</outline></body></opml>"""

TOKENS = (
    # characters
    *("\0", "\t", "\r", "\x85", "\x1b[31m", "\u202e", "\ufeff", "\ufffe", "\u2028", "\ud7ff", "\U0001f600", "e\u0301"),
    *("\u0301" * 30, "\u3042" * 40, " " * 50),
    # of XML and HTML
    *(
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "<?xml?>",
        "<?php ",
        "<x:y>",
        "</rss>",
        "<rss>",
        "<>",
        "< ",
        "<![if IE]>",
        "xmlns=",
    ),
    *("&", "&#0;", "&#xD800;", "&#55357;&#56832;", "&#x110000;", f"&#{'9' * 20};", "&nope;", "&amp;amp;lt;", "&e;"),
    *("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>", "<!ENTITY a 'b'>"),
    *("<script>", "<style>", "<svg><foreignObject>", "<p/>", "<table><td>", "<frameset>", "<plaintext>", "<template>"),
    *("<math><mtext>", "<base href='http://['>", "<meta charset=utf-7>", "<meta http-equiv=refresh content='0'>"),
    *("<a href=", "<img src=x onerror="),
    # addresses
    *(
        "http://[",
        "http://a:b:c/",
        "file:///etc/hostname",
        "//",
        "http://xn--/",
        "http://\u00fc\u00fc.example/",
        "data:,x",
    ),
    *("xml:base='javascript:'", "xml:base='http://[::1'", "%", "%00", "%zz", "#", "?"),
    # of JSON
    *("'", '"', "`", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "null", "1e999", "-0", "true", "NaN"),
    # numbers and dates
    *("9" * 400, "0001-01-01", "9999-12-31T23:59:60Z", "Mon, 32 Foo 20266 99:99:99 +9999", "1970-01-01", "-1", "24:00"),
)

CODECS = ("utf-16", "utf-16-le", "utf-32", "cp1251", "shift_jis", "gb18030", "iso2022_jp", "utf-7", "cp037")


def spoilt(good: str, seed: int) -> bytes:
    """Spoil a text in a few ways that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 nothing here is secret
    text = good
    for _ in range(chance.randint(1, 6)):
        text = chance.choice(SPOILERS)(text, chance)
    body = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.15:
        body = text.encode(chance.choice(CODECS), "replace")
    if chance.random() < 0.15:
        body = _flip(body, chance)
    if chance.random() < 0.05:
        body = gzip.compress(body)[: chance.choice((None, -9, 40))]
    return body


def _place(text: str, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    return start, min(len(text), start + chance.choice((0, 1, 5, 50, 500)))


def _insert(text: str, chance: random.Random) -> str:
    start, _ = _place(text, chance)
    return text[:start] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 100)) + text[start:]


def _replace_value(text: str, chance: random.Random) -> str:
    """Put a token where a value stands, which is where parsers look closely."""
    starts = [at + 1 for at, each in enumerate(text) if each in '>"']
    if not starts:
        return text
    start = chance.choice(starts)
    ends = [place for place in (text.find(each, start) for each in '<"') if place >= 0]
    return text[:start] + chance.choice(TOKENS) + text[min(ends, default=len(text)) :]


def _delete(text: str, chance: random.Random) -> str:
    start, end = _place(text, chance)
    return text[:start] + text[end:]


def _repeat(text: str, chance: random.Random) -> str:
    start, end = _place(text, chance)
    return text[:end] + text[start:end] * chance.choice((1, 2, 200)) + text[end:]


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randint(0, len(text))]


def _deepen(text: str, chance: random.Random) -> str:
    start, _ = _place(text, chance)
    tag = chance.choice(
        ("<a>", "<div>", "<item>", "<b>", "<font>", "<table><tr><td>", "[", '{"a":', "<outline>", "<ul><li>")
    )
    return text[:start] + tag * chance.choice((20, 500, 5_000)) + text[start:]


def _lengthen(text: str, chance: random.Random) -> str:
    start, _ = _place(text, chance)
    return text[:start] + chance.choice("a1 .-@&<;/=\n\u00e9") * chance.choice((300, 5_000, 60_000)) + text[start:]


def _swap(text: str, chance: random.Random) -> str:
    names = (
        "title",
        "link",
        "item",
        "entry",
        "guid",
        "author",
        "description",
        "p",
        "article",
        "id",
        "url",
        "html",
        "outline",
    )
    return text.replace(chance.choice(names), chance.choice(names))


SPOILERS: tuple[Callable[[str, random.Random], str], ...] = (
    _insert, _insert, _replace_value, _replace_value, _replace_value, _delete, _repeat, _cut, _deepen, _lengthen, _swap,
)  # fmt: skip


def _flip(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 30)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)
