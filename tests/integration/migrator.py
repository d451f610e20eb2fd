"""A process that migrates the indices of a prefix, and dies at a request to Elasticsearch if it is told to.

usage: migrator.py PREFIX [AT]. An even number is before the request is sent, an odd one after it was answered.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from elastic_transport import Transport
from importer import interrupted

from indexer.elastic import Store
from indexer.elastic.migration import Operator
from indexer.ingest import names


def main() -> None:
    """Migrate what is outdated, and write what was moved."""
    prefix, *at = sys.argv[1:]
    login = json.loads(os.environ["LOGIN"])
    with Store.connect(**login, prefix=prefix) as store:
        if at:
            dying = interrupted(Transport.perform_request, int(at[0]), signal.SIGKILL)
            Transport.perform_request = dying  # type: ignore[method-assign]
        operator = Operator(name=names.own(), has_died=names.has_died, now=lambda: datetime.now(tz=UTC))
        store.migration.settle()
        moved = [asdict(store.migration.move(old, operator)) for old in store.migration.outdated()]
    sys.stdout.write(json.dumps(moved))


if __name__ == "__main__":
    main()
