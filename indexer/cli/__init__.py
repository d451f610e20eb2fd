"""The `condensat` command: it reads the environment, prints and exits; everything below it does none of these."""

from indexer.cli.app import main

__all__ = ["main"]
