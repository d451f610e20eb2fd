from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import feedparser
import pytest
from lxml import html

from indexer.digests.files import DIGESTS, ENTRIES, content
from indexer.digests.mail import SUBJECT, compose, subject
from indexer.digests.text import escaped, linked, markdown, plain_text
from indexer.elastic.outbox import Delivery, Digest, Elsewhere, Item
from indexer.rendering import digest_page
from indexer.search import MARK, UNMARK, segments

AT = datetime(2026, 9, 10, 12, tzinfo=UTC)
SENDER = "News desk <desk@news.example>"
ITEM = Item(
    id="a1",
    url="https://herald.example/quay",
    title="Quay closed",
    source="The Herald",
    domain="herald.example",
    at=AT - timedelta(hours=2),
    language="en",
    passage=f"{MARK}Quay{UNMARK}side work * goes on",
    labels=("Ports",),
    also=(Elsewhere(id="b1", url="https://mirror.example/quay", source="Mirror", at=AT),),
)
DIGEST = Digest(
    id="s-1",
    search="s",
    name="quays",
    number=1,
    at=AT,
    query="quay AND (port OR harbour)",
    language="en",
    message_id="<s-1@news.example>",
    articles=("a1", "b1"),
    items=(ITEM,),
    deliveries=(Delivery(kind="mail", to="ann@example.org"),),
)


def numbered(number: int, items: int, *, first: int = 0) -> Digest:
    made = [replace(ITEM, id=f"i{first + place}", url=f"https://a.example/{first + place}") for place in range(items)]
    return replace(DIGEST, id=f"s-{number}", number=number, at=AT + timedelta(days=number), items=tuple(made))


