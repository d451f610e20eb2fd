"""Read the HTTP message that a response record holds; what its body means it must not know."""

from __future__ import annotations

import io
from dataclasses import dataclass

from warcio.bufferedreaders import ChunkedDataException, ChunkedDataReader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser

from indexer.models import Reason, RejectedError

HEAD_LIMIT = 262_144  # bytes; browsers give up there, the client that fetches at 65,536 or 102,400


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """An HTTP answer as it was recorded; the body is without chunks, but still in its content encoding."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """Give the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def open_head(block: bytes) -> Message:
    """Read status and headers alone; raises RejectedError BROKEN_RECORD."""
    return _message(_parse(io.BytesIO(block[:HEAD_LIMIT])))


def open_message(block: bytes) -> Message:
    """Read a whole message; raises RejectedError BROKEN_RECORD."""
    head = _parse(io.BytesIO(block[:HEAD_LIMIT]))
    body = block[head.total_len :]
    found = _message(head)
    if (found.get("transfer-encoding") or "").strip().lower() == "chunked":
        try:
            # Archives often hold bodies without their chunks under headers that still announce them: taken as they are.
            body = ChunkedDataReader(io.BytesIO(body), block_size=len(body) + 1).read()
        except ChunkedDataException as error:
            raise RejectedError(Reason.BROKEN_RECORD, "the chunks of its body are broken") from error
    return Message(status=found.status, headers=found.headers, body=body)


def _parse(stream: io.BytesIO) -> StatusAndHeaders:
    try:
        return StatusAndHeadersParser([], verify=False).parse(stream)
    except EOFError as error:
        raise RejectedError(Reason.BROKEN_RECORD, "it holds no HTTP answer") from error


def _message(head: StatusAndHeaders) -> Message:
    code = str(head.get_statuscode())
    if not head.protocol.upper().startswith("HTTP/") or not (code.isascii() and code.isdecimal()):
        raise RejectedError(Reason.BROKEN_RECORD, "it does not begin as an HTTP answer does")
    return Message(status=int(code[:9]), headers=tuple((str(name), str(value)) for name, value in head.headers))
