"""Watch a command from outside: how far it is, and how much memory its whole process tree has."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EVERY = 0.5  # seconds between looks
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What was seen at one moment."""

    seconds: float  # since the command began
    done: int
    resident: int  # bytes of the process tree; 0 where the system does not tell


class CommandError(Exception):
    """A command that is measured failed; the text is what it said."""


def run(
    command: Sequence[str], *, environment: Mapping[str, str], output: Path, done: Callable[[], int]
) -> tuple[float, list[Look]]:
    """Run a command, its standard output into a file; give its seconds and what was seen meanwhile.

    ``done`` tells how far the work is; it is asked every ``EVERY`` seconds. Raises CommandError.
    """
    looks: list[Look] = []
    with output.open("wb") as out, output.with_suffix(".err").open("wb+") as err:
        began = time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=out, stderr=err) as process:  # noqa: S603 our own command
            while process.poll() is None:
                looks.append(
                    Look(seconds=time.perf_counter() - began, done=done(), resident=tree_resident(process.pid))
                )
                with suppress(subprocess.TimeoutExpired):
                    process.wait(EVERY)
        seconds = time.perf_counter() - began
        if process.returncode:
            err.seek(0)
            raise CommandError(f"{' '.join(command)} ended with {process.returncode}: {err.read().decode()[-2000:]}")
    looks.append(Look(seconds=seconds, done=done(), resident=0))
    return seconds, looks


def tree_resident(pid: int) -> int:
    """Sum up the resident bytes of a process and of all that it started (pages that they share count in each)."""
    total, todo = 0, [pid]
    while todo:
        each = todo.pop()
        with suppress(OSError, ValueError, IndexError):  # it has ended meanwhile, or this is not Linux
            total += int((_PROC / str(each) / "statm").read_text().split()[1]) * 4096
            for thread in (_PROC / str(each) / "task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
    return total


def windows(looks: Sequence[Look], *, start: int, size: int) -> list[dict[str, float]]:
    """Cut what was seen into windows of ``size`` items: items a second and the peak of memory in each.

    Moments between two looks are interpolated; the last window may be shorter.
    """
    known = [Look(seconds=0.0, done=start, resident=0), *looks]
    end = known[-1].done
    marks = [*range(start, end, size), end]
    times = [_moment(known, mark) for mark in marks]
    return [
        {
            "from": first,
            "to": last,
            "articles_per_second": round((last - first) / max(until - since, 1e-9), 1),
            "client_mib": round(_peak(known, since - EVERY, until + EVERY) / 2**20, 1),
        }
        for first, last, since, until in zip(marks, marks[1:], times, times[1:], strict=False)
    ]


def _peak(looks: Sequence[Look], since: float, until: float) -> int:
    return max((each.resident for each in looks if since <= each.seconds <= until), default=0)


def _moment(looks: Sequence[Look], mark: int) -> float:
    """Tell when ``mark`` items were done."""
    before = looks[0]
    for look in looks[1:]:
        if look.done >= mark:
            gained = look.done - before.done
            if mark <= before.done or not gained:
                return before.seconds
            return before.seconds + (look.seconds - before.seconds) * (mark - before.done) / gained
        before = look
    return looks[-1].seconds
