"""What a page says of itself: title, authors, date, links."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pages import ENGLISH, page

from indexer.extract import extract
from indexer.extract.metadata import split_authors
from indexer.models import Extraction, Precision

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
URL = "https://www.herald.example/2026/07/harbour?page=1"


def read(head: str = "", *, title: str = "Harbour closed", lang: str = "", more: str = "") -> Extraction:
    """Extract a page with ``head`` in its head."""
    html = page(ENGLISH, head=head, title=title, lang=lang, more=more)
    return extract(html.encode(), url=URL, content_type="text/html", now=NOW)


def json_ld(**fields: object) -> str:
    """Give a script that describes an article."""
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


def named(**fields: str) -> str:
    """Give <meta> elements; the first underscore of a name is a colon."""
    return "".join(f'<meta property="{name.replace("_", ":", 1)}" content="{value}">' for name, value in fields.items())


def test_nothing_said() -> None:
    """A page that says nothing of itself has a title from its heading, and nothing invented."""
    said = read()
    assert said.title == "Harbour closed"
    assert (said.authors, said.summary, said.image, said.icon, said.canonical, said.site_name) == (
        (),
        "",
        None,
        None,
        None,
        None,
    )
    assert said.published.at is None


# Title


def test_title_order() -> None:
    """The title is that of the article's description, else of the page's, else of its heading."""
    assert (
        read(json_ld(headline="From the description") + named(og_title="From the page")).title == "From the description"
    )
    assert read(named(og_title="From the page")).title == "From the page"


def test_title_without_site() -> None:
    """The site's name at the end is no part of the title; other parts are."""
    site = named(og_site_name="The Eastmouth Herald")
    assert read(site + named(og_title="Harbour closed - The Eastmouth Herald")).title == "Harbour closed"
    assert read(site + named(og_title="Harbour closed - for a week")).title == "Harbour closed - for a week"
    assert read(site + named(og_title="The Eastmouth Herald")).title == "The Eastmouth Herald"


# Authors


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("By Ann Smith", ["Ann Smith"]),
        ("Ann Smith and Bo Jones", ["Ann Smith", "Bo Jones"]),
        ("Ann Smith, Bo Jones, Cy Lee", ["Ann Smith", "Bo Jones", "Cy Lee"]),
        ("Anne Martin et Luc Petit", ["Anne Martin", "Luc Petit"]),
        ("Ann Smith; Bo Jones", ["Ann Smith", "Bo Jones"]),
        ("Smith, Ann", ["Smith, Ann"]),
        ("Ann Smith, Reuters", ["Ann Smith"]),
        ("Ann Smith, chief reporter", ["Ann Smith"]),
        ("ann@herald.example (Ann Smith)", []),
        ("Ann Smith <ann@herald.example>", ["Ann Smith"]),
        ("https://social.example/ann", []),
        ("admin", []),
        ("", []),
        ("John E Smith", ["John E Smith"]),
        ("Andy Etienne", ["Andy Etienne"]),
        ("Fran&amp;ccedil;ois Petit", ["François Petit"]),
        ("The Herald", []),
        ("Ann Smith &amp; ANN SMITH", ["Ann Smith"]),
    ],
)
def test_split_authors(raw: str, names: list[str]) -> None:
    """Names are told apart, and cleaned of what is none."""
    assert list(split_authors([raw], "The Herald")) == names


@pytest.mark.parametrize(
    "author",
    ["Ann Smith", {"@type": "Person", "name": "Ann Smith"}, [{"name": "Ann Smith"}], {"name": ["Ann Smith"]}],
)
def test_authors_of_description(author: object) -> None:
    """JSON-LD names authors in several shapes."""
    assert read(json_ld(author=author)).authors == ("Ann Smith",)


def test_authors_of_page() -> None:
    """Authors come from the description, else from <meta>, else from the byline."""
    assert read('<meta name="author" content="Ann Smith"><meta name="author" content="Bo Jones">').authors == (
        "Ann Smith",
        "Bo Jones",
    )
    assert read(more='<p class="byline">By <a rel="author" href="/ann">Ann Smith</a></p>').authors == ("Ann Smith",)


# Date


@pytest.mark.parametrize(
    "markup",
    [
        json_ld(datePublished="2026-07-14T09:30:00+02:00"),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "WebSite"}, {"@type": ["Article"], '
            '"datePublished": "2026-07-14T09:30:00+02:00"}]}</script>'
        ),
        named(article_published_time="2026-07-14T09:30:00+02:00"),
        '<meta itemprop="datePublished" content="2026-07-14T09:30:00+02:00">',
        '<meta name="parsely-pub-date" content="2026-07-14T07:30:00Z">',
    ],
)
def test_date_in_head(markup: str) -> None:
    """A date that is named as the publication date is taken with its time and zone, and marked as the page's."""
    published = read(markup).published
    assert published.at == datetime(2026, 7, 14, 7, 30, tzinfo=UTC)
    assert (published.precision, published.origin) == (Precision.SECOND, "html")


