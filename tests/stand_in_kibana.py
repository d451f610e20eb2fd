"""A stand-in for Kibana on loopback, as strict as its documentation: order, headers, login, forms; it draws nothing.

What it says in refusals follows Kibana's own manner; where the schema of the Dashboards API is at hand it decides.
"""

from __future__ import annotations

import base64
import copy
import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from indexer.kibana.api_schema import ApiSchema

SCHEMA = Path(__file__).parents[2] / "shared" / "kibana" / "dashboards-oas-2026-05.json.gz"
VERSION = "2023-10-31"
VIEW_KEYS = {"id", "title", "name", "timeFieldName", "allowNoIndex", "sourceFilters", "fieldFormats", "runtimeFieldMap"}
BODY_KEYS = {"title", "description", "time_range", "refresh_interval", "query", "filters", "options", "tags"}
BODY_KEYS |= {"pinned_panels", "panels"}
DEFAULT_OPTIONS = {"auto_apply_filters": True, "hide_panel_borders": False, "sync_cursor": True, "sync_tooltips": False}

Said = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    """One request, with the login it came with."""

    method: str
    path: str
    login: str | None


@dataclass
class StandIn:
    """The server while it runs: a context manager. ``starting`` looks at its status find it not ready."""

    username: str = "elastic"
    password: str = "correct horse"  # noqa: S105 - a made-up one
    api_key: str | None = None
    starting: int = 0
    spaces: set[str] = field(default_factory=lambda: {"default"})
    refuse: dict[str, Said] = field(default_factory=dict)  # path → what it says in place of doing it
    drops_panels: bool = False
    certificate: Path | None = None  # of loopback, with its key: HTTPS
    views: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._schema = ApiSchema.read(SCHEMA) if SCHEMA.exists() else None
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                with stand_in._lock:
                    status, said = stand_in._answer(self.command, self.path, self.headers, raw)
                body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain" if isinstance(said, str) else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = handle_one  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if self.certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def writes(self) -> list[str]:
        """What was written, in order."""
        return [f"{each.method} {each.path}" for each in self.asked if each.method != "GET"]

    def _answer(self, method: str, target: str, headers: Any, raw: bytes) -> Said:
        path = unquote(urlsplit(target).path)
        self.asked.append(Asked(method, path, headers.get("Authorization")))
        if path == "/api/status":
            return self._status(headers)
        if self.starting > 0:
            return 503, "Kibana server is not ready yet"
        return self._before(method, headers) or self._allowed(method, path, raw)

    def _allowed(self, method: str, path: str, raw: bytes) -> Said:
        space = "default"
        if path.startswith("/s/"):
            space, _, rest = path.removeprefix("/s/").partition("/")
            path = f"/{rest}"
            if space not in self.spaces:
                return _error(404, "Not Found", f"Saved object [space/{space}] not found")
        if path in self.refuse and method != "GET":
            return self.refuse[path]
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return _error(400, "Bad Request", "Invalid request payload JSON format")
        return self._routed(method, path, space, body)

    def _routed(self, method: str, path: str, space: str, body: Any) -> Said:
        name = path.rsplit("/", 1)[-1]
        if path.startswith("/api/spaces/space/"):
            found = name in self.spaces
            return (200, {"id": name}) if found else _error(404, "Not Found", f"Saved object [space/{name}] not found")
        if path == "/api/data_views/data_view" and method == "POST":
            return self._put_view(space, body)
        if path.startswith("/api/data_views/data_view/") and method == "GET":
            view = self.views.get((space, name))
            return (200, {"data_view": view}) if view else _error(404, "Not Found", f"index-pattern/{name} not found")
        if path.startswith("/api/dashboards/") and method == "PUT":
            return self._put_dashboard(space, name, body)
        if path.startswith("/api/dashboards/") and method == "GET":
            data = self.dashboards.get((space, name))
            return (200, _whole(name, data)) if data else _error(404, "Not Found", f"dashboard [{name}] not found")
        return _error(404, "Not Found", "Not Found")

    def _status(self, headers: Any) -> Said:
        if self.starting > 0:
            self.starting -= 1
            return 503, "Kibana server is not ready yet" if self.starting else _level("degraded")
        return 200, _level("available", more=self._knows(headers))

    def _before(self, method: str, headers: Any) -> Said | None:
        if not self._knows(headers):
            return _error(401, "Unauthorized", "[security_exception: unable to authenticate user]")
        if method != "GET" and not headers.get("kbn-xsrf"):
            return _error(400, "Bad Request", "Request must contain a kbn-xsrf header.")
        if headers.get("Elastic-Api-Version") != VERSION:
            return _error(400, "Bad Request", f"No version matches the header. Available versions are: [{VERSION}]")
        return None

    def _knows(self, headers: Any) -> bool:
        login = headers.get("Authorization")
        basic = "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return login == (f"ApiKey {self.api_key}" if self.api_key else basic)

    def _put_view(self, space: str, body: Any) -> Said:
        view = (body or {}).get("data_view", {})
        for key in view.keys() - VIEW_KEYS:
            return _error(400, "Bad Request", f"[request body.data_view.{key}]: definition for this key is missing")
        if not view.get("title"):
            return _error(400, "Bad Request", "[request body.data_view.title]: expected value of type [string]")
        if (space, view["id"]) in self.views and not body.get("override"):
            return _error(400, "Bad Request", f"Duplicate data view: {view['id']}")
        self.views[space, view["id"]] = {"version": "WzEsMV0=", "sourceFilters": [], "fields": {}, **view}
        return 200, {"data_view": self.views[space, view["id"]]}

    def _put_dashboard(self, space: str, name: str, body: Any) -> Said:
        for key in sorted(body.keys() - BODY_KEYS):
            return _error(400, "Bad Request", f"[request body.{key}]: definition for this key is missing")
        for problem in self._schema.problems(body) if self._schema else ():
            return _error(400, "Bad Request", problem)
        for number, control in enumerate(body.get("pinned_panels", ())):
            if (space, control["config"]["data_view_id"]) not in self.views:
                place = f"[request body.pinned_panels.{number}.config.data_view_id]"
                return _error(400, "Bad Request", f"{place}: no data view {control['config']['data_view_id']}")
        there = (space, name) in self.dashboards
        data = copy.deepcopy(body)
        data["options"] = {**DEFAULT_OPTIONS, **data.get("options", {})}
        if not data.get("filters"):
            data.pop("filters", None)  # Kibana gives what is set, and defaults; not what is empty
        if self.drops_panels:
            data["panels"] = data["panels"][1:]
        self.dashboards[space, name] = data
        return (200 if there else 201), _whole(name, data)


def _whole(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "data": data, "meta": {"version": "WzEsMV0="}}


def _level(level: str, *, more: bool = False) -> dict[str, Any]:
    known = {"version": {"number": "9.5.3"}} if more else {}
    return {**known, "status": {"overall": {"level": level}}}


def _error(status: int, error: str, message: str) -> Said:
    return status, {"statusCode": status, "error": error, "message": message}
