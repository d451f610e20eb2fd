"""Traces and metrics for OpenTelemetry, where somebody collects them; the only owner of its library.

Without the extra `telemetry`, or where no endpoint is set, everything here does nothing. Where to send them, and how
often, its own variables say (`OTEL_…`), which its library reads. What the Elasticsearch client does becomes spans by
itself, below those that are begun here.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from indexer.reports import Report

NAME = "condensat"
PATIENCE_MS = 5_000  # for the last of it to be taken, at the end of a command

_running: list[Any] = []  # what is to be shut down: the providers


def is_installed() -> bool:
    """Tell whether the extra is there."""
    return all(find_spec(each) is not None for each in ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter"))


def start(version: str) -> None:
    """Begin to send, to where the environment says; once a process."""
    if _running:
        return
    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": NAME, "service.version": version})
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    meters = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)
    _running.extend([tracers, meters])


def stop() -> None:
    """Send what is left, and end; a collector that is away costs seconds and nothing else."""
    while _running:
        provider = _running.pop()
        provider.force_flush(PATIENCE_MS)
        provider.shutdown()


@contextmanager
def span(name: str, attributes: Mapping[str, str | int | float | bool] | None = None) -> Iterator[None]:
    """Trace a piece of work; an error that passes is noted in it, by its kind: what it says may hold a secret."""
    if not _running:
        yield
        return
    from opentelemetry import trace

    tracer = trace.get_tracer(NAME)
    with tracer.start_as_current_span(
        name, attributes=dict(attributes or {}), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except Exception as error:
            if getattr(error, "exit_code", 1) == 0:  # how a command says that it is done
                raise
            current.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
            raise


def trace_id() -> str | None:
    """Give the id of the trace that this work belongs to."""
    if not _running:
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def count(report: Report, command: str) -> None:
    """Add what a run, or a round of one, has done to the metrics."""
    if not _running:
        return
    from opentelemetry import metrics

    meter = metrics.get_meter(NAME)
    by = {"command": command}
    entries = meter.create_counter("condensat.entries", "{entry}", "entries that were read, by what became of them")
    for outcome in ("created", "updated", "unchanged"):
        entries.add(getattr(report, outcome), {**by, "outcome": outcome})
    rejected = meter.create_counter("condensat.rejected", "{entry}", "entries that were rejected, by reason")
    for reason, number in report.rejected.items():
        entries.add(number, {**by, "outcome": "rejected"})
        rejected.add(number, {**by, "reason": reason})
    pairs = meter.create_counter("condensat.pairs", "{pair}", "pairs that were found, by kind")
    for kind, number in report.pairs.items():
        pairs.add(number, {**by, "kind": kind})
    feeds = meter.create_counter("condensat.feeds", "{feed}", "feeds that were polled, by how that ended")
    for end, number in (
        ("read", report.feeds_read - report.feeds_unchanged),
        ("unchanged", report.feeds_unchanged),
        ("failed", len(report.feeds_failed)),
        ("skipped", report.feeds_skipped),
    ):
        feeds.add(max(0, number), {**by, "end": end})
    meter.create_counter("condensat.alarms", "{alarm}", "feeds that do worse than before").add(len(report.alarms), by)
    meter.create_counter("condensat.failed_writes", "{entry}", "entries that Elasticsearch did not take").add(
        report.failed_writes, by
    )
    meter.create_counter("condensat.outages", "{outage}", "times that Elasticsearch ended the work early").add(
        report.outages, by
    )
    meter.create_histogram("condensat.run.duration", "s", "time that a run, or a round of one, took").record(
        report.seconds, by
    )
