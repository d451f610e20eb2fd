"""A door before Elasticsearch that can be shut and opened: what a node that dies, or is restarted, looks like."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

CHUNK = 65_536


class Door:
    """Forward connections to a server while it is open; after ``after`` bulk requests it shuts by itself.

    A context manager; ``url`` is the address to give to clients.
    """

    def __init__(self, url: str, *, after: int | None = None) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 9200)
        self._left = after
        self._lock = threading.Lock()
        self._connected: list[socket.socket] = []
        self.is_shut = False

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Shut it for good."""
        self.shut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def shut(self) -> None:
        """End every connection, and each new one at once."""
        with self._lock:
            self.is_shut = True
            for each in self._connected:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._connected.clear()

    def open(self) -> None:
        """Forward again."""
        self.is_shut = False

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    if self.is_shut:
                        client.close()
                        continue
                    server = socket.create_connection(self._target)
                    self._connected += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK):
                if self._left is not None and b"/_bulk" in data:
                    self._left -= 1
                    if self._left < 0:
                        self.shut()
                        return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
