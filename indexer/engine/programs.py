"""Run a program to its end and read what it said; the one place that starts short-lived processes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FAILED = -1


def run(
    command: Sequence[str],
    *,
    folder: Path | str = "/",
    said_to_it: str = "",
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
    **more: Any,
) -> tuple[int, str]:
    """Run ``command`` in ``folder`` and return its exit code and what it wrote, both outputs together.

    ``more`` goes to ``subprocess``. A program that is missing, or still runs after ``seconds``, counts as FAILED.
    """
    try:
        answer = subprocess.run(  # noqa: S603 - an argument list, never a shell's line; the callers name the program
            command,
            input=said_to_it.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            timeout=seconds,
            check=False,
            **more,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return FAILED, str(error)
    return answer.returncode, answer.stdout.decode(errors="replace")
