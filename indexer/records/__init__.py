"""Articles and pairs as they leave the index and come back: records, as JSON, CSV, Parquet or Atom.

All but ``parquet`` is pure; that one reads and writes a file of its own.
"""

from indexer.records.record import EXPORTED, Restored, record, restore

__all__ = ["EXPORTED", "Restored", "record", "restore"]
