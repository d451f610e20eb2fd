"""Write to the terminal: data to standard output, all else to standard error; no text from outside can steer it.

Texts become ``rich.text.Text`` after cleaning, so that neither control characters nor markup in them are obeyed.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from indexer.cli import logs
from indexer.figures import rough_span, whole_percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

PIPED_WIDTH = 100  # columns where there is no terminal to ask
ID_CHARS = 10  # of an id in a table: 40 bits, unique in an index of any size that one machine holds
DASH = "–"
HIT = "bold yellow"

# Whole escape sequences first (CSI, then OSC and its like up to their terminator), so that no «[31m» stays behind.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
)
# C0 but newline, DEL, C1, marks and overrides of direction (they reorder what a terminal shows), lone surrogates.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What JSON may hold as it is, and a terminal would obey: written as escapes, the data stay the same.
_JSON_ESCAPED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Format(StrEnum):
    """How a listing is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class OneFormat(StrEnum):
    """How a single thing is written."""

    TABLE = "table"
    JSON = "json"


def clean(text: str) -> str:
    """Drop control characters and escape sequences; a tab becomes a space, newlines stay."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\t", " ").replace("\r\n", "\n")))


def safe(text: str | None, style: str = "") -> Text:
    """Give a text from outside as it may be shown; a dash for none."""
    return Text(clean(text), style=style) if text else Text(DASH, style="dim")


def line(text: str | None, style: str = "") -> Text:
    """Give a text from outside on one line."""
    return safe(" ".join(clean(text or "").split()), style)


def split_marks(text: str, *, mark: str, unmark: str) -> tuple[str, list[tuple[int, int]]]:
    """Take the marks around words out of a text and give their places, cleaning what is between them."""
    plain, spans, start = "", [], None
    for part in re.split(f"([{mark}{unmark}])", text):
        if part == mark:
            start = len(plain)
        elif part == unmark:
            if start is not None:
                spans.append((start, len(plain)))
            start = None
        else:
            plain += clean(part).replace("\n", " ")
    return plain, spans


def marked(text: str, *, mark: str, unmark: str, style: str = HIT) -> Text:
    """Give a text with its marked words in colour."""
    plain, spans = split_marks(text, mark=mark, unmark=unmark)
    shown = Text(plain)
    for start, end in spans:
        shown.stylize(style, start, end)
    return shown


def stdout() -> Console:
    """Give the console for data."""
    return _console(stderr=False)


def stderr() -> Console:
    """Give the console for all that is not data."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = PIPED_WIDTH
    return console


def say(text: str | Text, style: str = "") -> None:
    """Say something to the person at the terminal, or to the program that reads its log."""
    if logs.is_json():
        logs.tell(clean(str(text)), style or (str(text.style) if isinstance(text, Text) else ""))
        return
    stderr().print(text if isinstance(text, Text) else Text(clean(text), style=style), soft_wrap=True)


def show(what: RenderableType) -> None:
    """Write a table or page to standard output."""
    stdout().print(what)


def to_json(value: Any) -> str:
    """Write JSON on one line, as UTF-8 that a terminal cannot be steered by; times in ISO 8601 with their zone."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_default)
    return _JSON_ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def write_json(value: Any) -> None:
    """Write one JSON value to standard output."""
    typer.echo(to_json(value).encode())


def write_listing(rows: Iterable[dict[str, Any]], form: Format) -> int:
    """Write rows as one JSON array or as JSON lines, as they come; give their number."""
    written = 0
    for row in rows:
        if form is Format.JSONL:
            write_json(row)
        else:
            typer.echo((("[" if written == 0 else ",\n") + to_json(row)).encode(), nl=False)
        written += 1
    if form is Format.JSON:
        typer.echo(b"]" if written else b"[]")
    return written


def _default(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def short(identity: str) -> str:
    """Give the part of an id that tables show; every command takes it."""
    return identity[:ID_CHARS]


def moment(at: datetime | None, *, seconds: bool = False) -> str:
    """Write a time in UTC, to the minute."""
    if at is None:
        return DASH
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """Write a length of time roughly, in its largest fitting unit: 40 s, 12 min, 3 h, 5 d, 2 y."""
    number, unit = rough_span(seconds)
    return f"{number} {unit}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number of things."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def bar(share: float, *, width: int = 5) -> str:
    """Draw a share from 0 to 1; anything above nothing shows."""
    filled = min(width, max(round(share * width), 1 if share > 0 else 0))
    return "▇" * filled + "·" * (width - filled)


def percent(share: float) -> str:
    """Write a share in whole percent; 100 only where nothing is missing, 0 only where nothing is shared."""
    return f"{whole_percent(share)} %"
