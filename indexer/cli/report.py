"""Show what a run did, and say which exit code it earns; it counts nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from indexer import telemetry
from indexer.cli import logs, output
from indexer.cli.errors import ExitCode
from indexer.models import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from indexer.models import Rejection
    from indexer.reports import Alarm, Report

FEEDS_SHOWN = 20  # failed feeds that the table names; JSON has all of them
WARNINGS_SHOWN = 5
KIND_STYLES = {"exact": "bold red", "near": "red", "partial": "yellow", "passage": "cyan", "related": "dim"}


def finish(
    report: Report, form: output.OneFormat, *, strict: bool, named: Collection[str] = (), failed: Collection[str] = ()
) -> ExitCode:
    """Write the report where it belongs and give the exit code.

    ``named`` are the feeds, URLs and files that the user named; ``failed`` what failed outside the report.
    """
    if form is output.OneFormat.JSON:
        output.write_json(report.to_dict())
    elif not logs.is_json():
        output.stderr().print(table(report))
    if logs.is_json():
        log(report)
    telemetry.count(report, logs.command())
    for alarm in report.alarms:
        output.say(alarm_line(alarm))
    for problem in failed:
        output.say(problem, "red")
    return code(report, strict=strict, named=named, failed=failed)


def log(report: Report) -> None:
    """Write what a run did as one event, with every number and without the single entries."""
    written = {name: value for name, value in report.to_dict().items() if name not in ("rejections", "warnings")}
    counted = f"{report.created} created, {report.updated} updated, {len(report.rejections)} rejected"
    style = "red" if report.failed_writes or report.outages else ""
    logs.tell(f"{report.read} read: {counted}", style, event="report", report=written)


def code(report: Report, *, strict: bool, named: Collection[str] = (), failed: Collection[str] = ()) -> ExitCode:
    """Tell whether the run failed: a write, something that was named, or with ``strict`` any reject."""
    rejected = [*report.rejections, *report.feeds_failed]
    bad = (
        report.failed_writes > 0
        or report.outages > 0
        or bool(failed)
        or any(each.what in named for each in rejected)
        or any(each.reason is Reason.NOT_WRITTEN for each in report.feeds_failed)
        or (strict and bool(rejected or report.alarms))
    )
    return ExitCode.FAILED if bad else ExitCode.DONE


def table(report: Report) -> Table:
    """Draw the report: what was read, what became of it, and what went wrong."""
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for label, value in _rows(report):
        drawn.add_row(Text(label, style="bold"), value)
    return drawn


def _rows(report: Report) -> Iterator[tuple[str, Text]]:
    if not (report.created or report.updated or report.pairs or report.failed_writes):
        yield "", Text("Nothing new.", style="green")
    if report.feeds_read or report.feeds_failed or report.feeds_skipped:
        unchanged = f", {report.feeds_unchanged} unchanged since the last time" if report.feeds_unchanged else ""
        skipped = f", {report.feeds_skipped} skipped" if report.feeds_skipped else ""
        yield "feeds", Text(f"{report.feeds_read} read{unchanged}{skipped}")
    counts = f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged"
    yield "articles", Text(f"{report.read} read: {counts}")
    if report.skipped:
        kinds = [f"{number} {what}" for what, number in report.skipped.most_common()]
        yield "skipped", output.line(", ".join(kinds), "dim")
    if report.pairs:
        kinds = [
            kind for kind in (*KIND_STYLES, *sorted(set(report.pairs) - set(KIND_STYLES))) if report.pairs.get(kind)
        ]
        yield (
            "pairs",
            Text(", ").join(Text(f"{report.pairs[kind]} {kind}", KIND_STYLES.get(kind, "")) for kind in kinds),
        )
    yield from _problems(report)
    yield "time", Text(f"{report.seconds:.1f} s")


def _problems(report: Report) -> Iterator[tuple[str, Text]]:
    for reason, count in report.rejected.most_common():
        example = next(each for each in report.rejections if each.reason.value == reason)
        yield (
            "rejected",
            Text.assemble((f"{count} {reason}", "yellow"), "  such as ", output.line(describe(example), "dim")),
        )
    for feed in report.feeds_failed[:FEEDS_SHOWN]:
        shown = Text.assemble(output.line(feed.what, "red"), f"  {feed.reason.value}  ")
        yield "feed failed", shown.append_text(output.line(feed.detail, "dim")) if feed.detail else shown
    if len(report.feeds_failed) > FEEDS_SHOWN:
        yield "", Text(f"and {len(report.feeds_failed) - FEEDS_SHOWN} feeds more: condensat feeds list --failing")
    for warning in report.warnings[:WARNINGS_SHOWN]:
        yield "warning", output.line(warning, "yellow")
    if len(report.warnings) > WARNINGS_SHOWN:
        yield "", Text(f"and {len(report.warnings) - WARNINGS_SHOWN} warnings more: --format json")


def describe(rejection: Rejection) -> str:
    """Write one rejection on a line."""
    return f"{rejection.what}: {rejection.detail}" if rejection.detail else rejection.what


def alarm_line(alarm: Alarm) -> Text:
    """Write one alarm on a line."""
    return Text.assemble((f"{alarm.state}  ", "bold red"), output.line(alarm.url), "  ", output.line(alarm.detail))
