"""What the made-up archive is like, number by number, and where each number comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What the archive is like."""

    seed: int = 20260302
    begins: datetime = datetime(2026, 3, 2, tzinfo=UTC)
    a_day: int = 500_000
    # words of an article: log-normal; real news has a median of 465 (Reuters of 1987: 95), feeds bring shorter ones
    median: float = 350.0
    spread: float = 0.75  # p95 of about 1,200
    shortest: int = 30
    longest: int = 6_000
    # words: fitted to the share of the commonest 1, 10, 100, 1,000 and 10,000 (.061 .224 .445 .703 .943)
    sizes: tuple[int, int] = (42_000, 18_000)  # English, French
    flatness: float = 1.2
    exponent: float = 1.13
    numerals: float = 0.018  # share of the words (real: .018)
    topical: float = 0.16  # share of words that belong to the article's own subject, and come again in it
    subject: int = 24  # such words an article
    # stock phrases of 3 to 8 words: until strangers share 4 % of an article's grams, as real ones do
    phrases: int = 6_000
    phrase_flatness: float = 60.0  # the first 60 are about as frequent as one another: none stands in every article
    stock: float = 0.16  # share of the words
    sentence: float = 21.0  # words
    # sources
    # A day of 500,000 articles is that of 180,000 feeds. So many sources have nine feeds and 25 articles each, and the
    # largest still publishes 15,700.
    sources: int = 20_000
    skew: float = 0.8  # share of the source of rank r: r ** -skew; the first has 3 %
    french: int = 5  # one source in so many is French
    footed: int = 8  # one source in so many, but not the largest, ends its articles with boilerplate of 20 to 45 words
    footer_share: float = 0.7  # of its articles
    bulletins: int = 12  # one source in so many publishes templates in which numbers change
    bulletin_share: float = 0.4  # of its articles
    # reposts
    reposts: float = 0.20
    passages: float = 0.03
    edits: tuple[tuple[str, float], ...] = (
        ("exact", 0.40), ("light", 0.25), ("framed", 0.08), ("expanded", 0.07), ("excerpt", 0.10), ("heavy", 0.10),
    )  # fmt: skip
    agency: float = 0.15  # share of the reposts that repeat an agency's story
    agency_copies: tuple[int, int] = (50, 400)
    again: float = 0.25  # share that repeat what was repeated lately, so that some clusters grow
    same_title: float = 0.6  # of the reposts
    repeatable: int = 80  # words that an original has at least
    remembered: int = 20_000  # articles of a language that can still be repeated: an hour
    youngest: int = 30  # articles between the two: about five seconds, so that the dates tell who was first
