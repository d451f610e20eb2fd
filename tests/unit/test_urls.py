"""Comparing, naming and joining URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.urls import absolute, anchor, article_id, is_alias, is_root, normalise, registrable_domain, without_link

PARTS = st.lists(
    st.sampled_from(
        ["http", "https", "ftp", "://", ":", "//", "/", "www.", "a.example", "[::1]", "[", "]", "@", ":80", ":99999",
         "?", "a=1", "&", "utm_source=x", "#", "!", "%41", "%", "é", "\ud800", " ", "\n", "..", "\x00", "xn--", "１"],
    ),
    max_size=12,
).map("".join)  # fmt: skip
STRINGS = st.one_of(st.text(), PARTS, st.text(alphabet=st.characters(categories=["Cs", "L", "P"])))


@given(STRINGS, STRINGS)
def test_nothing_raises(one: str, other: str) -> None:
    """No string whatever makes a URL function raise."""
    for function in (normalise, article_id, registrable_domain, is_root):
        function(one)
    is_alias(one, other)
    absolute(one, other)
    without_link(one, other)


@given(STRINGS)
def test_normalising_twice_is_once(url: str) -> None:
    """A normalised URL is its own key."""
    assert normalise(normalise(url)) == normalise(url)


@pytest.mark.parametrize(
    "other",
    [
        "http://herald.example/2026/storm?page=2&id=7",
        "https://HERALD.example/2026/storm/?id=7&page=2",
        "https://www.herald.example:443/2026/storm?id=7&page=2#comments",
        "http://herald.example:80/2026/storm?utm_source=feed&UTM_medium=rss&id=7&page=2",
        "https://herald.example/2026/storm?partner=x&CMP=y&fbclid=z&gclid=1&mc_cid=2&ns_campaign=3&id=7&page=2",
        " https://herald.example/2026/storm?id=7&page=2\n",
        "https://herald.example/2026/storm?id=7&page=2&src=rss#ftag=RSS1",
        "https://herald.example/2026/%73torm?id=%37&page=2",
        "https://herald.example./2026/storm?&id=7&&page=2",
        "HTTPS://www.www.herald.example/2026/storm?id=7&page=2",
    ],
)
def test_urls_of_one_article_are_equal(other: str) -> None:
    """Scheme, www, port, case of the host, slash, fragment, tracking and order of parameters tell nothing apart."""
    url = "https://herald.example/2026/storm?id=7&page=2"
    assert normalise(other) == normalise(url)
    assert article_id(other) == article_id(url)


@pytest.mark.parametrize(
    "other",
    [
        "https://herald.example/2026/storm?id=7&page=3",
        "https://herald.example/2026/storm",
        "https://herald.example/2026/Storm?id=7&page=2",
        "https://herald.example:8443/2026/storm?id=7&page=2",
        "https://blog.herald.example/2026/storm?id=7&page=2",
        "https://herald.example/2026/storm?id=7&page=2#!/second",
    ],
)
def test_urls_of_other_articles_differ(other: str) -> None:
    """Path, its case, parameters, port, host and a route in the fragment tell articles apart."""
    assert normalise(other) != normalise("https://herald.example/2026/storm?id=7&page=2")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/é", "https://a.example/%c3%a9", True),
        ("https://a.example/?q=a+b", "https://a.example/?q=a%20b", True),
        ("https://a.example/a b", "https://a.example/a%20b", True),
        ("https://bücher.example/", "https://xn--bcher-kva.example", True),
        ("https://a.example/?q", "https://a.example/?q=", True),
        ("https://a.example/?q=%E8", "https://a.example/?q=%E9", False),  # not UTF-8, and two words in windows-1251
        ("https://a.example/a%2Fb", "https://a.example/a/b", False),
        ("https://a.example/?src=rss", "https://a.example/?src=7", False),
        ("https://a.example/?p=1", "https://a.example/?p=2", False),
        ("https://www.example/", "https://example/", False),  # www is the whole of the name
        ("https://a.example:0/", "https://a.example/", False),
    ],
)
def test_escapes_are_one_way_to_write(one: str, other: str, *, same: bool) -> None:
    """However a character is written, a URL is the same; no two URLs become one because of it."""
    assert (normalise(one) == normalise(other)) is same


def test_id_is_the_same_on_every_machine() -> None:
    """An id is 20 hexadecimal digits of the normalised link's SHA-256, and never changes."""
    assert article_id("https://herald.example/one") == "0d43614378c19e8f6005"


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.example.com/a", "example.com"),
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("http://127.0.0.1:8000/feed", "127.0.0.1"),
        ("http://[::1]:8000/feed", "::1"),
        ("http://localhost:8000/", "localhost"),
        ("herald.example", "herald.example"),
        ("HTTPS://HERALD.EXAMPLE./", "herald.example"),
        ("https://alice.github.io/a", "alice.github.io"),
        ("https://www.alice.blogspot.com/a", "alice.blogspot.com"),
        ("https://github.io/", "github.io"),
        ("", ""),
    ],
)
def test_registrable_domain(url: str, domain: str) -> None:
    """The domain that somebody registered; addresses and bare hosts stand for themselves."""
    assert registrable_domain(url) == domain


