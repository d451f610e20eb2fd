"""The command as it is, with a clock that stands still; its first argument is the time."""

from __future__ import annotations

import sys
from datetime import datetime

from indexer.cli import main, session


def stand_still(at: str) -> None:
    """Let the product's only clock tell this time for ever."""
    moment = datetime.fromisoformat(at)
    session.now = lambda: moment


if __name__ == "__main__":
    stand_still(sys.argv.pop(1))
    main()
