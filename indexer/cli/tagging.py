"""Read the vocabulary that the settings name, and make it ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.cli import files, settings
from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.vocabulary import Tagger, Vocabulary

SHIPPED = "the shipped vocabulary"


def tagger() -> Tagger | None:
    """Give what finds tags; None where none is wanted. Raises UsageError or VocabularyError."""
    if settings.load().without_vocabulary:
        return None
    from indexer.vocabulary import Tagger

    return Tagger(vocabulary())


def vocabulary(file: Path | None = None) -> Vocabulary:
    """Read this file, or else the one of the settings, or else the shipped one."""
    from indexer.vocabulary import NAME, read

    named = file or settings.load().vocabulary_file
    return read(text(named), name=str(named or NAME))


def text(file: Path | None) -> str:
    """Give the text of a vocabulary, None for the shipped one."""
    from indexer.vocabulary import shipped

    if file is None:
        return shipped()
    try:
        return files.read_bytes(file).decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8: {error}") from error
    except UsageError as error:
        raise UsageError(f"The vocabulary cannot be read: {error}") from error
