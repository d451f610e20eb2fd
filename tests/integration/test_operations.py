"""What who runs it sees: the doctor, logs for programs, traces and metrics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
from calling import Caller
from newsstand import Newsstand
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from samples import article, prose, take
from world import written

from indexer.elastic.rights import Role
from indexer.elastic.schema import NAMES

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from indexer import engine as local
    from indexer.elastic import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Caller:
    return Caller(monkeypatch, capfd, tmp_path)


@pytest.fixture
def settings(engine: local.Running, store: Store) -> dict[str, str]:
    return {
        "url": engine.url, "prefix": store.prefix, "username": engine.username, "password": engine.password,
        "user_agent": "test/1.0", "allow_private": "1", "host_delay": "0",
    }  # fmt: skip


def checks(call: Caller, settings: dict[str, str], *, code: int) -> dict[str, dict[str, Any]]:
    done = call("doctor", "--format", "json", **settings)
    assert done.code == code, done.said
    return {each["name"]: each for each in json.loads(done.out)["checks"]}


# -- doctor ------------------------------------------------------------------------------------------------


def test_all_is_well(call: Caller, settings: dict[str, str]) -> None:
    """A new installation has nothing wrong, and everything was looked at."""
    found = checks(call, settings, code=0)
    assert list(found) == [
        "python", "settings", "disk", "vocabulary", "elasticsearch", "keys", "indices", "mappings", "shards", "clock",
        "feeds",
    ]  # fmt: skip
    assert {name for name, each in found.items() if each["ok"] is not True} == {"feeds"}
    assert "version 9." in found["elasticsearch"]["found"]
    assert "everything in the cluster" in found["keys"]["found"]
    assert "keys create ingester" in found["keys"]["todo"]


def test_older_mappings_and_what_was_kept(
    call: Caller, client: Elasticsearch, settings: dict[str, str], store: Store
) -> None:
    """An index of another version is named with the command that moves it; then the old one, and how it goes."""
    client.indices.put_mapping(index=f"{store.prefix}-reposts", meta={"version": 0})
    found = checks(call, settings, code=1)
    assert f"{store.prefix}-reposts-000001 is of version 0" in found["mappings"]["found"]
    assert "condensat migrate" in found["mappings"]["todo"]
    assert call("migrate", **settings).code == 0
    found = checks(call, settings, code=0)
    assert f"kept from before: {store.prefix}-reposts-000001" in found["mappings"]["found"]
    assert "--drop-old" in found["mappings"]["todo"]


def test_a_closed_index(call: Caller, client: Elasticsearch, settings: dict[str, str], store: Store) -> None:
    """Both blocks that occur are told from each other: of a migration that died, and of a full disk."""
    index = f"{store.prefix}-articles-000001"
    for block, todo in (("write", "condensat migrate"), ("read_only_allow_delete", "free some space")):
        client.indices.put_settings(index=index, settings={f"index.blocks.{block}": True})
        found = checks(call, settings, code=1)["indices"]
        assert index in found["found"]
        assert todo in found["todo"]
        client.indices.put_settings(index=index, settings={f"index.blocks.{block}": None})


def test_a_shard_without_its_copy(call: Caller, client: Elasticsearch, settings: dict[str, str], store: Store) -> None:
    """A copy that no node serves is counted."""
    copies = {"index.auto_expand_replicas": False, "index.number_of_replicas": 2}
    client.indices.put_settings(index=f"{store.prefix}-feeds-000001", settings=copies)
    found = checks(call, settings, code=1)["shards"]
    assert found["ok"] is False
    assert f"{len(NAMES)} of {len(NAMES) + 2} serve" in found["found"]


def test_a_clock_that_is_wrong(
    call: Caller, settings: dict[str, str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours is compared with Elasticsearch's, to the second."""
    ahead = store.condition.clock(lambda: datetime.now(tz=UTC))
    assert abs(ahead) < timedelta(seconds=2)
    monkeypatch.setattr("indexer.cli.session.now", lambda: datetime.now(tz=UTC) - timedelta(minutes=5))
    found = checks(call, settings, code=1)["clock"]
    assert "300." in found["found"] or "299." in found["found"]
    assert "ahead" in found["found"]


@pytest.mark.parametrize("role", list(Role))
def test_with_a_key(call: Caller, settings: dict[str, str], store: Store, role: Role) -> None:
    """The key's role and end are told, and what it may not see is no fault."""
    made = store.rights.create_key(role, expires="3d")
    mine = {name: value for name, value in settings.items() if name not in ("username", "password")}
    found = checks(call, {**mine, "api_key": made.encoded}, code=0)
    assert role.value in found["keys"]["found"]
    assert made.id in found["keys"]["found"]
    assert "make a new key in time" in found["keys"]["todo"]
    assert "not for these credentials" in found["elasticsearch"]["found"]
    assert found["shards"]["ok"]
    assert found["clock"]["ok"]


def test_a_key_that_is_good_for_nothing_here(
    call: Caller, client: Elasticsearch, settings: dict[str, str], store: Store
) -> None:
    """A key without a role is told so, and that others can read its file."""
    made = client.security.create_api_key(name="nothing", role_descriptors={"none": {"cluster": []}}, expiration="1h")
    mine = {name: value for name, value in settings.items() if name not in ("username", "password")}
    found = checks(call, {**mine, "api_key": made["encoded"]}, code=3)
    assert "may: nothing" in found["keys"]["found"]
    file = call.folder / "key"
    file.write_text(store.rights.create_key(Role.READER, expires="1h").encoded)
    file.chmod(0o644)
    found = checks(call, {**mine, "api_key_file": str(file)}, code=1)
    assert "chmod 600" in found["keys"]["todo"]


