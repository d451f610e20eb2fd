"""Draw why two articles are, or are not, the same; it decides nothing."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from indexer.cli import output
from indexer.cli.report import KIND_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.reposts import Version
    from indexer.review import Comparison

MEANINGS = {
    "exact": "the same words",
    "near": "the same text with small changes",
    "partial": "most of one stands in the other",
    "passage": "they share a passage",
    "related": "they share some words in a row, not enough for a repost",
    "unrelated": "they share no five words in a row",
}
CONTEXT = 3  # words shown on either side of a difference
SHOWN = 12  # differences shown without --full
WORDS_SHOWN = 40  # of one difference
# difflib takes quadratic time at worst: beyond this many words it may overlook frequent words.
EXACT_DIFF_WORDS = 3_000

Difference = tuple[tuple[int, int], tuple[int, int]]  # the word positions that differ, in a and in b


def to_dict(found: Comparison) -> dict[str, Any]:
    """Give the JSON form."""
    measures = found.measures
    return {
        "a": _version(found.a),
        "b": _version(found.b),
        "kind": found.kind.value,
        "update": found.update,
        "coverage_a": measures.coverage_a,
        "coverage_b": measures.coverage_b,
        "shared_tokens": measures.shared_tokens,
        "longest_run": measures.longest_run,
        "longest_run_text": found.longest_run_text,
        "changed_numbers": measures.changed_numbers,
        "explained": measures.explained,
        "earlier": found.earlier,
        "order_certain": found.order_certain,
        "lag_seconds": found.lag_seconds,
    }


def _version(side: Version) -> dict[str, Any]:
    return {
        "id": side.id,
        "url": side.url,
        "title": side.title,
        "source": side.source,
        "effective": side.effective,
        "tokens": len(side.shingled.tokens),
    }


def draw(found: Comparison, *, full: bool) -> Group:
    """Draw the verdict with its evidence, and the words in which the two differ, side by side."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True, style="bold")
    facts.add_column(overflow="fold", ratio=1)
    for label, value in _facts(found):
        facts.add_row(label, value)
    words_a, words_b = found.a.shingled.tokens, found.b.shingled.tokens
    if not found.measures.shared_tokens or found.measures.equal:
        return Group(facts)
    every = differences(words_a, words_b)
    shown = every if full else every[:SHOWN]
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    drawn.add_column("words of A", ratio=1, overflow="fold")
    drawn.add_column("words of B", ratio=1, overflow="fold")
    for a, b in shown:
        drawn.add_row(_words(words_a, a, "red", full=full), _words(words_b, b, "green", full=full))
    rest = len(every) - len(shown)
    return Group(facts, Text(), drawn, *([Text(f"and {rest} differences more: --full", "dim")] if rest else []))


def _facts(found: Comparison) -> Iterator[tuple[str, Text]]:
    kind = found.kind.value
    verdict = Text.assemble((kind, KIND_STYLES.get(kind, "dim")), f"  {MEANINGS[kind]}")
    yield "Verdict", verdict.append("  (an update of the same source)", "magenta") if found.update else verdict
    measures = found.measures
    for label, side, share in (("A", found.a, measures.coverage_a), ("B", found.b, measures.coverage_b)):
        yield label, Text.assemble(output.line(side.title or side.url, "bold"), "\n", output.line(side.source, "cyan"))
        words = output.count(len(side.shingled.tokens), "word")
        covered = f" {output.percent(share)} of it stands in the other ({words})"
        yield "", Text.assemble((output.bar(share, width=10), "green"), covered)
    if measures.longest_run:
        yield (
            "Longest run",
            Text.assemble(
                f"{output.count(measures.longest_run, 'word')}: ", output.line(found.longest_run_text, "italic")
            ),
        )
    if measures.changed_numbers:
        exchanged = output.count(measures.changed_numbers, "number")
        much = output.percent(measures.explained)
        yield "Numbers", Text(f"{exchanged} exchanged between the same words; that is {much} of what differs")
    first = found.earlier.upper()
    lag = f"{output.span(found.lag_seconds)} before the other" if found.lag_seconds else "at the same time as the other"
    order = Text(f"{first} was first, {lag}")
    yield "Order", order if found.order_certain else order.append("  (the dates do not settle it)", "yellow")


def differences(a: Sequence[str], b: Sequence[str]) -> list[Difference]:
    """List where two sequences of words differ, in order."""
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=max(len(a), len(b)) > EXACT_DIFF_WORDS)
    return [((i1, i2), (j1, j2)) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]


def _words(words: Sequence[str], place: tuple[int, int], style: str, *, full: bool) -> Text:
    """Show the words that differ in colour and brackets, since a file has no colours, between those around them."""
    start, end = place
    cut = end if full else min(end, start + WORDS_SHOWN)
    differing = (
        f"[{' '.join(words[start:cut])}]" if cut == end else f"[{' '.join(words[start:cut])} … {end - cut} more]"
    )
    before, after = words[max(start - CONTEXT, 0) : start], words[end : end + CONTEXT]
    parts = [
        ("…", "dim"),
        (" ".join(before), "dim"),
        (differing if cut > start else "[]", style),
        (" ".join(after), "dim"),
        ("…", "dim"),
    ]
    return Text(" ").join(Text(text, each) for text, each in parts if text)
