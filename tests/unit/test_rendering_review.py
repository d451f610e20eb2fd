from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import html

from indexer.differences import Words, hunks
from indexer.models import Kind, Pair
from indexer.rendering import review_page
from indexer.rendering.labels import LABELS, LANGUAGES
from indexer.rendering.templating import fill, link
from indexer.review import Review

AT = datetime(2026, 9, 10, 12, tzinfo=UTC)
ARTICLE: dict[str, Any] = {
    "id": "0123456789abcdef0123",
    "url": "https://herald.example/crane",
    "source": {"name": "The Herald", "domain": "herald.example", "icon": "https://herald.example/i/Herald.webp"},
    "published": "2026-09-10T11:00:00.000Z",
    "published_precision": "second",
    "seen": "2026-09-10T11:05:36.000Z",
    "title": "Crane schedules",
    "text": "The first paragraph.\nThe second one.",
    "sent": True,
    "sent_at": "2026-09-11T06:00:00.000Z",
    "condensate": "crane first paragraph schedules second",
    "tags": ["Threat"],
    "stories": ["Salt Crane"],
    "notes": {"stars": 4, "remark": "Ask the port", "by": "ann", "at": "2026-09-11T07:00:00.000Z"},
    "shelf": "kept",
}
PAIR = Pair(
    id="p1",
    earlier="0123456789abcdef0123",
    later="fedcba98765432100000",
    earlier_url="https://herald.example/crane",
    later_url="https://mirror.example/crane",
    earlier_title="Crane schedules",
    later_title="Schedules of cranes",
    earlier_source="herald.example",
    later_source="mirror.example",
    earlier_effective=AT,
    later_effective=AT,
    order_certain=False,
    kind=Kind.NEAR,
    update=True,
    coverage_earlier=0.914,
    coverage_later=0.5,
    shared_tokens=80,
    longest_run=41,
    longest_run_text="the first paragraph of all that was said",
    lag_seconds=10_800.0,
    same_source=False,
    rules=1,
)
FIELDS = {
    "fr": [
        "Source", "Identifiant", "Date de publication", "Titre", "Texte", "Envoyé", "Condensat", "Tags", "Stories",
        "Notes", "Move",
    ],
    "en": [
        "Source", "Identifier", "Publication date", "Title", "Text", "Sent", "Condensate", "Tags", "Stories", "Notes",
        "Move",
    ],
}  # fmt: skip


