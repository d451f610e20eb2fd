"""Feeds as they really are: what is one, which entries it has, and what they say."""

from __future__ import annotations

import contextlib
import gzip
import time
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import encodings, feeds
from indexer.models import Entry, ParsedFeed, Precision, Reason, RejectedError

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
URL = "https://herald.example/feeds/rss.xml"
RUSSIAN, CHINESE = "Порт закрыт из-за шторма", "港口因暴风雨关闭"


def parse(body: bytes, content_type: str | None = "application/rss+xml") -> ParsedFeed:
    """Read a feed."""
    return feeds.parse(body, url=URL, content_type=content_type, now=NOW)


def refuse(body: bytes, content_type: str | None = "application/rss+xml") -> RejectedError:
    """Read what is no feed, and give why it was rejected."""
    with pytest.raises(RejectedError) as caught:
        parse(body, content_type)
    return caught.value


def rss(*items: str, head: str = "", declaration: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    """Give an RSS feed of these items' insides."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'{declaration}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">'
        f"<channel><title>The Herald</title><link>https://herald.example/</link>{head}{inside}</channel></rss>"
    )


def atom(*entries: str, head: str = "") -> bytes:
    """Give an Atom feed of these entries' insides."""
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>The Herald</title>{head}{inside}</feed>'.encode()


def only(*inside: str) -> Entry:
    """Read a feed of one item and give its entry."""
    (entry,) = parse(rss("".join(inside)).encode()).entries
    return entry


LINK = "<link>https://herald.example/storm</link>"


# -- 1. what is a feed ------------------------------------------------------------------------------------


def test_html_is_no_feed_and_names_the_feed() -> None:
    """A web page parses without complaint; it is refused, and the feed that it names is said."""
    page = (
        '<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head>'
        "<body><p>Welcome</p></body></html>"
    )
    error = refuse(page.encode(), "text/html")
    assert error.reason is Reason.NOT_A_FEED
    assert "https://herald.example/feed.xml" in error.detail
    assert refuse(b"<html><body>Welcome</body></html>").detail == "this is an HTML page"


@pytest.mark.parametrize("body", [b"", b" \r\n\t", gzip.compress(b"", mtime=0)])
def test_empty_bodies(body: bytes) -> None:
    """An empty body is told apart from what is no feed."""
    assert refuse(body).reason is Reason.EMPTY_BODY


@pytest.mark.parametrize("body", [b"hello", b"<note>hello</note>", b'{"a": 1}', b"{", b"[]", b"\x00\x01\x02", b"%PDF"])
def test_other_things_are_no_feeds(body: bytes) -> None:
    """What is neither RSS, Atom nor JSON Feed is refused."""
    assert refuse(body).reason is Reason.NOT_A_FEED


def test_no_entries_is_a_warning() -> None:
    """A feed without entries is a feed, and says so."""
    found = parse(rss().encode())
    assert (found.read, found.title) == (0, "The Herald")
    assert found.warnings == ("the feed has no entries",)


def test_broken_feed_yields_what_it_has() -> None:
    """A feed that breaks off gives the entries before."""
    whole = rss(f"<title>One</title>{LINK}", "<title>Two</title><link>https://herald.example/two</link>")
    found = parse(whole[: whole.index("https://herald.example/two")].encode())
    assert found.entries[0].title == "One"
    assert found.warnings == ("the feed breaks off: entries may be missing",)


def test_broken_xml_in_a_whole_feed() -> None:
    """XML that is broken within a feed costs no entry."""
    items = [f"<title>{n} & more&nbsp;<br></title><link>https://herald.example/{n}?a=1&b=2</link>" for n in range(3)]
    found = parse(rss(*items).encode())
    assert [each.url[23:] for each in found.entries] == ["0?a=1&b=2", "1?a=1&b=2", "2?a=1&b=2"]
    assert found.warnings == ()


def test_atom() -> None:
    """An Atom feed gives the same as an RSS one."""
    body = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr-FR"><title>Courrier</title>
    <link href="https://courrier.example/"/><icon>/icon.png</icon><entry><id>tag:courrier.example,2026:1</id>
    <title type="html">Le &lt;i&gt;pont&lt;/i&gt;</title><link rel="alternate" href="https://courrier.example/pont"/>
    <published>2026-09-01T08:00:00+02:00</published><updated>2026-09-02T08:00:00Z</updated>
    <author><name>Ada Roux</name></author><content type="html">&lt;p&gt;Fermé.&lt;/p&gt;</content></entry></feed>"""
    found = parse(body.encode(), "application/atom+xml")
    (entry,) = found.entries
    assert (found.title, found.language, found.version) == ("Courrier", "fr", "atom10")
    assert found.icon == "https://herald.example/icon.png"
    assert (entry.title, entry.url, entry.authors, entry.text) == (
        "Le pont",
        "https://courrier.example/pont",
        ("Ada Roux",),
        "Fermé.",
    )
    assert entry.published.at == datetime(2026, 9, 1, 6, tzinfo=UTC)


def test_json_feed() -> None:
    """JSON Feed is read as well, broken items apart."""
    items = [
        {
            "id": 7,
            "url": "/storm",
            "title": "Storm",
            "content_html": "<p>The harbour &amp; the storm</p>",
            "date_published": "2026-09-01T08:00:00Z",
            "authors": [{"name": "Ann Lee"}],
        },
        {"content_text": "nothing names it"},
        "not an object",
        {"id": "x", "title": 4, "content_text": "harbour"},
    ]
    body = {"version": "https://jsonfeed.org/version/1.1", "title": "The Herald", "items": items}
    found = parse(orjson.dumps(body), "application/feed+json")
    assert (found.version, len(found.entries), len(found.rejected)) == ("json1.1", 2, 1)
    first = found.entries[0]
    assert (first.url, first.text, first.authors) == (
        "https://herald.example/storm",
        "The harbour & the storm",
        ("Ann Lee",),
    )


@pytest.mark.parametrize(
    "change",
    [{"items": 4}, {"items": {"a": 1}}, {"items": None}, {"title": ["x"]}, {"items": [{"id": "x", "authors": 4}]},
     {"items": [{"id": "x", "authors": [4]}]}, {"items": [{"id": "x", "date_published": 4, "url": 4}]}],
)  # fmt: skip
def test_json_feed_of_other_types(change: dict[str, object]) -> None:
    """A JSON Feed whose values are of other types than they should be is read as far as it goes."""
    body = {"version": "https://jsonfeed.org/version/1.1", "title": "The Herald", "items": [], **change}
    assert parse(orjson.dumps(body)).version == "json1.1"


def test_json_feed_s_authors_are_its_items() -> None:
    """Items without authors have the feed's; the text is what the format says it is, literal or HTML."""
    items = [
        {"id": "a", "content_text": "a <b> c", "summary": "Short &amp; <i>"},
        {"id": "b", "author": {"name": "Bo Roy"}, "content_html": "a <b>c</b>"},
    ]
    body = {"version": "https://jsonfeed.org/version/1", "authors": [{"name": "Ann Lee"}], "items": items}
    one, two = parse(orjson.dumps(body)).entries
    assert (one.authors, two.authors) == (("Ann Lee",), ("Bo Roy",))
    assert (one.url, one.has_link, two.text) == (f"{URL}#entry-a", False, "a c")


@given(st.binary(max_size=300))
def test_bytes_give_a_feed_or_a_reason(body: bytes) -> None:
    """No bytes raise anything but a rejection."""
    with contextlib.suppress(RejectedError):
        parse(body)


# -- 2. identity ------------------------------------------------------------------------------------------


def test_entries_without_an_identity_are_rejected() -> None:
    """An entry without link, id and title is counted as rejected; the others stay."""
    found = parse(rss("<description>nothing</description>", f"<title>One</title>{LINK}").encode())
    assert (len(found.entries), found.read) == (1, 2)
    assert found.rejected[0].reason is Reason.NO_IDENTITY


def test_repeated_entries_are_counted_once() -> None:
    """Of entries that lead to one article the first stands, and the others are in the report."""
    again = "<title>Two</title><link>http://herald.example/storm/?utm_source=rss</link>"
    found = parse(rss(f"<title>One</title>{LINK}", again).encode())
    assert [each.title for each in found.entries] == ["One"]
    assert [each.reason for each in found.rejected] == [Reason.REPEATED_IN_FEED]


def test_repeated_ids_do_not_merge_articles() -> None:
    """Two links under one id are two articles."""
    items = [f"<guid>7</guid><link>https://herald.example/{name}</link>" for name in ("one", "two")]
    assert len(parse(rss(*items).encode()).entries) == 2


def test_entry_without_a_link_has_a_url_of_its_own() -> None:
    """Without a link, an id that is a URL is one; any other names the entry within its feed."""
    permalink = only("<guid>https://herald.example/?p=7</guid><title>One</title>")
    assert (permalink.url, permalink.has_link) == ("https://herald.example/?p=7", True)
    nameless = only('<guid isPermaLink="false">tag 7</guid><title>One</title>')
    assert (nameless.url, nameless.has_link) == (f"{URL}#entry-tag%207", False)


def test_original_behind_a_redirecting_service() -> None:
    """Where a feed service names the original link, that is the article's."""
    body = rss(
        '<link>https://proxy.example/~r/7</link><fb:origLink xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0">'
        "https://herald.example/storm</fb:origLink><title>One</title>"
    )
    assert parse(body.encode()).entries[0].url == "https://herald.example/storm"


def test_parts_of_one_page_stay_apart() -> None:
    """Entries that differ in the fragment alone are parts of one page, each with the feed's own text."""
    items = [f"<title>{n}</title><link>https://herald.example/log#v{n}</link>" for n in (1, 2)]
    found = parse(rss(*items).encode())
    assert [each.has_link for each in found.entries] == [False, False]
    assert len({each.url for each in found.entries}) == 2


def test_part_of_a_page_is_itself_alone_too() -> None:
    """A part whose id ends in the link's fragment has the same URL when it is the only one left in the feed."""
    items = [f"<guid>https://herald.example/log#v{n}</guid><title>{n}</title>" for n in (1, 2)]
    both, alone = parse(rss(*items).encode()), parse(rss(items[1]).encode())
    assert both.entries[1].url == alone.entries[0].url == "https://herald.example/log#entry-v2"


def test_tracking_in_a_fragment_names_no_part() -> None:
    """Articles whose links and ids end in the same tracking are articles."""
    items = [f"<guid>https://herald.example/{n}#publisher=x</guid><title>{n}</title>" for n in (1, 2)]
    assert all(each.has_link for each in parse(rss(*items).encode()).entries)


# -- 3. relative links --------------------------------------------------------------------------------------


def test_relative_links_are_joined() -> None:
    """A relative link is joined on where the feed came from in the end."""
    assert only("<title>One</title><link>/storm</link>").url == "https://herald.example/storm"
    assert only("<title>One</title><link>storm</link>").url == "https://herald.example/feeds/storm"


def test_links_are_joined_on_the_base_that_is_said() -> None:
    """A base in the feed counts before where the feed came from."""
    link = '<id>tag:a</id><title>One</title><link href="storm"/>'
    body = atom(link).replace(b"<entry>", b'<entry xml:base="https://base.example/2026/">')
    assert parse(body).entries[0].url == "https://base.example/2026/storm"


# -- 4. dates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "at", "origin", "problem"),
    [
        ("<pubDate>Tue, 01 Sep 2026 08:00:00 +0200</pubDate>", "2026-09-01T06:00:00+00:00", "feed", None),
        ("<pubDate>Seg, 24 Ago 2026 10:00:00 -0300</pubDate>", "2026-08-24T13:00:00+00:00", "feed", None),
        ("<dc:date>2026-09-01</dc:date>", "2026-09-01T00:00:00+00:00", "feed:updated", None),
        ("<pubDate>2026-09-01T08:00:00</pubDate>", "2026-09-01T08:00:00+00:00", "feed", "no zone"),
        ("<pubDate>Mon, 01 Jan 0001 00:00:00 +0000</pubDate>", None, "feed", "too old"),
        ("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>", None, "feed", "too old"),
        ("<pubDate>Fri, 01 Jan 2999 00:00:00 GMT</pubDate>", None, "feed", "future"),
        ("<pubDate>soon</pubDate>", None, "feed", "unparsable"),
        ("", None, None, "absent"),
    ],
)
def test_dates(dates: str, at: str | None, origin: str | None, problem: str | None) -> None:
    """A plausible date is kept with its origin; for any other there is a reason."""
    found = only("<title>One</title>", LINK, dates).published
    assert (found.at.isoformat() if found.at else None, found.origin, found.problem) == (at, origin, problem)
    assert found.precision is (Precision.DAY if "dc:date" in dates else Precision.SECOND)


