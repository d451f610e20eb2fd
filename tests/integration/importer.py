"""A process that imports what it is told to, job after job: JSON lines in, JSON lines out.

A job names the index, the batch size and the lines. With ``at`` it sends itself a ``signal``, as an operating system
would, at that request to Elasticsearch: an even number before the request is sent, an odd one after it was answered.
KILL ends it there; STOP, which it announces, makes it wait until somebody lets it go on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from typing import TYPE_CHECKING, Any

from elastic_transport import Transport
from samples import now

from indexer import importing
from indexer.elastic import Store
from indexer.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Do every job that comes in."""
    for line in sys.stdin:
        tell(work(json.loads(line)))


def tell(what: dict[str, Any]) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Import the lines of a job in batches of its size."""
    importing.BATCH = job["batch"]
    if job["at"] is not None:
        signalling = interrupted(Transport.perform_request, job["at"], signal.Signals[f"SIG{job['signal']}"])
        Transport.perform_request = signalling  # type: ignore[method-assign]
    login = {name: job[name] for name in ("username", "password")}
    with Store.connect(job["url"], prefix=job["prefix"], **login) as store:
        report = importing.import_articles(store, (each.encode() for each in job["lines"]), now=now, progress=Silent())
    return report.to_dict()


def interrupted(perform: Callable[..., Any], at: int, sent: signal.Signals) -> Callable[..., Any]:
    """Wrap the one place through which all requests go, so that the signal comes at one of them."""
    numbers = count()

    def interrupt() -> None:
        if sent is signal.SIGSTOP:
            tell({"stopped": True})
        os.kill(os.getpid(), sent)

    def performing(*arguments: Any, **named: Any) -> Any:
        number = next(numbers)
        if 2 * number == at:
            interrupt()
        answer = perform(*arguments, **named)
        if 2 * number + 1 == at:
            interrupt()
        return answer

    return performing


if __name__ == "__main__":
    main()
