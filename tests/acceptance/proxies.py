"""A door before Elasticsearch that can be shut in mid-run: what a node that dies looks like from outside."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65_536


class Door:
    """Forward connections to a server until ``shut``; ``after`` bulk requests it shuts by itself.

    A context manager; ``url`` is the address to give to clients.
    """

    def __init__(self, url: str, *, after: int) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 9200)
        self._left = after
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.is_shut = False

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Shut it."""
        self.shut()

    def shut(self) -> None:
        """End every connection and take no more."""
        with self._lock:
            self.is_shut = True
            for each in [self._listener, *self._open]:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self) -> None:
        while not self.is_shut:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                self._open += [client, server]
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:  # noqa: FBT001 - one private caller
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if asks and b"/_bulk" in data:
                    self._left -= 1
                    if self._left < 0:
                        self.shut()
                        return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