@pytest.mark.parametrize(
    ("canonical", "of_url", "alias"),
    [
        ("https://example.com/storm", "https://amp.example.com/storm", True),
        ("https://herald.example/storm", "http://127.0.0.1/storm", False),
        ("https://wire.example/storm", "https://herald.example/storm", False),
        ("https://herald.example/", "https://herald.example/storm", False),
        ("https://herald.example", "https://herald.example/storm", False),
        ("https://herald.example/?p=7", "https://herald.example/storm", True),
        ("https://herald.example/?utm_source=x", "https://herald.example/storm", False),
        ("https://herald.example/index.html", "https://herald.example/storm", False),
        ("https://alice.github.io/storm", "https://bob.github.io/storm", False),
        ("", "https://herald.example/storm", False),
        ("", "", False),
    ],
)
def test_canonical_is_an_alias_within_its_domain_only(canonical: str, of_url: str, *, alias: bool) -> None:
    """A canonical link to another domain, or to a front page, does not name the same article."""
    assert is_alias(canonical, of_url) is alias


@pytest.mark.parametrize(
    ("link", "joined"),
    [
        ("/storm", "https://herald.example/storm"),
        ("storm", "https://herald.example/feeds/storm"),
        ("//other.example/a", "https://other.example/a"),
        ("https://other.example/a b\n", "https://other.example/a%20b"),
        ("javascript:alert(1)", None),
        ("mailto:a@herald.example", None),
        ("http://", None),
        ("https://herald.example:99999/", None),
        ("https://her\nald.example/a\tb", "https://herald.example/ab"),
        ("HTTPS://herald.example/a", "https://herald.example/a"),
        ("", None),
        (None, None),
    ],
)
def test_links_are_joined(link: str | None, joined: str | None) -> None:
    """Relative links are joined on their base; what is not fetched over HTTP is no link."""
    assert absolute(link, "https://herald.example/feeds/rss.xml") == joined


def test_entries_without_a_link_have_urls_of_their_own() -> None:
    """Two ids give two URLs, which stay apart when they are normalised."""
    one, two = (without_link("https://herald.example/feed#x", guid) for guid in ("tag:a/1", "tag:a/2"))
    assert one == "https://herald.example/feed#entry-tag%3Aa%2F1"
    assert normalise(one) != normalise(two)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://a.example/log#v2", "v2"),
        ("https://a.example/log", None),
        ("https://a.example/log#", None),
        ("https://a.example/log#publisher=newsstand", None),
        ("https://a.example/log#tk.rss_all", None),
        ("https://a.example/log#:~:text=storm", None),
        ("https://a.example/log#respond", None),
    ],
)
def test_anchors_name_a_place_on_a_page(url: str, place: str | None) -> None:
    """A fragment that says where readers come from names no place."""
    assert anchor(url) == place
