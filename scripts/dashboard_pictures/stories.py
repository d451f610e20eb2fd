"""Made-up articles of four weeks, with tags, actors, campaigns and CVEs, that copy each other at different speeds.

Nothing in them is real. Their texts are made-up words, so that two share only what one copied.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = 26
ORIGINALS = 96
SYLLABLES = ("ba", "do", "fi", "gu", "ke", "lo", "mi", "na", "po", "ra", "se", "tu", "vo", "wa", "xi", "zu")


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher; ``copies`` is its share of the articles that it could copy, ``hours`` how long it takes."""

    name: str
    domain: str
    language: str = "en"
    writes: int = 0  # weight among those who write
    copies: float = 0.0
    hours: tuple[float, float] = (0.0, 0.0)


OUTLETS = (
    Outlet("Sextant Labs", "sextant.example", writes=5),
    Outlet("Tidewater Wire", "tidewater.example", writes=6, copies=0.05, hours=(1, 5)),
    Outlet("Harbour CERT", "harbour-cert.example", writes=3),
    Outlet("Northgate Herald", "northgate.example", writes=4, copies=0.10, hours=(3, 20)),
    Outlet("La Vigie", "vigie.example", "fr", writes=3),
    Outlet("Der Pegel", "pegel.example", "de", writes=2),
    Outlet("Marlow Ledger", "marlow.example", writes=2, copies=0.12, hours=(8, 70)),
    Outlet("Newsmill", "newsmill.example", copies=0.45, hours=(0.05, 0.6)),
    Outlet("Aggregate Now", "aggregate.example", copies=0.30, hours=(0.3, 4)),
    Outlet("The Weekly Lock", "weekly-lock.example", copies=0.10, hours=(40, 200)),
)
TAGS = ("Vulnerability", "Threat", "Ransomware", "Patching", "Malware", "Data Breach", "Cloud", "Tool")
ACTORS = ("Salt Heron", "Copper Weasel", "Grey Estuary", "Lantern Moth")
CAMPAIGNS = ("Quiet Beacons", "Low Tide", "Paper Lock")
CVES = ("CVE-2026-90411", "CVE-2026-91872", "CVE-2026-92058", "CVE-2026-92640", "CVE-2026-93110", "CVE-2026-93377")
ENGLISH = """
the water and the harbour of this town were quiet when they came back with their boats before morning which
nobody had seen from there because people who live here know how to wait for wind that will not blow until all
others have gone home after what was said about it by those we could never find again under any bridge or
behind every gate
"""
# How likely: that a story is of an actor, that one more tag is given, that a CVE and a story come together.
ACTOR, ANOTHER_TAG, BOTH = 0.65, 0.5, 0.3
# Up to which share of articles a copy is whole, has words exchanged, or is cut; the rest share a passage.
WHOLE, EXCHANGED, CUT = 0.35, 0.7, 0.87
# Up to which share articles went out in a digest, were starred, kept, archived.
SENT, STARRED, KEPT, ARCHIVED = 0.08, 0.1, 0.14, 0.4
PRODUCTS = ("Fregata Mail", "Ormeau Gateway", "Vantail V3", "Bigorneau CMS", "Sloop VPN", "Anchor Backup")
HEADLINES = {
    "cve": ("{product} flaw {cve} is being exploited", "Patch {product} now: {cve} rated critical", "{cve} explained"),
    "story": ("{story} returns with a new loader", "What we know of {story}", "{story} behind attack on port operator"),
    "plain": ("Insurers raise the price of bad backups", "Port of Ostmark tests its plan B", "A week in passwords"),
}


def lines(now: datetime) -> Iterator[str]:
    """Give the articles as lines of an export, the oldest first: what `condensat import` reads."""
    for each in sorted(_articles(now), key=lambda article: str(article["seen"])):
        yield json.dumps(each)


def prose(name: str, words: int) -> str:
    """Give English words in no order, the same for the same name: a text whose language is found."""
    chance = random.Random(name)  # noqa: S311 nothing here is secret
    return " ".join(chance.choice(ENGLISH.split()) for _ in range(words))