def test_updated_stands_in_for_an_implausible_published() -> None:
    """Published counts before updated, even if later; updated counts where published cannot be true."""
    entry = "<entry><id>a</id><title>A</title><published>{}</published><updated>2026-09-01T00:00:00Z</updated></entry>"
    feed = '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{}</feed>'
    for published, day, origin in (("2026-09-02T00:00:00Z", 2, "feed"), ("1970-01-01T00:00:00Z", 1, "feed:updated")):
        found = parse(feed.format(entry.format(published)).encode()).entries[0].published
        assert found.at == datetime(2026, 9, day, tzinfo=UTC)
        assert found.origin == origin


def test_midnight_everywhere_is_a_day() -> None:
    """Where each entry has midnight, no time was meant; one other time, or two entries, prove nothing of the kind."""

    def precisions(*times: str) -> set[Precision]:
        dates = [f"<pubDate>Tue, 0{n} Sep 2026 {time} +0200</pubDate>" for n, time in enumerate(times, start=1)]
        items = [f"<title>{n}</title><guid>{n}</guid>{date}" for n, date in enumerate(dates)]
        return {each.published.precision for each in parse(rss(*items).encode()).entries}

    assert precisions("00:00:00", "00:00:00", "00:00:00") == {Precision.DAY}
    assert precisions("00:00:00", "00:00:00", "00:00:01") == {Precision.SECOND}
    assert precisions("00:00:00", "00:00:00") == {Precision.SECOND}


