"""Say which exit code an error has, and show it as one line; it knows no command."""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from typing import TYPE_CHECKING

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Callable


class ExitCode(IntEnum):
    """What a command's end says to the shell; scripts rely on these."""

    DONE = 0  # rejects and dead feeds are reported, and are no failure
    FAILED = 1  # a write failed, or something that was named, or with --strict any reject
    USAGE = 2
    NO_ELASTICSEARCH = 3


class UsageError(CondensatError):
    """The command was used wrongly; nothing was done."""


def exit_code(error: CondensatError) -> ExitCode:
    """Give the code that an error ends the command with."""
    from indexer.elastic.errors import UnavailableError
    from indexer.engine import EngineError
    from indexer.query.errors import QueryError
    from indexer.vocabulary.entries import VocabularyError

    if isinstance(error, (UsageError, QueryError, VocabularyError)):
        return ExitCode.USAGE
    if isinstance(error, (UnavailableError, EngineError)):
        return ExitCode.NO_ELASTICSEARCH
    return ExitCode.FAILED


def guarded(run: Callable[[], None]) -> None:
    """Run a command and end the process; an expected error becomes one line on standard error, a bug a traceback."""
    from indexer.cli import logs, output

    try:
        run()
    except CondensatError as error:
        if logs.is_json():
            logs.tell(str(error), "red", event="error", error=type(error).__name__, exit_code=int(exit_code(error)))
        else:
            output.say(f"condensat: {error}")
        sys.exit(exit_code(error))
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.FAILED)
