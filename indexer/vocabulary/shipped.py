"""The vocabulary that comes with the package: security news in English and French."""

from __future__ import annotations

from importlib.resources import files

NAME = "security.toml"


def shipped() -> str:
    """Give its text, to be read or to be copied and edited."""
    return files("indexer.vocabulary").joinpath(NAME).read_text(encoding="utf-8")