# -- 6. bodies --------------------------------------------------------------------------------------------


def test_full_text_counts_before_the_summary() -> None:
    """Where a feed has the full text, it is the text, and the summary stays a summary."""
    entry = only(
        "<title>One</title>",
        LINK,
        "<description>Short.</description>",
        "<content:encoded><![CDATA[<p>The harbour was closed.</p><p>Ships waited.</p>]]></content:encoded>",
    )
    assert (entry.summary, entry.text) == ("Short.", "The harbour was closed.\nShips waited.")


@pytest.mark.parametrize(
    "tail",
    [
        '<p>The post <a href="x">Storm</a> appeared first on <a href="y">The Herald</a>.</p>',
        "<p>L’article Storm est apparu en premier sur The Herald.</p>",
        "[&hellip;]",
        "Continue reading Storm →",
        "<p>Read More...</p><p>The post Storm first appeared on The Herald.</p>",
        "<p>Artykuł Burza pochodzi z serwisu Herald.</p>",
    ],
)
def test_teasers_lose_their_tail(tail: str) -> None:
    """What a publishing system hangs on is no text of the article."""
    entry = only("<title>One</title>", LINK, f"<description><![CDATA[<p>Ships waited.</p> {tail}]]></description>")
    assert entry.text == "Ships waited."


