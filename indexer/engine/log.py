"""Read Elasticsearch's log and say why it failed; it knows lines of text alone."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LAST_LINES = 15  # shown where nothing in the log says why
RECORD = re.compile(r"^\[\d{4}-\d\d-\d\dT[^\]]*\]\[(?P<level>[A-Z]+)\s*\]")
CAUSE = re.compile(r"^(?:[\w$.]+(?:Exception|Error)\b|Caused by: |Likely root cause: |\s*Suppressed: )")
FATAL = re.compile(
    r"^ERROR: |fatal exception|fatal error|uncaught exception|No space left|OutOfMemory|"
    r"failed to (?:start|obtain|bind|lock)|bootstrap check failure|Could not (?:create|reserve)",
    re.IGNORECASE,
)


def tail(files: Iterable[Path], lines: int) -> list[str]:
    """Give the last ``lines`` lines of log files, oldest file first; a missing file counts as empty."""
    last: deque[str] = deque(maxlen=max(lines, 0))
    for path in files:
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                last.extend(line.rstrip("\n") for line in file)
        except FileNotFoundError:
            continue
    return list(last)


def reason(lines: list[str]) -> list[str]:
    """Pick the lines that say why Elasticsearch failed, else the last ones.

    Taken are records of level ERROR or FATAL, lines that name a failure, and the exceptions below them without
    their stack frames.
    """
    picked: list[str] = []
    inside = False
    for line in lines:
        record = RECORD.match(line)
        if record:
            inside = record["level"] in {"ERROR", "FATAL"} or bool(FATAL.search(line))
            wanted = inside
        else:
            wanted = bool(FATAL.search(line)) or (inside and bool(CAUSE.match(line)))
        if wanted and line.strip() and line not in picked:
            picked.append(line)
    return picked[-LAST_LINES:] or [line for line in lines if line.strip()][-LAST_LINES:]
