"""Forty made-up articles that repeat each other in every way that matters, and how they arrive."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from samples import NOW, prose


def moment(hours: float) -> str:
    """Write a time so many hours before now."""
    return (NOW - timedelta(hours=hours)).isoformat()


def written(
    domain: str, name: str, text: str, published: str | float | None = None, *, seen: float = 30, title: str = ""
) -> str:
    """Write an article as `import` reads it; times in hours before now."""
    return json.dumps(
        {
            "url": f"https://{domain}.example/{name}",
            "source": domain.title(),
            "title": title or name,
            "text": text,
            "published": moment(published) if isinstance(published, (int, float)) else published,
            "seen": moment(seen),
            "language": "en",
        }
    )


def edited(text: str, every: int, seed: int) -> str:
    """Replace one word in ``every``."""
    words = text.split()
    words[::every] = prose(seed, len(words[::every])).split()
    return " ".join(words)


def between(run: str, seed: int, words: int = 150) -> str:
    """Put a run of words between words that stand nowhere else."""
    return f"{prose(seed, words)} {run} {prose(seed + 1, words)}"


@dataclass(frozen=True, kw_only=True)
class World:
    """What arrives: at first, and at a later poll; within either in any order."""

    first: tuple[str, ...]
    later: tuple[str, ...]  # edited articles, and deliveries of what is there already

    @property
    def urls(self) -> list[str]:
        """Every article's address, once."""
        return sorted({address(each) for each in (*self.first, *self.later)})


def world(seed: int) -> World:
    """Make the world; other seeds have other words and other sources, so that worlds may share an index."""

    def words(number: int, count: int) -> str:
        return prose(seed * 10_000 + number, count)

    def line(source: str, *facts: Any, **more: Any) -> str:
        return written(f"{source}{seed}", *facts, **more)

    copied, chain, story, long = words(1, 120), words(2, 200), words(3, 150), words(4, 400)
    run = words(5, 70)
    first = [
        # copies: at other times, at one time, of a day, without a date, of one source
        line("herald", "copied", copied, 20),
        line("mirror", "copied", copied, 18),
        line("echo", "copied", copied, 18),
        line("daily", "copied", copied, "2026-09-09"),
        line("undated", "copied", copied, seen=19),
        line("unseen", "copied", f"«{copied.upper()}»", seen=19),
        line("herald", "again", copied, 17),
        # a chain: each repeats the one before, the last hardly the first
        line("one", "chain", chain, 15),
        line("two", "chain", edited(chain, 50, seed * 10_000 + 100), 14),
        line("three", "chain", edited(edited(chain, 50, seed * 10_000 + 100), 47, seed * 10_000 + 101), 13),
        # an original that is older than all that was there
        line("archive", "backfilled", words(6, 130), 900),
        line("mirror", "backfilled", words(6, 130), 12),
        line("echo", "backfilled", f"{words(6, 130)} {words(7, 15)}", 11),
        # a part, and more than the whole
        line("long", "whole", long, 26),
        line("short", "part", " ".join(long.split()[50:200]), 25),
        line("short", "other-part", " ".join(long.split()[150:300]), 24),
        line("longer", "more", f"{words(8, 40)} {long} {words(9, 100)}", 23),
        # a passage in three, of which two have one date
        line("quoted", "speech", between(run, seed * 10_000 + 200), 30),
        line("quoting", "speech", between(run, seed * 10_000 + 210), 29),
        line("quoter", "speech", between(run, seed * 10_000 + 220), 29),
        # a source that changes its own story
        line("herald", "story", story, 10),
        line("herald", "story-2", edited(story, 40, seed * 10_000 + 300), 9),
        line("herald", "story-3", f"{story} {words(10, 30)}", 8),
        line("mirror", "story", story, 7.5),
        # short ones: equal, and not quite
        line("short", "brief", words(11, 20), 6),
        line("mirror", "brief", words(11, 20), 5),
        line("echo", "brief", edited(words(11, 20), 10, seed * 10_000 + 400), 4),
        line("tiny", "brief", words(12, 3), 4),
        line("mirror", "tiny", words(12, 3), 4),
        *(line("stranger", f"s{number}", words(500 + number, 80), 50 - number) for number in range(5)),
    ]
    # before and after an edit
    edits = [
        ("gains", line("gains", "edit", words(20, 120), 3), line("gains", "edit", copied, 3)),
        ("loses", line("loses", "edit", chain, 2.5), line("loses", "edit", words(21, 120), 2.5)),
        (
            "weaker",
            line("weaker", "edit", f"{story} {words(22, 10)}", 2),
            line("weaker", "edit", between(" ".join(story.split()[:65]), seed * 10_000 + 600), 2),
        ),
        # the original of copies is rewritten: the copies point to the next oldest
        ("original", line("original", "edit", words(23, 100), 40), line("original", "edit", words(24, 100), 40)),
        # a date comes late, and a date that was recorded stays
        ("late", line("late", "edit", words(25, 100), seen=1), line("late", "edit", f"{words(25, 100)} at last", 60)),
        ("stays", line("stays", "edit", words(26, 100), 2), line("stays", "edit", f"{words(26, 100)} again", 0.5)),
        # two articles exchange their texts
        ("left", line("left", "edit", words(27, 100), 22), line("left", "edit", words(28, 100), 22)),
        ("right", line("right", "edit", words(28, 100), 21), line("right", "edit", words(27, 100), 21)),
    ]
    copies = [
        line("mirror", "of-original", words(23, 100), 35),
        line("echo", "of-original", words(23, 100), 34),
        line("mirror", "of-late", words(25, 100), 10),
        line("mirror", "of-stays", words(26, 100), 1),
        line("echo", "of-left", words(27, 100), 21.5),
    ]
    # what is delivered again, and was seen at another time elsewhere: the earliest counts
    again = [line("undated", "copied", copied, seen=21), line("mirror", "of-late", words(25, 100), 10, seen=2)]
    return World(
        first=(*first, *copies, *(before for _, before, _ in edits), again[0]),
        later=(*(after for _, _, after in edits), again[1], first[0], line("undated", "copied", copied, seen=17)),
    )