def test_no_body_is_an_empty_text() -> None:
    """An entry may have no text at all."""
    assert only("<title>One</title>", LINK).text == ""


def test_text_is_literal_where_atom_says_so() -> None:
    """In Atom, text without a type is no markup, unless all of it is after all."""
    body = atom(
        "<id>a</id><title>The &lt;dialog&gt; element</title><summary>vector&lt;int&gt; and a &amp;lt; b</summary>",
        "<id>b</id><title>Two</title><summary>&lt;p&gt;The harbour&lt;/p&gt;&lt;p&gt;closed&lt;/p&gt;</summary>",
        '<id>c</id><title>Three</title><content type="image/png">iVBORw0KGgo=</content>',
    )
    one, two, three = parse(body).entries
    assert (one.title, one.text) == ("The <dialog> element", "vector<int> and a < b")
    assert (two.text, three.text) == ("The harbour\nclosed", "")


@pytest.mark.parametrize(
    ("given_as", "image"),
    [
        ('<media:content url="/v" type="application/x-shockwave-flash"/><media:thumbnail url="/t"/>', "/t"),
        ('<media:content url="/a.mp4"/><media:content url="/a.jpg?w=1"/>', "/a.jpg?w=1"),
        ('<enclosure url="/a.mp3" type="audio/mpeg"/><enclosure url="/a.png" type="image/png"/>', "/a.png"),
        ('<enclosure url="/a.mp3" type="audio/mpeg"/>', None),
        ('<media:thumbnail url="data:image/png;base64,x"/>', None),
    ],
)
def test_pictures(given_as: str, image: str | None) -> None:
    """A picture is one by its type or its name: no player, no sound."""
    found = only("<title>One</title>", LINK, given_as).image
    assert found == (f"https://herald.example{image}" if image else None)


