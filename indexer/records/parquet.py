"""Write records as Parquet and read them back, batch after batch; the only module that imports pyarrow.

pyarrow is 165 MB, so it comes with ``condensat[parquet]`` only.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from indexer.models import CondensatError
from indexer.records import cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

ROWS = 5_000  # records a row group: some 20 MB of articles in memory


class NoParquetError(CondensatError):
    """Parquet needs pyarrow, which is not installed: pip install 'condensat[parquet]'."""


def check() -> None:
    """Raise NoParquetError where Parquet can be neither written nor read."""
    _arrow()


def write(path: Path, records: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    """Write records into a file; dates stay text, in ISO 8601 with their zone."""
    arrow, files = _arrow()
    types = {
        **dict.fromkeys(cells.LISTS, arrow.list_(arrow.string())),
        **dict.fromkeys(cells.NUMBERS, arrow.int64()),
        **dict.fromkeys(cells.SHARES, arrow.float64()),
        **dict.fromkeys(cells.FLAGS, arrow.bool_()),
    }
    schema = arrow.schema([(name, types.get(name, arrow.string())) for name in columns])
    given = iter(records)
    with files.ParquetWriter(path, schema, compression="zstd") as writer:
        while rows := [cells.row(each, columns) for each in islice(given, ROWS)]:
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))


def read(path: Path | BinaryIO) -> Iterator[dict[str, Any]]:
    """Read the records of a file; raises NoParquetError, or ``ValueError`` or ``OSError`` where it is damaged."""
    _, files = _arrow()
    with files.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            for values in batch.to_pylist():
                yield cells.unrow(values)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: ICN001, PLC0415 it may be absent
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise NoParquetError(NoParquetError.__doc__) from error
    return pyarrow, pyarrow.parquet
