"""Trace a command where the environment names a collector; it reads the environment, and sends nothing itself."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from indexer import telemetry
from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    import typer

ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)


def begin(context: typer.Context) -> None:
    """Trace the command from here to its end."""
    named = next((each for each in ENDPOINTS if os.environ.get(each)), None)
    if named is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    if not telemetry.is_installed():
        raise UsageError(
            f"{named} is set, and the library that sends there is missing. Install it: pip install "
            "'condensat[telemetry]'; or leave the variable unset."
        )
    telemetry.start(_version())
    context.call_on_close(telemetry.stop)
    context.with_resource(telemetry.span(f"condensat {context.invoked_subcommand or ''}".strip()))


def _version() -> str:
    try:
        return version("condensat")
    except PackageNotFoundError:
        return "unknown"