def test_images() -> None:
    """An image is taken from where feeds put one, joined as links are."""
    image = '<media:content url="/a.png" medium="image"/>'
    entry = only("<title>One</title>", LINK, image)
    assert (entry.authors, entry.image) == ((), "https://herald.example/a.png")


@pytest.mark.parametrize(
    ("given_as", "names"),
    [
        ("<author>ann@herald.example (Ann Lee)</author>", ("Ann Lee",)),
        ("<author>ann@herald.com (Ann Lee)</author>", ("Ann Lee",)),
        ("<author>Ann Lee &lt;ann@herald.example&gt;</author>", ("Ann Lee",)),
        ("<author>ann@herald.example</author>", ()),
        ("<author>By Ann Lee and Bo Roy</author>", ("Ann Lee", "Bo Roy")),
        ("<dc:creator>Ann Lee</dc:creator><dc:creator>Bo Roy</dc:creator>", ("Ann Lee", "Bo Roy")),
        ("<dc:creator>Ann Lee; Ann Lee</dc:creator>", ("Ann Lee",)),
        ("<author>desk@herald.example (Ann Lee | Bo Roy)</author>", ("Ann Lee", "Bo Roy")),
        ("<dc:creator>Ann Lee, Bo Roy, and Cy Poe</dc:creator>", ("Ann Lee", "Bo Roy", "Cy Poe")),
        ("<dc:creator>Lee, Ann</dc:creator>", ("Lee, Ann",)),
    ],
)
def test_authors(given_as: str, names: tuple[str, ...]) -> None:
    """Names are taken without mail addresses, each once."""
    assert only("<title>One</title>", LINK, given_as).authors == names


def test_authors_of_an_atom_feed_are_its_entries() -> None:
    """Entries of an Atom feed that name no author have the feed's."""
    own = "<author><name>Bo Roy</name></author>"
    body = atom("<id>a</id>", f"<id>b</id>{own}", head="<author><name>Ann Lee</name></author>")
    assert [each.authors for each in parse(body).entries] == [("Ann Lee",), ("Bo Roy",)]


# -- 7. encodings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "codec", "declared", "content_type"),
    [
        (RUSSIAN, "utf-8", "utf-8", "application/rss+xml; charset=utf-16"),
        (RUSSIAN, "windows-1251", "windows-1251", "application/rss+xml"),
        (RUSSIAN, "windows-1251", "windows-1251", "text/xml; charset=utf-8"),
        (RUSSIAN, "windows-1251", "", "application/rss+xml; charset=windows-1251"),
        (CHINESE, "gb18030", "gb18030", "text/xml"),
        (CHINESE, "gb18030", "gb2312", "application/xml"),
        (CHINESE, "utf-8", "", None),
        (CHINESE, "utf-8", "utf-8", "text/html"),
        (CHINESE, "utf-16", "utf-16", "application/rss+xml"),
        (RUSSIAN, "utf-8-sig", "utf-8", "application/rss+xml; charset=no-such-thing"),
    ],
)
def test_encodings(words: str, codec: str, declared: str, content_type: str | None) -> None:
    """Header, declaration and bytes contradict each other; the text comes out right."""
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = rss(f"<title>{words}</title>{LINK}", declaration=declaration).encode(codec)
    assert parse(body, content_type).entries[0].title == words


