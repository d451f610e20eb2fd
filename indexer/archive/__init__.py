"""The archive of raw pages and feeds: WARC files written as they are fetched, and read again, ours and other people's.

The WARC library is known here and nowhere else. What is made of a page it must not know.
"""

from indexer.archive.kept import ArchiveError, Kept, Note, Said
from indexer.archive.message import HEAD_LIMIT, Message, open_head, open_message
from indexer.archive.reader import Damaged, Record, is_warc, records
from indexer.archive.store import Choice, Place, Stock, files
from indexer.archive.writer import Archive, Keeper, Silence

__all__ = [
    "HEAD_LIMIT",
    "Archive",
    "ArchiveError",
    "Choice",
    "Damaged",
    "Keeper",
    "Kept",
    "Message",
    "Note",
    "Place",
    "Record",
    "Said",
    "Silence",
    "Stock",
    "files",
    "is_warc",
    "open_head",
    "open_message",
    "records",
]
