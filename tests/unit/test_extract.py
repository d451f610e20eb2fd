"""Extraction: what a page gives, and what is refused as no article."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import CHALLENGES, CONSENTS, ENGLISH, FRENCH, LONG_READ, PAYWALLS, SHORT_NEWS, page, plain_page

from indexer.extract import detect_language, extract
from indexer.models import Extraction, Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
URL = "https://www.herald.example/2026/07/harbour"


def read(html: str | bytes, *, url: str = URL, content_type: str | None = "text/html") -> Extraction:
    """Extract a page that is to be accepted."""
    body = html.encode() if isinstance(html, str) else html
    return extract(body, url=url, content_type=content_type, now=NOW)


def refuse(html: str | bytes, *, url: str = URL, content_type: str | None = "text/html") -> Reason:
    """Extract a page that is to be rejected, and give why."""
    with pytest.raises(RejectedError) as caught:
        read(html, url=url, content_type=content_type)
    return caught.value.reason


def test_text() -> None:
    """The text is the article's paragraphs, whole and in order, and nothing of what stands around them."""
    text = read(page(ENGLISH)).text
    assert [text.index(each) for each in ENGLISH] == sorted(text.index(each) for each in ENGLISH)
    for outside in ("Sport", "About us", "Imprint", "All rights reserved"):
        assert outside not in text


def test_captions() -> None:
    """What stands under a picture is not in the text: the condensate is built without it."""
    picture = (
        '<figure><img src="crane.jpg" alt=""><figcaption>Screenshot of the fallen crane</figcaption></figure>'
        '<div><img src="tug.jpg" alt=""><figcaption>A tug at sea</figcaption></div>'
    )
    text = read(page(ENGLISH, more=picture + "<p>The tugs are called Anvil and Hammer, and are sisters.</p>")).text
    assert "Screenshot" not in text
    assert "A tug at sea" not in text
    assert "Anvil and Hammer" in text


def test_comments() -> None:
    """Readers' comments are not in the text."""
    comments = (
        '<section id="comments" class="comments"><h2>Comments</h2><p>I have never liked that crane.</p></section>'
    )
    assert "never liked" not in read(page(ENGLISH).replace("</article>", f"</article>{comments}")).text


def test_same_page_twice() -> None:
    """A page gives the same a second and a third time: nothing is kept between calls."""
    first = read(page(ENGLISH))
    assert read(page(ENGLISH)) == first
    assert read(page(ENGLISH)) == first


def test_control_characters() -> None:
    """Control characters, which would move a terminal's cursor, are not in the text."""
    text = read(page([ENGLISH[0].replace("ferries", "ferries\x1b[2J\x07"), *ENGLISH[1:]])).text
    assert not {"\x1b", "\x07"} & set(text)


def test_precision() -> None:
    """With precision less is kept, never more."""
    html = page(ENGLISH, more="<ul><li><a href='/a'>Crane in Westmouth</a></li><li>Tide tables for August</li></ul>")
    body = html.encode()
    normal = extract(body, url=URL, content_type=None, now=NOW)
    precise = extract(body, url=URL, content_type=None, now=NOW, precision=True)
    assert ENGLISH[2] in precise.text
    assert len(precise.text) <= len(normal.text)


@pytest.mark.parametrize("html", ["", " ", "<html></html>", page([]), page(["Video: the crane falls."]), "<p>Hi.</p>"])
def test_no_text(html: str) -> None:
    """A page with next to nothing to read is refused, so that the feed's text can be taken."""
    assert refuse(html) is Reason.NO_TEXT


def test_fragment() -> None:
    """A lone paragraph without the rest of a page is text as well."""
    assert "toppled" in read(f"<p>{' '.join(ENGLISH)}</p>").text


# What is no article


@pytest.mark.parametrize("name", CHALLENGES)
def test_challenge(name: str) -> None:
    """A page that wants to know whether a human reads it is refused as such."""
    assert refuse(CHALLENGES[name]) is Reason.CHALLENGE_PAGE


@pytest.mark.parametrize("name", CONSENTS)
def test_consent(name: str) -> None:
    """A page that wants consent first is refused as such."""
    assert refuse(CONSENTS[name]) is Reason.CONSENT_PAGE