def test_a_mail_is_the_same_whenever_it_is_written() -> None:
    """Its bytes, Message-ID and date follow from the digest alone; it is plain text and HTML, and has a sender."""
    one, other = (compose(DIGEST, sender=SENDER, to="ann@example.org").as_bytes() for _ in range(2))
    assert one == other
    read: Any = message_from_bytes(one, policy=default)
    assert {name: str(read[name]) for name in ("From", "To", "Message-ID", "List-Id", "Auto-Submitted")} == {
        "From": "News desk <desk@news.example>",
        "To": "ann@example.org",
        "Message-ID": "<s-1@news.example>",
        "List-Id": "<s.condensat.news.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert read["Date"].datetime == AT
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    assert b"\r\n" in one
    assert max(map(len, one.splitlines())) <= 998


def test_a_subject_is_one_line() -> None:
    """Whatever a title and a name hold, a subject is one line of a certain length."""
    hostile = replace(DIGEST, name="a\nBcc: x@y", items=(replace(ITEM, title="x\r\nTo: eve@example.org " + "y" * 500),))
    assert len(subject(hostile)) <= SUBJECT
    assert subject(hostile).isprintable()
    message = compose(hostile, sender=SENDER, to="ann@example.org")
    read: Any = message_from_bytes(message.as_bytes(), policy=default)
    assert read["Bcc"] is None
    assert read["To"] == "ann@example.org"


def test_languages() -> None:
    """A digest says the same in French, where its search was saved so."""
    french = replace(DIGEST, language="fr", items=(ITEM, replace(ITEM, id="c", again=True)))
    assert subject(french) == "quays: 1 nouvel article, 1 reprise de ce qui a été envoyé – Quay closed"
    assert "aussi dans Mirror" in plain_text(french)
    page = html.document_fromstring(digest_page(french))
    assert page.get("lang") == "fr"
    assert "Repris depuis l'envoi" in page.text_content()


def test_words_that_matched_stand_out() -> None:
    """They are bold in HTML and Markdown, spaces stay where they were, and plain text has no marks."""
    assert list(segments(ITEM.passage)) == [("Quay", True), ("side work * goes on", False)]
    page = html.document_fromstring(digest_page(DIGEST))
    assert [each.text for each in page.iterfind(".//article//b")] == ["Quay"]
    assert "**Quay**side work \\* goes on" in markdown([DIGEST])
    spaced = replace(DIGEST, items=(replace(ITEM, passage=f"the {MARK}quay{UNMARK} is shut"),))
    assert "the **quay** is shut" in markdown([spaced])
    assert "Quayside work * goes on" in plain_text(DIGEST)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a [b](c) <d> &amp; *e* _f_ `g` ~h~ \\i |j|", r"a \[b\](c) \<d\> \&amp; \*e\* \_f\_ \`g\` \~h\~ \\i \|j\|"),
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("plain, with a dash - and 2.5", "plain, with a dash - and 2.5"),
        ("two\nlines\r\n\r\nof it", "two lines of it"),
    ],
)
def test_markdown_shows_what_is_written(text: str, written: str) -> None:
    """Marks of Markdown and HTML are shown as they are, and what needs no escape has none."""
    assert escaped(text) == written


def test_only_the_web_is_linked() -> None:
    """An address that runs is not linked, and none ends its brackets early."""
    assert linked("x", "javascript:alert(1)") == "x"
    assert linked("x", "https://a.example/b>c d\\e") == "[x](<https://a.example/b%3Ec%20d%5Ce>)"
    item = replace(ITEM, url="javascript:alert(1)")
    for form in ("x.atom", "x.json"):
        assert b"javascript" not in content("feed", form, [replace(DIGEST, items=(item,))])


@pytest.mark.parametrize("form", ["atom", "json"])
def test_a_feed_keeps_its_last_entries(form: str) -> None:
    """The latest articles stand in it, each once, the latest first, up to a number; a reader finds all their parts."""
    digests = [numbered(number, 40, first=40 * number) for number in (4, 3, 2, 1)]
    written = content("feed", f"/srv/x & y.{form}", iter(digests))
    if form == "json":
        feed = json.loads(written)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        links = [each["url"] for each in feed["items"]]
        first = feed["items"][0]
        assert (first["title"], first["tags"], first["authors"]) == ("Quay closed", ["Ports"], [{"name": "The Herald"}])
        assert first["date_published"] == "2026-09-10T10:00:00.000Z"
        body = first["content_html"]
    else:
        parsed = feedparser.parse(written)
        assert not parsed.bozo
        assert parsed.feed.title == "condensat: quays"
        links = [each.link for each in parsed.entries]
        entry = parsed.entries[0]
        assert (entry.title, entry.author, entry.tags[0].term) == ("Quay closed", "The Herald", "Ports")
        assert (entry.published, entry.updated) == ("2026-09-10T10:00:00.000Z", "2026-09-14T12:00:00.000Z")
        body = entry.content[0].value
    assert "<b>Quay</b>side" in body
    assert "Mirror" in body
    assert links == [f"https://a.example/{number}" for number in (*range(160, 200), *range(120, 160), *range(80, 100))]
    assert len(links) == ENTRIES


def test_a_feed_of_nothing_is_a_feed() -> None:
    """Where nothing was ever found the files are whole all the same."""
    assert feedparser.parse(content("feed", "x.atom", [])).version == "atom10"
    assert json.loads(content("feed", "x.json", []))["items"] == []
    assert content("markdown", "x.md", []) == b""


def test_what_repeats_an_entry_joins_it() -> None:
    """An article that comes again for its reposts is one entry, with all of them, as new as the last."""
    more = Elsewhere(id="c1", url="https://echo.example/quay", source="Echo", at=AT)
    later = replace(
        DIGEST, id="s-2", number=2, at=AT + timedelta(days=1), items=(replace(ITEM, also=(more,), again=True),)
    )
    (entry,) = feedparser.parse(content("feed", "x.atom", [later, DIGEST])).entries
    assert entry.updated.startswith("2026-09-11")
    assert entry.content[0].value.index("Mirror") < entry.content[0].value.index("Echo")


def test_a_markdown_file_keeps_its_last_digests() -> None:
    """The latest stand on top, each below a comment with its id, up to a number."""
    text = content("markdown", "x.md", (numbered(number, 1) for number in range(30, 0, -1))).decode()
    ids = [line.split()[3] for line in text.splitlines() if line.startswith("<!--")]
    assert ids == [f"s-{number}" for number in range(30, 30 - DIGESTS, -1)]
