"""Ask the engine whether it is there, over loopback HTTP; it knows no more of Elasticsearch than its health."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit


def get(url: str, path: str, *, username: str, password: str, seconds: float) -> dict[str, Any] | None:
    """Get a JSON object, or None where nothing usable answers: no listener, not ours (401), not ready (503).

    A plain connection, so that no proxy of the environment comes between.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=seconds)
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    try:
        connection.request("GET", path, headers={"Authorization": f"Basic {token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return None
        value = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return value if isinstance(value, dict) else None