# -- logs --------------------------------------------------------------------------------------------------


def test_logs_for_programs(call: Caller, settings: dict[str, str]) -> None:
    """With --log json every line beside the data is an object; the report's numbers are in one, errors have theirs."""
    lines = call.folder / "lines.jsonl"
    lines.write_text("\n".join(written(each, "copied", prose(5, 80), 3) for each in ("a", "b")) + "\nnonsense\n")
    done = call("--log", "json", "import", str(lines), **settings)
    assert done.code == 0
    assert done.out == ""
    events = [json.loads(each) for each in done.err.splitlines()]
    assert all({"time", "level", "event", "message", "command"} <= each.keys() for each in events)
    (report,) = [each for each in events if each["event"] == "report"]
    assert report["command"] == "import"
    assert report["report"]["created"] == 2
    assert report["report"]["pairs"] == {"exact": 1}
    assert report["report"]["rejected"] == {"broken line": 1}
    failed = call("search", "(", log="json", **settings)
    (error,) = [json.loads(each) for each in failed.err.splitlines() if '"error"' in each]
    assert (error["level"], error["exit_code"], failed.code) == ("error", 2, 2)
    data = call("--log", "json", "search", "title:copied", "--format", "jsonl", **settings)
    assert len(data.out.splitlines()) == 2
    assert "{" not in call("search", "title:copied", **settings).err


# -- traces and metrics ------------------------------------------------------------------------------------


class Collector:
    """Takes what OpenTelemetry sends over HTTP, and reads it."""

    def __enter__(self) -> Self:
        collector = self
        self.spans: list[Any] = []
        self.metrics: list[Any] = []
        self.raw = b""
        self.services: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.raw += body
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, path: str, body: bytes) -> None:
        """Read one delivery."""
        if path == "/v1/traces":
            for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.services |= {kv.value.string_value for kv in each.resource.attributes if kv.key == "service.name"}
                self.spans += [span for scope in each.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for each in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics += [metric for scope in each.scope_metrics for metric in scope.metrics]

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """Give the numbers of a counter by their attributes."""
        return {
            tuple(sorted(f"{kv.key}={kv.value.string_value}" for kv in point.attributes)): point.as_int
            for metric in self.metrics
            if metric.name == name
            for point in metric.sum.data_points
        }


def run(arguments: list[str], settings: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process: what is sent is sent when one ends."""
    return subprocess.run(
        [sys.executable, "-m", "indexer", *arguments],
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "CONDENSAT_ARCHIVE": "off",
            **{f"CONDENSAT_{name.upper()}": value for name, value in settings.items()},
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip


def test_traces_and_metrics_reach_a_collector(settings: dict[str, str], engine: local.Running) -> None:
    """A command is one trace, with the requests to Elasticsearch in it; the numbers are those of its report."""
    with Collector() as collector, Newsstand(entries=3) as stand:
        done = run(["ingest", stand.feed(0), "--format", "json"], settings, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["created"] == 3
    assert collector.services == {"condensat"}
    spans = {each.span_id: each for each in collector.spans}
    (root,) = [each for each in collector.spans if each.name == "condensat ingest"]
    assert root.parent_span_id == b""
    assert root.status.code != 2
    asked = [each for each in collector.spans if any(kv.key == "db.system.name" for kv in each.attributes)]
    assert {"bulk", "indices.refresh"} <= {each.name for each in asked}
    inside = [each for each in asked if each.trace_id == root.trace_id]
    assert inside
    assert all(each.parent_span_id in spans for each in inside)
    entries = collector.counted("condensat.entries")
    assert entries["command=ingest", "outcome=created"] == 3
    assert collector.counted("condensat.feeds")["command=ingest", "end=read"] == 1
    assert any(each.name == "condensat.run.duration" for each in collector.metrics)
    for secret in (engine.password, "Authorization"):
        assert secret.encode() not in collector.raw


def test_an_error_is_a_failed_trace(settings: dict[str, str]) -> None:
    """A command that fails says so in its trace, by the kind of error, and still exits as always."""
    with Collector() as collector:
        done = run(["show", "no-such"], settings, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert done.returncode == 1
    (root,) = [each for each in collector.spans if each.name == "condensat show"]
    assert root.status.code == 2
    assert "Error" in root.status.message


def test_a_collector_that_is_away_costs_little(settings: dict[str, str], store: Store) -> None:
    """The command does its work, ends well and soon; without an endpoint nothing is loaded."""
    take(store, article("one", prose(1, 60)))
    begun = datetime.now(tz=UTC)
    done = run(["search", "title:one"], settings, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert done.returncode == 0, done.stderr
    assert datetime.now(tz=UTC) - begun < timedelta(seconds=20)
    assert "Traceback" not in done.stderr
    code = (
        "import sys; from indexer.cli import main\n"
        "try: main(['search', 'title:one'])\n"
        "finally: print('sdk' if 'opentelemetry.sdk' in sys.modules else 'none')"
    )
    without = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent",
            **{f"CONDENSAT_{name.upper()}": value for name, value in settings.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert without.stdout.splitlines()[-1] == "none"


def test_without_the_extra_it_says_what_to_install(
    call: Caller, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint without the library is wrong use, and the message has the command."""
    monkeypatch.setattr("indexer.telemetry.find_spec", lambda _: None)
    done = call("feeds", "list", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", **settings)
    assert done.code == 2
    assert "condensat[telemetry]" in done.err
