"""A process that imports what it is told to, job after job: JSON lines in, JSON lines out.

A job names the index, the batch size and the lines. With ``die_at`` it kills itself, as an operating system would,
at that request to Elasticsearch: an even number before the request is sent, an odd one after it was answered.
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
        sys.stdout.write(json.dumps(work(json.loads(line))) + "\n")
        sys.stdout.flush()


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Import the lines of a job in batches of its size."""
    importing.BATCH = job["batch"]
    if job["die_at"] is not None:
        Transport.perform_request = dying(Transport.perform_request, job["die_at"])  # type: ignore[method-assign]
    login = {name: job[name] for name in ("username", "password")}
    with Store.connect(job["url"], prefix=job["prefix"], **login) as store:
        report = importing.import_articles(store, (each.encode() for each in job["lines"]), now=now, progress=Silent())
    return report.to_dict()


def dying(perform: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Wrap the one place through which all requests go, so that the process ends at one of them."""
    numbers = count()

    def performing(*arguments: Any, **named: Any) -> Any:
        number = next(numbers)
        if 2 * number == at:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = perform(*arguments, **named)
        if 2 * number + 1 == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return performing


if __name__ == "__main__":
    main()