def _articles(now: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(20260928)  # noqa: S311 nothing here is secret
    writers = [each for each in OUTLETS if each.writes]
    copiers = [each for each in OUTLETS if each.copies]
    for number in range(ORIGINALS):
        outlet = chance.choices(writers, [each.writes for each in writers])[0]
        day = now - timedelta(days=chance.uniform(0.6, DAYS))
        at = day.replace(hour=chance.choices(range(24), [1] * 6 + [6] * 14 + [2] * 4)[0], minute=chance.randrange(60))
        words = _prose(chance, chance.randint(160, 320))
        about = _about(chance, number, at=at, now=now)
        yield _article(outlet, f"a{number}", words, at=at, about=about, chance=chance)
        for copier in copiers:
            if copier is not outlet and chance.random() < copier.copies:
                later = at + timedelta(hours=chance.uniform(*copier.hours))
                if later < now:
                    yield _article(
                        copier, f"a{number}-copy", _copied(chance, words), at=later, about=about, chance=chance
                    )
        if number % 16 == 5:
            changed = _edited(chance, words, 14)
            yield _article(outlet, f"a{number}-update", changed, at=at + timedelta(hours=9), about=about, chance=chance)


def _about(chance: random.Random, number: int, *, at: datetime, now: datetime) -> dict[str, Any]:
    """Choose what an article is about; some subjects come up late and grow."""
    age = (now - at) / timedelta(days=DAYS)  # 0 is now, 1 the beginning
    kind = ("cve", "story", "plain")[number % 3]
    cve = CVES[min(int(chance.triangular(0, len(CVES), len(CVES) * (1 - age))), len(CVES) - 1)]
    story = chance.choice(ACTORS if chance.random() < ACTOR else CAMPAIGNS)
    tags = {"cve": ["Vulnerability", chance.choice(["Patching", "Cloud", "Threat"])], "story": ["Threat"], "plain": []}
    found = [*tags[kind], *([chance.choice(TAGS)] if chance.random() < ANOTHER_TAG else [])]
    both = chance.random() < BOTH
    title = chance.choice(HEADLINES[kind]).format(product=PRODUCTS[CVES.index(cve)], cve=cve, story=story)
    return {
        "title": title,
        "tags": sorted(set(found)),
        "cves": [cve] if kind == "cve" or (kind == "story" and both) else [],
        "stories": [story] if kind == "story" or (kind == "cve" and both) else [],
    }


def _article(
    outlet: Outlet, slug: str, words: list[str], *, at: datetime, about: dict[str, Any], chance: random.Random
) -> dict[str, Any]:
    kept = chance.random()
    notes = {"notes": {"stars": chance.randint(2, 5), "by": "ann"}} if kept < STARRED else {}
    return {
        "exported": 1,
        "url": f"https://{outlet.domain}/{slug}",
        "source": {"name": outlet.name, "domain": outlet.domain, "feed": f"https://{outlet.domain}/feed.xml"},
        "text": " ".join(words),
        "language": outlet.language,
        "published": at.isoformat(),
        "published_precision": "second",
        "published_origin": "feed",
        "seen": (at + timedelta(minutes=chance.uniform(2, 50))).isoformat(),
        "shelf": "kept" if kept < KEPT else "archived" if kept < ARCHIVED else "inbox",
        "sent": kept < SENT,
        **notes,
        **about,
    }


def _prose(chance: random.Random, words: int) -> list[str]:
    return ["".join(chance.choices(SYLLABLES, k=4)) for _ in range(words)]


def _copied(chance: random.Random, words: list[str]) -> list[str]:
    """Copy as copiers do: as it is, with words exchanged, cut with something added, or a passage in another text."""
    how = chance.random()
    if how < WHOLE:
        return words
    if how < EXCHANGED:
        return _edited(chance, words, 14)
    if how < CUT:
        return [*words[: int(len(words) * 0.75)], *_prose(chance, len(words))]
    return [*_prose(chance, 150), *words[30:105], *_prose(chance, 120)]


def _edited(chance: random.Random, words: list[str], every: int) -> list[str]:
    changed = list(words)
    changed[::every] = _prose(chance, len(changed[::every]))
    return changed