def test_consent_host() -> None:
    """A consent page is known by where it is served from, whatever its language."""
    html = page(["Kami menghargai privasi Anda dan memerlukan persetujuan Anda. " * 4])
    assert refuse(html, url="https://consent.portal.example/collect?site=7") is Reason.CONSENT_PAGE


@pytest.mark.parametrize("name", PAYWALLS)
def test_paywall(name: str) -> None:
    """A lead with an offer instead of the rest is refused as such."""
    assert refuse(PAYWALLS[name]) is Reason.PAYWALL_PAGE


@pytest.mark.parametrize("name", SHORT_NEWS)
def test_short_news_about_walls(name: str) -> None:
    """A short article that quotes what such pages say is an article."""
    assert read(SHORT_NEWS[name]).text


def test_long_read_about_walls() -> None:
    """A long article that quotes all of what such pages say is an article."""
    assert "Subscribe to continue reading" in read(LONG_READ).text


def test_banner_beside_a_short_article() -> None:
    """A short article on a page with a cookie banner and a subscription offer in its frame is an article."""
    banner = (
        "<div class='cookie-banner'><p>We value your privacy. We and our partners store information on your device."
        "</p><button>Accept all</button><button>Manage preferences</button></div>"
    )
    html = page(ENGLISH[:2]).replace("</header>", "<a href='/s'>Already a subscriber? Log in</a></header>")
    assert read(html.replace("</body>", f"{banner}</body>")).text


def test_protected_site() -> None:
    """A short article on a site with a challenge provider's script is an article."""
    script = '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert read(page(ENGLISH[:2], more=script, title="Just a moment with the baker")).text


# Language


def test_language() -> None:
    """The language is told by the text; of a short text the page is believed."""
    assert read(page(ENGLISH)).language == "en"
    assert read(page(FRENCH)).language == "fr"
    assert read(page(FRENCH, lang="en-GB")).language == "fr"
    short = ["Ponte fechada até domingo " * 7]
    assert len(read(page(short)).text) < 200
    assert read(page(short, lang="pt_BR")).language == "pt"


def test_detect_language() -> None:
    """Languages have two letters; too little to tell is None."""
    assert detect_language(" ".join(FRENCH)) == "fr"
    assert detect_language("Hello") is None
    assert detect_language("2026-08-01 12:00 +++ 42 %" * 20) is None
    assert detect_language("") is None


# Anything


@given(st.one_of(st.binary(), st.text().map(str.encode)), st.sampled_from([None, "text/html", "text/plain", "x"]))
@settings(max_examples=150)
def test_any_bytes(body: bytes, content_type: str | None) -> None:
    """Whatever bytes come give an extraction or a rejection, never another error."""
    try:
        reason, text = None, extract(body, url=URL, content_type=content_type, now=NOW).text
    except RejectedError as error:
        reason, text = error.reason, ""
    assert bool(text) is (reason is None)
    assert reason in {None, Reason.NO_TEXT, Reason.WRONG_TYPE, Reason.BAD_ENCODING}


def broken_pages() -> Iterator[str]:
    """Give pages with faults that parsers stumble over."""
    whole = page(ENGLISH)
    yield whole.replace("</p>", "").replace("</article>", "").replace("</html>", "")
    yield whole.replace("<head>", "<head><img src=x><p>").replace("</title>", "")
    yield whole + whole
    yield whole.replace("<article>", "<div>" * 200 + "<article>")
    yield '<?xml version="1.0" encoding="ascii"?>' + whole
    yield whole.replace("<p>", "\0<p>\ufffe")


@pytest.mark.parametrize("html", list(broken_pages()))
def test_broken_html(html: str) -> None:
    """Unclosed, doubled, deeply nested and otherwise broken markup still gives the text."""
    assert "mail plane with nine seats" in read(html).text


def test_only_markup() -> None:
    """Scripts and styles are no text."""
    html = plain_page(
        "x", "<script>" + "var a = 1; " * 100 + "</script><style>" + "p { color: red } " * 50 + "</style>"
    )
    assert refuse(html) is Reason.NO_TEXT
