"""A process that migrates the indices of a prefix, and kills itself at a request to Elasticsearch if it is told to.

usage: migrator.py PREFIX [AT]. AT is a number, even for before a request is sent and odd for after it was answered; or
the end of a request's path with `before` or `after`: `after _block/write`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from elastic_transport import Transport

from indexer.elastic import Store
from indexer.elastic.migration import Operator
from indexer.ingest import names

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Migrate what is outdated, and write what was moved."""
    prefix, *at = sys.argv[1:]
    login = json.loads(os.environ["LOGIN"])
    with Store.connect(**login, prefix=prefix) as store:
        if at:
            Transport.perform_request = dying(Transport.perform_request, at[0])  # type: ignore[method-assign]
        operator = Operator(name=names.own(), has_died=names.has_died, now=lambda: datetime.now(tz=UTC))
        store.migration.settle()
        moved = [asdict(store.migration.move(old, operator)) for old in store.migration.outdated()]
    sys.stdout.write(json.dumps(moved))


def dying(perform: Callable[..., Any], at: str) -> Callable[..., Any]:
    """Wrap the one place through which all requests go."""
    numbers = count()
    when, _, where = at.partition(" ")

    def die(moment: str, number: int, target: str) -> None:
        if str(number) == at or (moment == when and target.partition("?")[0].endswith(where)):
            os.kill(os.getpid(), signal.SIGKILL)

    def performing(self: Any, method: str, target: str, **named: Any) -> Any:
        number = next(numbers)
        die("before", 2 * number, target)
        answer = perform(self, method, target, **named)
        die("after", 2 * number + 1, target)
        return answer

    return performing


if __name__ == "__main__":
    main()
