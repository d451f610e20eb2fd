"""What is said beside the data: as lines for people, or with `--log json` as one JSON object a line for programs.

Each object has `time`, `level`, `event` and `message`, and the facts of its event; with telemetry on, `trace_id` too.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from indexer import telemetry

if TYPE_CHECKING:
    from types import TracebackType


class Log(StrEnum):
    """How it is written."""

    TEXT = "text"
    JSON = "json"


LOGGER = logging.getLogger("condensat")
FACTS = "condensat_facts"
LEVELS = {"bold red": logging.ERROR, "red": logging.ERROR, "yellow": logging.WARNING}  # by the style for people
# Other people's libraries, which say what nobody needs to know. Feeds and pages have their own words for what is wrong.
QUIET = (
    "trafilatura",
    "htmldate",
    "courlan",
    "charset_normalizer",
    "elastic_transport.transport",
    "elastic_transport.node_pool",
)

_form: ContextVar[Log] = ContextVar("_form", default=Log.TEXT)
_command: ContextVar[str] = ContextVar("_command", default="")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line; a bug's traceback is in it."""
        facts: dict[str, Any] = getattr(record, FACTS, {})
        written = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": facts.get("event", "message"),
            "message": record.getMessage(),
            "logger": record.name,
            "command": command(),
            **{name: value for name, value in facts.items() if name != "event"},
        }
        if trace := telemetry.trace_id():
            written["trace_id"] = trace
        if record.exc_info and record.exc_info[1] is not None:
            written["error"] = self.formatException(record.exc_info)
        return json.dumps(written, ensure_ascii=True, default=str)


class _Stderr(logging.Handler):
    """Writes to standard error as it is at that moment, which tests exchange."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


class _ForPeople(logging.Handler):
    """Says what our own library has to say of its work."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        from indexer.cli import output

        output.say(record.getMessage(), "dim")


def use(form: Log, *, command: str) -> None:
    """Write in this form from now on, as this command."""
    _form.set(form)
    _command.set(command)
    root = logging.getLogger()
    for logger in (root, LOGGER):
        for each in [each for each in logger.handlers if isinstance(each, (_Stderr, _ForPeople))]:
            logger.removeHandler(each)
    LOGGER.propagate = form is Log.JSON
    if form is Log.TEXT:
        LOGGER.addHandler(_ForPeople())
    else:
        handler = _Stderr()
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
        logging.captureWarnings(capture=True)
        sys.excepthook = _bug
        LOGGER.setLevel(logging.INFO)
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write what ends the process unexpectedly as one object, its traceback in it."""
    LOGGER.critical("a bug: %s", kind.__name__, exc_info=(kind, error, trace), extra={FACTS: {"event": "bug"}})


def command() -> str:
    """Name the command that runs."""
    return _command.get()


def is_json() -> bool:
    """Tell whether programs read it."""
    return _form.get() is Log.JSON


def tell(message: str, style: str = "", *, event: str = "message", **facts: Any) -> None:
    """Write one object; ``style`` is the one that people would see."""
    LOGGER.log(LEVELS.get(style, logging.INFO), "%s", message, extra={FACTS: {"event": event, **facts}})