def crowd(seed: int, *, first: int, later: int, leaving: int) -> World:
    """Make a world of copies of one text: so many at first, so many more later, of which some are edited away then.

    Three others repeat most of the text, the oldest copy is among those that leave, and many have one date.
    """
    text = prose(seed * 10_000, 60)

    def copy(number: int, words: str) -> str:
        return written(f"c{number}s{seed}", "copy", words, 100 - number // 3)

    near = [
        written(f"near{number}s{seed}", "copy", f"{text} {prose(seed * 10_000 + 1 + number, 8)}", hours)
        for number, hours in enumerate((300, 80, 2))
    ]
    return World(
        first=(*near, *(copy(number, text) for number in range(first))),
        later=(
            *(copy(number, text) for number in range(first, first + later)),
            *(copy(number, prose(seed * 10_000 + 100 + number, 60)) for number in range(leaving)),
        ),
    )


def overtaken(of: World) -> tuple[list[str], list[str], list[str]]:
    """Part a world into what stands there, what a slow process brings, and what a quick one brings meanwhile.

    The quick one edits what stands there, and has seen an article earlier that the slow one brings as well. What is
    edited is not among what the slow one brings: who writes last would decide then, and should.
    """
    addresses = {address(each) for each in of.later}
    seen_twice = [each for each in of.first if sum(address(each) == address(other) for other in of.first) > 1]
    there = [each for each in of.first if address(each) in addresses and each not in seen_twice]
    slow = [each for each in of.first if each not in there and each != seen_twice[-1]]
    return there, slow, [seen_twice[-1], *of.later]


def address(arriving: str) -> str:
    """Give the address of an article that is on its way."""
    return str(json.loads(arriving)["url"])


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """How a world arrives: so many processes, the size of their batches, and what each gets in either poll."""

    batch: int
    polls: tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]


def arrival(of: World, seed: int, *, workers: int | None = None) -> Arrival:
    """Deal the articles of a world out, in an order, to processes and in batches that the seed decides.

    What is not edited may come as late as the second poll.
    """
    chance = random.Random(seed)  # noqa: S311 nothing here is secret
    workers = workers or chance.randint(1, 4)
    urls_later = {address(each) for each in of.later}
    held_back = {each for each in of.first if address(each) not in urls_later and chance.random() < 0.2}
    polls = []
    for lines in ([each for each in of.first if each not in held_back], [*of.later, *sorted(held_back)]):
        chance.shuffle(lines)
        polls.append(tuple(tuple(lines[number::workers]) for number in range(workers)))
    return Arrival(batch=chance.choice((1, 2, 3, 5, 8, 13, 50)), polls=(polls[0], polls[1]))
