"""Write a digest as plain text and as Markdown; pure, and what stands in a title is never markup."""

from __future__ import annotations

import re
from textwrap import fill
from typing import TYPE_CHECKING

from indexer.rendering import LABELS, spoken
from indexer.rendering.templating import link
from indexer.search import segments
from indexer.text import strip_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from indexer.elastic.outbox import Digest, Item
    from indexer.rendering import Labels

WIDTH = 76  # columns of a mail
BEGIN = "<!-- condensat digest {} -->"
# What Markdown reads as more than a letter, HTML among it: wherever it stands, and at the head of a line.
_MARKDOWN = re.compile(r"([\\`*_\[\]<>&|~])")
_HEAD = re.compile(r"^(\s*)(?:([-+=#])|(\d+)([.)]))")


def labels_of(digest: Digest) -> Labels:
    """Give the words of a digest's language."""
    return LABELS[spoken(digest.language)]


def headline(digest: Digest) -> str:
    """Tell how much stands in a digest."""
    new = sum(not each.again for each in digest.items)
    return labels_of(digest).headline(new, sum(len(each.also) for each in digest.items if each.again))


def plain_text(digest: Digest) -> str:
    """Give a digest as plain text: the other form of a mail."""
    labels = labels_of(digest)
    lines = [f"{one_line(digest.name)}: {headline(digest)}", f"{digest.at:%Y-%m-%d %H:%M} UTC", ""]
    number = 0
    for again, items in _sections(digest.items):
        if again:
            lines += [labels.reposted_since, "-" * len(labels.reposted_since), ""]
        for item in items:
            number += 1
            lines += [*_plain_item(item, number, labels), ""]
    return "\n".join([*lines, "-- ", f"{labels.saved_search} {one_line(digest.name)}: {one_line(digest.query)}", ""])


def _plain_item(item: Item, number: int, labels: Labels) -> Iterator[str]:
    yield fill(f"{number}. {one_line(item.title) or one_line(item.url)}", WIDTH, subsequent_indent="   ")
    yield f"   {' · '.join([one_line(item.source), f'{item.at:%Y-%m-%d %H:%M}', *map(one_line, item.labels)])}"
    yield f"   {one_line(item.url)}"
    if item.passage:
        yield fill(passage(item), WIDTH, initial_indent="   ", subsequent_indent="   ")
    if item.also:
        yield fill(
            f"{labels.also_in} {', '.join(one_line(each.source) for each in item.also)}",
            WIDTH,
            initial_indent="   ",
            subsequent_indent="   ",
        )


def markdown(digests: Iterable[Digest]) -> str:
    """Give digests as one Markdown file, in the order given, each below a comment that names it."""
    return "\n".join(_markdown(each) for each in digests)


def _markdown(digest: Digest) -> str:
    labels = labels_of(digest)
    lines = [
        BEGIN.format(digest.id),
        "",
        f"## {escaped(digest.name)}: {escaped(headline(digest))} ({digest.at:%Y-%m-%d %H:%M} UTC)",
        "",
    ]
    for again, items in _sections(digest.items):
        if again:
            lines += [f"### {escaped(labels.reposted_since)}", ""]
        for item in items:
            lines += [*_markdown_item(item, labels), ""]
    return "\n".join(lines)


def _markdown_item(item: Item, labels: Labels) -> Iterator[str]:
    facts = " · ".join([escaped(item.source), f"{item.at:%Y-%m-%d %H:%M}", *map(escaped, item.labels)])
    yield f"- **{linked(item.title or item.url, item.url)}**  "
    yield f"  {facts}  "
    if item.passage:
        yield f"  {_marked(item.passage)}  "
    if item.also:
        yield f"  {labels.also_in} {', '.join(linked(each.source, each.url) for each in item.also)}"


def _marked(words: str) -> str:
    """Give a passage with the words that were found in bold."""
    shown = [
        f"**{_inline(text)}**" if hit else _inline(text) for text, hit in segments(" ".join(words.split()))
    ]  # fmt: skip
    return _HEAD.sub(_as_it_is, "".join(shown))


def linked(text: str, url: str) -> str:
    """Give a link of Markdown, or the text alone where the address is not one to be followed."""
    safe = link(url)
    if not safe:
        return escaped(text)
    address = re.sub(r"[\s<>\\]", lambda match: f"%{ord(match.group()):02X}", one_line(safe))
    return f"[{escaped(text)}](<{address}>)"


def escaped(text: str) -> str:
    """Give a text so that Markdown shows it as it is."""
    return _HEAD.sub(_as_it_is, _inline(one_line(text)))


def _inline(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", strip_controls(text))


def _as_it_is(head: re.Match[str]) -> str:
    space, mark, number, behind = head.groups()
    return f"{space}\\{mark}" if mark else f"{space}{number}\\{behind}"


def one_line(text: str) -> str:
    """Give a text on one line, without what would steer a reader's program."""
    return " ".join(strip_controls(text).split())


def passage(item: Item) -> str:
    """Give a passage without its marks."""
    return one_line("".join(text for text, _ in segments(item.passage)))


def _sections(items: Sequence[Item]) -> Iterator[tuple[bool, list[Item]]]:
    for again in (False, True):
        found = [each for each in items if each.again is again]
        if found:
            yield again, found
