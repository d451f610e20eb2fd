"""Run `condensat ingest --watch`: a line a round, until the user has seen enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer import telemetry
from indexer.cli import keeping, logs, output, report, session, stopping, tagging, web

if TYPE_CHECKING:
    from datetime import datetime

    from indexer.cli.errors import ExitCode
    from indexer.ingest import Worker
    from indexer.reports import Report


def run(worker: Worker, *, processes: int | None, strict: bool, form: output.OneFormat) -> ExitCode:
    """Watch, and give the exit code: 1 where the last round could not write, or with ``strict`` any round rejected."""
    from indexer.ingest import watch

    codes: list[ExitCode] = []

    def told(done: Report, next_due: datetime | None) -> None:
        codes[:] = [max([report.code(done, strict=strict), *(codes if strict else [])])]
        telemetry.count(done, logs.command())
        if logs.is_json():
            report.log(done)
        if form is output.OneFormat.JSON:
            output.write_json(done.to_dict())
        elif not logs.is_json():
            output.say(line(done, next_due, now=session.now()))
            for alarm in done.alarms:
                output.say(report.alarm_line(alarm))
            for warning in done.warnings[: report.WARNINGS_SHOWN]:
                output.say(output.line(warning, "yellow"))

    tagger = tagging.tagger()
    with session.connect() as store, keeping.keeper() as keeper, stopping.by_signal() as stop:
        output.say(f"watching {output.count(store.feeds.count(), 'feed')} as {worker.name}; Ctrl-C ends it", "dim")
        last = watch(
            store,
            web=web.load(),
            worker=worker,
            keeper=keeper,
            tagger=tagger,
            now=session.now,
            told=told,
            stop=stop,
            processes=processes,
        )
    told(last, None)
    return max(codes)


def line(done: Report, next_due: datetime | None, *, now: datetime) -> str:
    """Write a round on a line."""
    feeds = f"{output.count(done.feeds_read + len(done.feeds_failed), 'feed')}"
    few = [f"{done.feeds_unchanged} unchanged", f"{len(done.feeds_failed)} failed", f"{done.feeds_skipped} skipped"]
    about = ", ".join(each for each in few if not each.startswith("0 "))
    counts = f"{done.created} created, {done.updated} updated, {len(done.rejections)} rejected"
    pairs = f", {output.count(done.pairs.total(), 'pair')}" if done.pairs else ""
    after = f", next in {output.span(max((next_due - now).total_seconds(), 0))}" if next_due else ""
    return f"{now:%H:%M:%S}  {feeds}{f' ({about})' if about else ''}: {counts}{pairs}; {done.seconds:.1f} s{after}"
