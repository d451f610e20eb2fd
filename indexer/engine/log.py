"""Read Elasticsearch's log and say why it failed; it knows lines of text alone."""

from __future__ import annotations

import re
import sys
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LAST_LINES = 15  # shown at most
LONGEST_LINE = 400  # characters; one that lists the JVM's options has 4,000
BEGINS = re.compile(r"\] version\[\d")  # the first record of a run
RECORD = re.compile(r"^\[\d{4}-\d\d-\d\dT[^\]]*\]\[(?P<level>[A-Z]+)\s*\]")
CAUSE = re.compile(r"^(?:[\w$.]+(?:Exception|Error)\b|Caused by: |Likely root cause: )")
FRAME = re.compile(r"^\s+(?:at |\.\.\. )")
FATAL = re.compile(
    r"^ERROR: |^Error: |^Invalid |fatal exception|fatal error|uncaught exception|No space left|"
    r"Out ?Of ?Memory|insufficient memory|failed to (?:map|start|obtain|bind|lock)|bootstrap check failure|"
    r"disk watermark",
    re.IGNORECASE,
)
CRASH = re.compile(r"^#  (?:SIG[A-Z]+ \(|fatal error|Internal Error|Out of Memory)")


def tail(files: Iterable[Path], lines: int) -> list[str]:
    """Give the last ``lines`` lines of log files, oldest file first; a missing file counts as empty."""
    last: deque[str] = deque(maxlen=lines)
    for path in files:
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                last.extend(line.rstrip("\n") for line in file)
        except FileNotFoundError:
            continue
    return list(last)


def merged(logs: list[list[str]], lines: int) -> list[str]:
    """Put the records of several logs in the order of their times, and give the last lines of it."""
    if len(logs) == 1:
        return logs[0]
    records: list[tuple[str, list[str]]] = []
    for log in logs:
        at = ""
        for line in log:
            if RECORD.match(line) or not at:
                at = line[1:24] if RECORD.match(line) else ""
                records.append((at, []))
            records[-1][1].append(line)
    ordered = [line for _, record in sorted(records, key=lambda record: record[0]) for line in record]
    return ordered[-lines:]


def last_run(lines: list[str]) -> list[str]:
    """Keep what was logged since Elasticsearch last began, or everything where its beginning is not in ``lines``."""
    begins = [number for number, line in enumerate(lines) if BEGINS.search(line)]
    return lines[begins[-1] :] if begins else lines


def crash(path: Path) -> list[str]:
    """Give the lines of a JVM's crash report that name the signal or the exhausted memory."""
    return [line for line in tail([path], sys.maxsize) if CRASH.match(line)][:2]


def reason(lines: list[str]) -> list[str]:
    """Pick the lines that say why Elasticsearch failed: at most 15, shortened.

    Where no failure is named, it is what was said before the first record (by the JVM), else the last lines.
    """
    said = [line for line in lines if line.strip() and not FRAME.match(line)]
    records = [number for number, line in enumerate(said) if RECORD.match(line)]
    before = said[: records[0]] if records else said
    return failures(lines) or _short(before or said)


def failures(lines: list[str]) -> list[str]:
    """Pick the lines that name a failure, at most 15, shortened; there may be none.

    Taken are records of level ERROR or FATAL, warnings and other lines that name a failure, and the exceptions below
    them without their stack frames.
    """
    picked: list[str] = []
    inside = False
    for line in lines:
        if not line.strip() or FRAME.match(line):
            continue
        record = RECORD.match(line)
        if record:
            named = record["level"] == "WARN" and FATAL.search(line)
            inside = bool(record["level"] in {"ERROR", "FATAL"} or named)
            wanted = inside
        else:
            wanted = bool(FATAL.search(line) or CRASH.match(line) or (inside and CAUSE.match(line)))
        if wanted and line not in picked:
            picked.append(line)
    return _short(picked)


def _short(lines: list[str]) -> list[str]:
    return [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in lines[-LAST_LINES:]]