def read(review: Review, language: Any = "en") -> html.HtmlElement:
    return html.document_fromstring(review_page(review, language))


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def fields(page: html.HtmlElement) -> dict[str, str]:
    return {words(each): words(each.getnext()) for each in page.iterfind(".//dt")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_fields_stand_in_their_order(language: str) -> None:
    """The fields stand in the order of the review page, with the labels of the language, which the page names."""
    page = read(Review(article=ARTICLE, earlier=(), later=()), language)
    assert page.get("lang") == language
    assert list(fields(page)) == FIELDS[language]


def test_fields_have_their_values() -> None:
    """Each field says what is stored, the icon by its name."""
    found = fields(read(Review(article=ARTICLE, earlier=(), later=()), "fr"))
    assert found == {
        "Source": "T Herald.webp The Herald herald.example",
        "Identifiant": "0123456789abcdef0123",
        "Date de publication": "2026-09-10 11:00:00 (vue: 2026-09-10 11:05:36)",
        "Titre": "Crane schedules https://herald.example/crane",
        "Texte": "The first paragraph. The second one.",
        "Envoyé": "Oui (2026-09-11 06:00:00)",
        "Condensat": "crane first paragraph schedules second",
        "Tags": "Threat",
        "Stories": "Salt Crane",
        "Notes": "★★★★ Ask the port ann 2026-09-11 07:00:00",
        "Move": "gardé",
    }


def test_an_article_with_the_least_has_a_page() -> None:
    """Where nothing else is known than an id, an address and when it was seen, every field is there all the same."""
    least = {"id": "00", "url": "https://a.example/", "seen": "2026-09-10T11:05:36.000Z"}
    found = fields(read(Review(article=least, earlier=(), later=())))
    assert list(found) == FIELDS["en"]
    assert found["Publication date"] == "unknown (seen: 2026-09-10 11:05:36)"
    assert found["Title"].startswith("without a title")
    assert (found["Sent"], found["Tags"], found["Notes"], found["Move"]) == ("No", "–", "–", "–")


def test_the_sentences_where_there_are_no_reposts() -> None:
    """Without pairs the page says so, in French with the very sentences that it has always had."""
    alone = Review(article=ARTICLE, earlier=(), later=())
    assert [words(each) for each in read(alone, "fr").iterfind(".//h2[@class='sentence']")] == [
        "L'article ne semble pas avoir été repris aprés sa publication.",
        "L'article ne semble pas avoir été repris sur un précédent.",
    ]
    assert [words(each) for each in read(alone).iterfind(".//h2[@class='sentence']")] == [
        "This article does not seem to have been reposted after its publication.",
        "This article does not seem to repeat an earlier one.",
    ]


def test_reposts_show_their_evidence() -> None:
    """A pair has the other article, its date, the lag, an order in doubt, its kind, both coverages and its run."""
    differences = {"p1": tuple(hunks(Words("the old quay was shut at noon"), Words("the new quay was shut at noon")))}
    review = Review(article=ARTICLE, earlier=(), later=(PAIR,), names={PAIR.later: "Mirror"}, differences=differences)
    page = read(review, "fr")
    (row,) = page.iterfind(".//tbody/tr")
    assert row.find(".//a").get("href") == PAIR.later_url
    shown = words(row)
    for each in (
        "Mirror mirror.example", "Schedules of cranes", PAIR.later, "2026-09-10 12:00", "3 h plus tard",
        "les dates ne fixent pas l'ordre", "presque identique", "mise à jour par la même source", "91 % de celui-ci",
        "50 % de l'autre", "41 mots", "the first paragraph of all that was said", "old → new",
    ):  # fmt: skip
        assert each in shown, each
    assert [each.get("width") for each in row.iterfind(".//rect[@class='fill']")] == ["91.4", "50.0"]
    assert [each.get("scope") for each in page.iterfind(".//th")] == [*["col"] * 6, "row"]
    # the same pair, looked at from the other side
    other = read(Review(article={**ARTICLE, "id": PAIR.later}, earlier=(replace(PAIR, update=False),), later=()))
    (row,) = other.iterfind(".//tbody/tr")
    assert row.find(".//a").get("href") == PAIR.earlier_url
    assert "50 % of this one" in words(row)
    assert "update" not in words(row)


@pytest.mark.parametrize(
    "hostile",
    [
        "</title><script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}{% for %}",
        "</style><svg onload=alert(1)>",
    ],
)  # fmt: skip
def test_hostile_text_stays_text(hostile: str) -> None:
    """Markup in any field comes out as the words that it is made of: no element or attribute more than without it."""
    article = {
        **ARTICLE,
        "title": hostile, "text": hostile, "authors": [hostile], "tags": [hostile], "stories": [hostile],
        "cves": [hostile], "condensate": hostile, "shelf": hostile, "language": hostile, "published": None,
        "published_problem": hostile, "published_raw": hostile,
        "source": {"name": hostile, "domain": hostile, "icon": hostile},
        "notes": {"stars": 1, "remark": hostile, "tags": [hostile], "by": hostile, "at": AT.isoformat()},
    }  # fmt: skip
    pair = replace(PAIR, later_title=hostile, later_source=hostile, longest_run_text=hostile)
    page = read(Review(article=article, earlier=(), later=(pair,), names={PAIR.later: hostile}))
    assert not page.xpath("//script | //img | //iframe | //svg[@onload] | //@*[starts-with(name(), 'on')]")
    assert fields(page)["Text"] == hostile
    assert len(page.xpath("//style")) == 1


def test_addresses_that_run_are_not_linked() -> None:
    """Only addresses on the web can be followed; others are shown as text."""
    article = {**ARTICLE, "url": "javascript:alert(1)", "source": {"name": "x", "icon": "data:text/html,x"}}
    pair = replace(PAIR, later_url="javascript:alert(2)", later_title="")
    page = read(Review(article=article, earlier=(), later=(pair,)))
    assert not page.xpath("//@href")
    assert "javascript:alert(1)" in fields(page)["Title"]
    assert [link(each) for each in ("HTTPS://a.example/", " http://b.example", "//c", "http://[", "file:///etc")] == [
        "HTTPS://a.example/", "http://b.example", None, None, None,
    ]  # fmt: skip


def test_what_steers_a_reader_is_dropped() -> None:
    """Control characters and overrides of direction do not reach the page, nor halves of characters."""
    article = {**ARTICLE, "title": "safe\u202e\x00\x1b[31m text\ud800", "tags": ["\u2066T\u2069"]}
    page = review_page(Review(article=article, earlier=(), later=()))
    assert "safe text" in page
    page.encode()
    assert not {each for each in page if (ord(each) < 32 and each != "\n") or each in "\u202e\u2066\u2069"}


def test_a_page_asks_for_nothing() -> None:
    """There is no element that fetches, and the policy forbids what is not in the page."""
    page = read(Review(article=ARTICLE, earlier=(), later=(PAIR,)))
    assert not page.xpath("//@src | //link | //@srcset | //object | //@style")
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_both_languages_say_everything() -> None:
    """No label is empty, and none of the sentences is the other language's."""
    for name in LABELS["en"].__dataclass_fields__:
        assert all(getattr(LABELS[language], name) for language in LANGUAGES), name
    assert LABELS["en"].not_reposted != LABELS["fr"].not_reposted


def test_a_template_that_misses_a_value_fails() -> None:
    """A name that a template uses and nobody gave is an error, not an empty place."""
    with pytest.raises(Exception, match="undefined"):
        fill("review.html", {"language": "en"})