def test_date_in_text() -> None:
    """A <time> that is marked as the publication date is taken, or one that stands alone."""
    at = datetime(2026, 7, 14, 7, 30, tzinfo=UTC)
    other = '<time datetime="2019-01-01T00:00:00Z">then</time>'
    assert read(more='<time datetime="2026-07-14T07:30:00Z">Tuesday</time>').published.at == at
    marked = '<time class="entry-date published" datetime="2026-07-14T07:30:00Z">Tuesday</time>'
    assert read(more=other + marked).published.at == at


@pytest.mark.parametrize(
    "more",
    [
        "<p>Published on 14 July 2026</p><p>Copyright 2026</p>",
        '<time datetime="2026-07-14T07:30:00Z">a</time><time datetime="2026-07-15T07:30:00Z">b</time>',
        '<time class="updated" datetime="2026-07-14T07:30:00Z">Tuesday</time>',
        '<meta property="article:modified_time" content="2026-07-14T07:30:00Z">',
    ],
)
def test_no_date_is_guessed(more: str) -> None:
    """A date in the text, in the address, of other articles or of a change is not the publication date."""
    assert read(more=more).published.at is None


def test_implausible_date() -> None:
    """Where the first date cannot be, the next is taken; where none can, what is wrong is kept."""
    future = json_ld(datePublished="2126-07-14T09:30:00Z")
    assert read(future + named(article_published_time="2026-07-14T07:30:00Z")).published.at == datetime(
        2026, 7, 14, 7, 30, tzinfo=UTC
    )
    published = read(future).published
    assert published.at is None
    assert published.raw == "2126-07-14T09:30:00Z"
    assert published.problem


# Links


def test_canonical() -> None:
    """The canonical link is absolute; one to another domain is given as well, for others to judge."""
    assert (
        read('<link rel="canonical" href="/2026/07/harbour">').canonical == "https://www.herald.example/2026/07/harbour"
    )
    assert read('<link rel="canonical" href="//other.example/x">').canonical == "https://other.example/x"


@pytest.mark.parametrize(
    ("head", "more"),
    [
        ('<link rel="canonical" href="/a"><link rel="canonical" href="/b">', ""),
        ('<link rel="canonical" href="javascript:alert(1)">', ""),
        ('<link rel="canonical" href="http://[::1">', ""),
        ('<link rel="canonical" href="">', ""),
        ("", '<link rel="canonical" href="/comment-by-a-reader">'),
    ],
    ids=["contradicting", "script", "broken", "empty", "in the body"],
)
def test_no_canonical(head: str, more: str) -> None:
    """Canonical links that contradict each other, lead nowhere or stand in the body are none."""
    assert read(head, more=more).canonical is None


def test_base() -> None:
    """Links are joined on the page's <base>, where it has one."""
    head = '<base href="https://cdn.example/root/"><link rel="icon" href="icon.png">'
    assert read(head).icon == "https://cdn.example/root/icon.png"


def test_image_and_icon() -> None:
    """Image and icon are absolute web addresses, never data."""
    said = read(named(og_image="/crane.jpg") + '<link rel="shortcut icon" href="data:image/png;base64,AA=="><link '
                'rel="ICON" href="/icon.png">')  # fmt: skip
    assert said.image == "https://www.herald.example/crane.jpg"
    assert said.icon == "https://www.herald.example/icon.png"
    assert read('<link rel="apple-touch-icon" href="/touch.png">').icon == "https://www.herald.example/touch.png"


# The rest


def test_summary_and_site() -> None:
    """Summary and site name are plain text."""
    said = read(named(og_site_name="The &amp;amp; Herald", og_description="Ferries &lt;b&gt;stopped&lt;/b&gt; again"))
    assert said.site_name == "The & Herald"
    assert said.summary == "Ferries stopped again"


@pytest.mark.parametrize(
    "script",
    ["{", "[]", "null", "1", '"x"', "[" * 100_000, '{"@type": 5, "author": 7, "headline": ["", null], "image": {}}'],
)
def test_broken_description(script: str) -> None:
    """JSON-LD that is broken, deep or of unexpected shape does no harm."""
    said = read(f'<script type="application/ld+json">{script}</script>' + named(og_title="From the page"))
    assert said.title == "From the page"
    assert "mail plane" in said.text
