"""Draw why two articles are, or are not, the same; it decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from indexer.cli import output, tables
from indexer.cli.report import KIND_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from indexer.differences import Hunk
    from indexer.review import Comparison, Side

MEANINGS = {
    "exact": "the same words",
    "near": "the same text with small changes",
    "partial": "most of one stands in the other",
    "passage": "they share a passage",
    "related": "they share some words in a row, not enough for a repost",
    "unrelated": "they share no five words in a row",
}
SHOWN = 12  # differences shown without --full
WORDS_SHOWN = 40  # of one difference
RUN_WORDS = 60  # of the longest run


def to_dict(found: Comparison) -> dict[str, Any]:
    """Give the JSON form."""
    measures = found.measures
    return {
        "a": _side(found.a),
        "b": _side(found.b),
        "kind": found.kind.value,
        "update": found.update,
        "coverage_a": measures.coverage_a,
        "coverage_b": measures.coverage_b,
        "shared_tokens": measures.shared_tokens,
        "longest_run": measures.longest_run,
        "longest_run_text": found.longest_run_text,
        "changed_numbers": measures.changed_numbers,
        "explained": measures.explained,
        "exchanged": measures.exchanged,
        "earlier": found.earlier,
        "order_certain": found.order_certain,
        "lag_seconds": found.lag_seconds,
        "differences": differences(found.hunks),
    }


def _side(side: Side) -> dict[str, Any]:
    version = side.version
    return {
        "id": version.id,
        "url": version.url,
        "title": version.title,
        "source": version.source,
        "source_name": side.source_name,
        "effective": version.effective,
        "tokens": version.shingled.length,
    }


def differences(hunks: Iterable[Hunk]) -> list[dict[str, Any]]:
    """Give the JSON form of what differs: the words of either side, and the place of the first, counted from 0."""
    return [
        {"a": " ".join(each.a), "b": " ".join(each.b), "at_a": each.at_a, "at_b": each.at_b}
        for hunk in hunks
        for each in hunk
        if not each.same
    ]


def draw(found: Comparison, *, full: bool) -> Group:
    """Draw the verdict with its evidence, and the words in which the two differ, side by side."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True, style="bold")
    facts.add_column(overflow="fold", ratio=1)
    for label, value in _facts(found):
        facts.add_row(label, value)
    if not found.hunks:
        return Group(facts)
    shown = found.hunks if full else found.hunks[:SHOWN]
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in "AB":
        drawn.add_column(f"{name} where it differs", ratio=1, overflow="fold")
    for number, hunk in enumerate(shown):
        if number:
            drawn.add_row()
        drawn.add_row(_words(hunk, "a", full=full), _words(hunk, "b", full=full))
    rest = len(found.hunks) - len(shown)
    return Group(facts, Text(), drawn, *([Text(f"and {rest} places more: --full", "dim")] if rest else []))


def _facts(found: Comparison) -> Iterator[tuple[str, Text]]:
    kind = found.kind.value
    verdict = Text.assemble((kind, KIND_STYLES.get(kind, "dim")), f"  {MEANINGS[kind]}")
    yield "Verdict", verdict.append("  (an update of the same source)", "magenta") if found.update else verdict
    measures = found.measures
    for label, side, share in (("A", found.a, measures.coverage_a), ("B", found.b, measures.coverage_b)):
        version = side.version
        yield (
            label,
            Text.assemble(
                output.line(version.title or version.url, "bold"),
                "\n",
                (output.short(version.id), "dim"),
                " ",
                tables.source_name(side.source_name, version.source),
                " ",
                (output.moment(version.effective), "dim"),
            ),
        )
        words = output.count(version.shingled.length, "word")
        covered = f" {output.percent(share)} of it stands in the other ({words})"
        yield "", Text.assemble((output.bar(share, width=10), "green"), covered)
    if measures.longest_run:
        run = found.a.words.text(measures.run_start_a, min(measures.longest_run, RUN_WORDS))
        more = " …" if measures.longest_run > RUN_WORDS else ""
        yield (
            "Longest run",
            Text.assemble(f"{output.count(measures.longest_run, 'word')}: ", output.line(run + more, "italic")),
        )
    if measures.changed_numbers:
        exchanged = output.count(measures.changed_numbers, "number")
        much = output.percent(measures.explained)
        yield "Numbers", Text(f"{exchanged} exchanged between the same words; that is {much} of what differs")
    first = found.earlier.upper()
    lag = f"{output.span(found.lag_seconds)} before the other" if found.lag_seconds else "at the same time as the other"
    order = Text(f"{first} was first, {lag}")
    yield "Order", order if found.order_certain else order.append("  (the dates do not settle it)", "yellow")


def _words(hunk: Hunk, side: Literal["a", "b"], *, full: bool) -> Text:
    """Show the words of one side; those that differ in colour and brackets, since a file has no colours."""
    parts = [Text("…", "dim")]
    for segment in hunk:
        words = segment.a if side == "a" else segment.b
        if segment.same:
            parts.append(output.line(" ".join(words), "dim") if words else Text())
            continue
        cut = len(words) if full else WORDS_SHOWN
        shown, more = " ".join(words[:cut]), len(words) - cut
        text = f"[{shown} … {more} more]" if more > 0 else f"[{shown}]"
        parts.append(output.line(text, "red" if side == "a" else "green"))
    return Text(" ").join(part for part in [*parts, Text("…", "dim")] if part)
