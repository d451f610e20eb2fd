"""The command that scores the verdicts: evaluate."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from indexer.cli import files, output, progress, session
from indexer.cli.errors import ExitCode, UsageError

PANEL = "Look"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        rich_help_panel=PANEL,
        epilog="`condensat evaluate pairs.jsonl`\n\n"
        "`condensat evaluate pairs.jsonl --set near_coverage=0.55 --worst 10`\n\n"
        "`condensat evaluate pairs.jsonl --sweep --half 1 --format json`\n\n"
        'Each line: `{"url_a": …, "url_b": …, "label": "near"}`, and where it is known `"contained": "a"`, '
        '`"update": true`, `"ambiguous": true`. `"near|partial"`: either is right.',
    )(evaluate)


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="PAIRS.jsonl", help="Labelled pairs, a JSON object a line.")],
    *,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Try another threshold, from the texts; repeatable."),
    ] = None,
    sweep: Annotated[bool, typer.Option("--sweep", help="Move each threshold by 10 % down and up.")] = False,
    half: Annotated[int | None, typer.Option(metavar="SEED", help="Score a random half as well.")] = None,
    by: Annotated[str | None, typer.Option(metavar="KEY", help="Count by this key of the lines as well.")] = None,
    directed: Annotated[
        bool, typer.Option("--directed", help="url_a is the earlier article: count who was first.")
    ] = False,
    worst: Annotated[int, typer.Option(min=0, metavar="N", help="List so many wrong pairs, the worst first.")] = 0,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Do not fail where articles are not in the index.")
    ] = False,
    form: Annotated[output.OneFormat, typer.Option("--format", help="How to write it.")] = output.OneFormat.TABLE,
) -> None:
    """Tell how good the verdicts are on pairs that somebody labelled.

    What counts is what the index holds: a pair that was not found is missed. With `--set` or `--sweep` the two texts
    are judged again; nothing is written.
    """
    from indexer import evaluate as work
    from indexer import labelled, trial
    from indexer.cli import evaluation
    from indexer.reposts import RULES

    try:
        rules = trial.changed(RULES, set_) if set_ else None
    except trial.RulesError as error:
        raise UsageError(str(error)) from error
    with files.lines(file) as lines:
        try:
            pairs = labelled.read(lines, by=by)
        except labelled.LabelsError as error:
            raise labelled.LabelsError(f"{file}: {error}") from error
        if lines.problem:
            raise labelled.LabelsError(lines.problem)
    with session.connect() as store:
        done = work.evaluate(
            store,
            pairs,
            progress=progress.make(),
            rules=rules,
            directed=directed,
            evidence=sweep,
            ignored=work.learnt(store),
        )
    shown = evaluation.Shown(
        evaluation=done,
        by=by,
        seed=half,
        half=None if half is None else trial.half(done.cases, half),
        sweep=trial.sweep(done.cases, done.rules) if sweep else None,
        worst=trial.worst(done.cases, worst),
    )
    if form is output.OneFormat.JSON:
        output.write_json(evaluation.to_dict(shown))
    else:
        output.show(evaluation.draw(shown))
        for told in evaluation.warnings(shown):
            output.say(told, "yellow")
    raise typer.Exit(ExitCode.FAILED if done.missing and not allow_missing else ExitCode.DONE)
