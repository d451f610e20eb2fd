"""Let `python -m indexer` be the command."""

from indexer.cli import main

if __name__ == "__main__":
    main()