def test_junk_before_the_declaration() -> None:
    """White space or words before the declaration cost nothing."""
    body = rss(f"<title>{RUSSIAN}</title>{LINK}", declaration='<?xml version="1.0" encoding="windows-1251"?>')
    for junk in (b"\n\n", b" \xef\xbb\xbf", b"Warning: something\n", b"<!-- cached -->", b"<br />\n<b>Notice</b>: x\n"):
        assert parse(junk + body.encode("windows-1251")).entries[0].title == RUSSIAN


def test_some_broken_bytes_do_not_garble_a_feed() -> None:
    """One broken byte in UTF-8 costs its character; what is not UTF-8 and says nothing is Western."""
    broken = rss(f"<title>{RUSSIAN}</title>{LINK}<description>a#b</description>").encode().replace(b"#", b"\xd0")
    entry = parse(broken).entries[0]
    assert (entry.title, entry.text) == (RUSSIAN, "a\ufffdb")
    western = rss("<title>Ann’s “café”</title><guid>1</guid>", declaration="").encode("windows-1252")
    assert parse(western).entries[0].title == "Ann’s “café”"
    assert parse(b'<?xml version="1.0" encoding="iso-8859-1"?>' + western).entries[0].title == "Ann’s “café”"


def test_body_that_is_still_packed() -> None:
    """A body that was compressed without a word is unpacked; a broken one is refused with the reason."""
    packed = gzip.compress(rss(f"<title>One</title>{LINK}").encode())
    assert parse(packed).entries[0].title == "One"
    assert refuse(packed[:3] + b"\xff" * 40).reason is Reason.BAD_ENCODING


# -- 8. size ----------------------------------------------------------------------------------------------


def test_many_entries() -> None:
    """Every one of 5,000 entries is read."""
    found = parse(rss(*(f"<title>{n}</title><link>https://herald.example/{n}</link>" for n in range(5_000))).encode())
    assert len(found.entries) == 5_000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832;", "\U0001f600"),
        ("&#xD83D;&#xde00;", "\U0001f600"),
        ("&#x1F600;", "\U0001f600"),
        ("&#xD83D; alone", "\ufffd alone"),
        ("&#x110000;&#9999999999;&#" + "9" * 9_000 + ";", "\ufffd\ufffd\ufffd"),
        ("&#55357&#56832 no semicolon", "\U0001f600 no semicolon"),
        ("&#8211;", "\u2013"),
    ],
)
def test_references_to_halves_of_characters(written: str, read: str) -> None:
    """Characters that are written as two halves are read whole, and what is no character costs only itself."""
    assert only(f"<title>{written}</title>{LINK}").title == read


def test_enormous_item_is_cut() -> None:
    """Of an entry's body no more than a million characters are read."""
    entry = only("<title>One</title>", LINK, f"<description>{'storm ' * 400_000}</description>")
    assert 900_000 < len(entry.text) <= feeds.TEXT_LIMIT


def test_gzip_bomb_is_refused() -> None:
    """A small body that unpacks to an enormous one is not unpacked."""
    assert refuse(gzip.compress(b" " * (encodings.UNPACKED_LIMIT + 10))).reason is Reason.TOO_LARGE


# -- 9. hostile input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "author",
    [
        "<author>{}</author>",
        "<dc:creator><![CDATA[{}]]></dc:creator>",
        '<author xmlns:x="urn:x" x:y="z">{}</author>',
        "<managingEditor>{}</managingEditor>",
    ],
)
def test_endless_author_is_left_out(author: str) -> None:
    """An author of 64,000 letters, which holds the parser for 20 s, is none; one of many names is read."""
    hostile = rss(
        *(f"<title>One</title>{LINK}{author.format(letters)}" for letters in ("a" * 64_000, "Ann Lee; " * 60))
    )
    start = time.perf_counter()
    found = parse(hostile.replace("storm", "flood", 1).encode())
    assert time.perf_counter() - start < 2
    assert [each.authors for each in found.entries] == [(), ("Ann Lee",)]
