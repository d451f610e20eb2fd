"""The command, which ends itself as an operating system would, at a step of its own.

Its first argument is the number of the step, or «none», its second a file for the names of all steps. Steps are the
requests to Elasticsearch, mails that are handed over, and files that are put in place: it dies before the step is done.
"""

from __future__ import annotations

import os
import signal
import smtplib
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elastic_transport import Transport

from indexer.cli import main
from indexer.digests import outgoing

if TYPE_CHECKING:
    from collections.abc import Callable


def watched(steps: Callable[[str], None], name: Callable[..., str], do: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that each call is a step."""

    def doing(*arguments: Any, **named: Any) -> Any:
        steps(name(*arguments))
        return do(*arguments, **named)

    return doing


def watch(at: int | None, log: Path) -> None:
    """Count the steps, and die at one of them."""
    numbers = count()

    def step(name: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        if next(numbers) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    asked = watched(step, lambda _self, method, target: f"{method} {target}", Transport.perform_request)
    Transport.perform_request = asked  # type: ignore[method-assign]
    smtplib.SMTP.sendmail = watched(step, lambda *_: "mail", smtplib.SMTP.sendmail)  # type: ignore[method-assign]
    outgoing.put_in_place = watched(step, lambda *_: "file", outgoing.put_in_place)


if __name__ == "__main__":
    when, where = sys.argv.pop(1), sys.argv.pop(1)
    watch(None if when == "none" else int(when), Path(where))
    main()
