"""Draw how good the verdicts are on labelled pairs; it counts and decides nothing itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group as Parts
from rich.table import Table
from rich.text import Text

from indexer.cli import output
from indexer.cli.report import KIND_STYLES
from indexer.reposts import RULES
from indexer.scores import COLUMNS, binary, score
from indexer.trial import thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from indexer.evaluate import Evaluation
    from indexer.scores import Binary, Group, Scores
    from indexer.trial import Case, Moved, Sweep

MISSING_SHOWN = 5  # pairs that the table names; JSON has all of them
DIGITS = 4  # of a score in JSON: one pair in 2,950 shows


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """All that one run of the command shows."""

    evaluation: Evaluation
    by: str | None
    seed: int | None
    half: Sequence[Case] | None
    sweep: Sweep | None
    worst: Sequence[Case]


def to_dict(shown: Shown) -> dict[str, Any]:
    """Give the JSON form."""
    done = shown.evaluation
    scores = score(done.judged)
    certain = [judged for judged in done.judged if not judged.ambiguous]
    found: dict[str, Any] = {
        "judged": "texts" if done.dry_run else "index",
        "rules": asdict(done.rules),
        "changed": _changed(done),
        "pending": done.pending,
        "pairs": scores.pairs,
        "repost": _binary_dict(scores.binary),
        "repost_unambiguous": {"pairs": len(certain), **_binary_dict(binary(certain))},
        "kinds_right": scores.kinds_right,
        "contained": asdict(scores.contained),
        "update": asdict(scores.update),
        "not_update": asdict(scores.not_update),
        "direction": asdict(scores.direction),
        "by_label": {label: asdict(group) for label, group in scores.by_label.items()},
        "confusion": scores.confusion,
    }
    if shown.by is not None:
        found["by"] = {"key": shown.by, "groups": {name: asdict(group) for name, group in scores.by_group.items()}}
    if shown.half is not None:
        half = binary(case.judged for case in shown.half)
        found["half"] = {"seed": shown.seed, "pairs": len(shown.half), **_binary_dict(half)}
    if shown.sweep is not None:
        found["sweep"] = {
            "base": _binary_dict(shown.sweep.base),
            "moved": [_moved_dict(each) for each in shown.sweep.moved],
        }
    found["worst"] = [_case_dict(case) for case in shown.worst]
    found["missing"] = [asdict(each) for each in done.missing]
    return found


def _binary_dict(counts: Binary) -> dict[str, Any]:
    return {
        "precision": round(counts.precision, DIGITS),
        "recall": round(counts.recall, DIGITS),
        "f1": round(counts.f1, DIGITS),
        **asdict(counts),
    }


def _moved_dict(moved: Moved) -> dict[str, Any]:
    return {
        "threshold": moved.name,
        "value": moved.value,
        "lower": {"value": moved.lower, **_binary_dict(moved.at_lower)},
        "higher": {"value": moved.higher, **_binary_dict(moved.at_higher)},
    }


def _case_dict(case: Case) -> dict[str, Any]:
    pair = case.pair
    coverage_a, coverage_b = _coverages(case)
    return {
        "line": case.labelled.line,
        "url_a": case.labelled.url_a,
        "url_b": case.labelled.url_b,
        "label": case.judged.label,
        "verdict": case.judged.verdict,
        "stored": case.stored,
        "coverage_a": coverage_a,
        "coverage_b": coverage_b,
        "longest_run": pair.longest_run,
        "earlier": "a" if case.a_first else "b",
        "ambiguous": case.judged.ambiguous,
        "group": case.judged.group,
        "pair": pair.to_dict(),
    }


def _coverages(case: Case) -> tuple[float, float]:
    """Give the coverage of a and of b."""
    pair = case.pair
    shares = (pair.coverage_earlier, pair.coverage_later)
    return shares if case.a_first else (shares[1], shares[0])


def warnings(shown: Shown) -> Iterator[str]:
    """Tell what makes the scores doubtful."""
    done = shown.evaluation
    if done.pending and not done.dry_run:
        yield "The index holds articles whose pairs are still to be found; the next ingest or import finds them."
    if done.missing:
        yield f"{output.count(len(done.missing), 'pair')} could not be judged and stand in no score:"
        for each in done.missing[:MISSING_SHOWN]:
            yield f"  line {each.line}: {each.problem}: {' and '.join(each.urls)}"
        if len(done.missing) > MISSING_SHOWN:
            yield f"  and {len(done.missing) - MISSING_SHOWN} more: --format json"


def draw(shown: Shown) -> Parts:
    """Draw the scores, then what they are made of."""
    done = shown.evaluation
    scores = score(done.judged)
    parts: list[RenderableType] = [_summary(shown, scores), Text(), _groups("label", scores.by_label)]
    if shown.by is not None:
        parts += [Text(), _groups(shown.by, scores.by_group)]
    parts += [Text(), Text("Labels (rows) and verdicts", "bold underline"), _confusion(scores.confusion)]
    if shown.sweep is not None:
        parts += [Text(), _sweep(shown.sweep)]
    if shown.worst:
        parts += [Text(), Text("The worst", "bold underline"), *_worst(shown.worst)]
    return Parts(*parts)


def _summary(shown: Shown, scores: Scores) -> Table:
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(no_wrap=True, style="bold")
    drawn.add_column(overflow="fold", ratio=1)
    for label, value in _facts(shown, scores):
        drawn.add_row(label, value)
    return drawn


def _facts(shown: Shown, scores: Scores) -> Iterator[tuple[str, Text]]:
    done = shown.evaluation
    changes = ", ".join(f"{name} {old:g} → {new:g}" for name, (old, new) in _changed(done).items())
    judged = f"as the texts give it with {changes or 'the present thresholds'}; nothing was written"
    yield (
        "Judged",
        Text(f"{output.count(scores.pairs, 'pair')}, {judged if done.dry_run else 'as the index holds them'}"),
    )
    yield "Is a repost", _binary_text(scores.binary)
    certain = [judged for judged in done.judged if not judged.ambiguous]
    if len(certain) < scores.pairs:
        yield "  unambiguous", _binary_text(binary(certain))
    if shown.half is not None:
        yield f"  half, seed {shown.seed}", _binary_text(binary(case.judged for case in shown.half))
    yield "Kind right", Text(f"{scores.kinds_right} of {scores.pairs}")
    for label, right in (
        ("Contained side", scores.contained),
        ("Updates", scores.update),
        ("No updates", scores.not_update),
        ("Who was first", scores.direction),
    ):
        if right.of:
            yield label, Text(f"{right.right} of {right.of} right")


def _binary_text(counts: Binary) -> Text:
    right, of = counts.true_positives, counts.true_positives + counts.false_negatives
    return Text.assemble(
        "precision ",
        (_share(counts.precision), "bold"),
        "  recall ",
        (_share(counts.recall), "bold"),
        "  F1 ",
        (_share(counts.f1), "bold"),
        (f"  ({right} of {of} found, {counts.false_positives} wrongly called so)", "dim"),
    )


def _groups(label: str, groups: Mapping[str, Group]) -> Table:
    """Draw what became of the pairs of each label, or of each value of a key."""
    drawn = _table()
    drawn.add_column(output.line(label), overflow="fold")
    for heading in ("pairs", "reposts", "passages or better", "kind right"):
        drawn.add_column(heading, justify="right")
    for name, group in groups.items():
        counts = (_of(number, group.pairs) for number in (group.reposts, group.found, group.right))
        drawn.add_row(output.line(name), str(group.pairs), *counts)
    return drawn


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> Table:
    """Draw the matrix of labels and verdicts; what is right stands in green, what is not and is there in red."""
    drawn = _table()
    drawn.add_column("", overflow="fold")
    for column in COLUMNS:
        drawn.add_column(column, justify="right")
    for label, cells in confusion.items():
        drawn.add_row(label, *(_cell(number, right=column in label.split("|")) for column, number in cells.items()))
    return drawn


def _cell(number: int, *, right: bool) -> Text:
    if not number:
        return Text("·", style="dim")
    return Text(str(number), style="green" if right else "red")


def _sweep(sweep: Sweep) -> Table:
    """Draw, for each threshold, F1 of «is a repost» below and above it."""
    drawn = _table()
    drawn.add_column("threshold", overflow="fold")
    drawn.add_column("now", justify="right")
    drawn.add_column("F1", justify="right")
    for heading in ("lower", "F1", "higher", "F1"):
        drawn.add_column(heading, justify="right")
    for each in sweep.moved:
        drawn.add_row(
            each.name,
            f"{each.value:g}",
            _share(sweep.base.f1),
            f"{each.lower:g}",
            _moved(each.at_lower.f1, sweep.base.f1),
            f"{each.higher:g}",
            _moved(each.at_higher.f1, sweep.base.f1),
        )
    return drawn


def _moved(f1: float, base: float) -> Text:
    """Give a score, in colour where it moved."""
    style = "dim" if f1 == base else "green" if f1 > base else "red"
    return Text(_share(f1), style=style)


def _worst(cases: Sequence[Case]) -> Iterator[RenderableType]:
    for case in cases:
        verdict = (
            case.judged.verdict.value if case.judged.verdict else f"not found, the texts are {case.pair.kind.value}"
        )
        head = Text.assemble(
            (f"line {case.labelled.line}  ", "dim"),
            f"{case.judged.label} → ",
            (verdict, KIND_STYLES.get(case.pair.kind.value, "")),
            (f"  run {output.count(case.pair.longest_run, 'word')}", "dim"),
            ("  ambiguous" if case.judged.ambiguous else "", "yellow"),
        )
        yield Text()
        yield head
        titles = (case.pair.earlier_title, case.pair.later_title)
        sides = Table.grid(padding=(0, 2))
        sides.add_column(no_wrap=True, style="bold")
        sides.add_column(no_wrap=True, justify="right")
        sides.add_column(overflow="fold", ratio=1)
        for name, url, title, share in zip(
            "AB",
            (case.labelled.url_a, case.labelled.url_b),
            titles if case.a_first else titles[::-1],
            _coverages(case),
            strict=True,
        ):
            sides.add_row(name, output.percent(share), Text.assemble(output.line(title), "\n", output.line(url, "dim")))
        yield sides


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def _of(number: int, whole: int) -> Text:
    """Write a count and its share of the whole."""
    return Text.assemble(str(number), (f" {output.percent(number / whole):>5}", "dim"))


def _share(share: float) -> str:
    return f"{share:.3f}"


def _changed(done: Evaluation) -> dict[str, tuple[float, float]]:
    """Give the thresholds that differ from the present ones: name → (present, tried)."""
    tried = thresholds(done.rules)
    return {name: (value, tried[name]) for name, value in thresholds(RULES).items() if tried[name] != value}
