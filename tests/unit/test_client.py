"""What the client waits for, what it gives up on, and what it keeps out of messages."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig, TransportApiResponse

from indexer.elastic import bulk
from indexer.elastic.client import item_passes, open_client, passes, split_login, whole
from indexer.elastic.errors import StoreError
from indexer.engine import log

BLOCKED = {"type": "cluster_block_exception", "reason": "index [a] blocked by: [FORBIDDEN/8/index write (api)];"}
FULL_DISK = {"type": "cluster_block_exception", "reason": "index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage]"}
READ_ONLY = {"type": "cluster_block_exception", "reason": "index [a] blocked by: [FORBIDDEN/5/index read-only (api)];"}
UNAUTHORIZED = {"type": "security_exception", "reason": "action [indices:data/write/bulk] is unauthorized"}
FULL_QUEUE = {"type": "es_rejected_execution_exception", "reason": "rejected execution"}


class Server:
    """Answers requests one after the other with what it was given; the last answer stays."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self._answers = list(answers)
        self.asked: list[bytes] = []

    def __enter__(self) -> Self:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                server.asked.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                number = min(len(server.asked), len(server._answers)) - 1
                status, answer = server._answers[number]
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self._answer()

            def do_PUT(self) -> None:
                self._answer()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize(
    ("status", "error", "alone", "beside_others"),
    [
        (403, BLOCKED, True, True),
        (403, READ_ONLY, False, False),
        (403, UNAUTHORIZED, False, False),
        (429, FULL_QUEUE, True, True),
        (429, FULL_DISK, False, False),
        (503, {"type": "unavailable_shards_exception"}, False, True),
        (409, {"type": "version_conflict_engine_exception"}, False, False),
        (400, {"type": "document_parsing_exception"}, False, False),
    ],
)
def test_what_is_waited_for(status: int, error: dict[str, str], *, alone: bool, beside_others: bool) -> None:
    """A migration's block and a full queue, and a shard without service where there are other nodes; nothing else."""
    assert item_passes(status, error, several=False) is alone
    assert item_passes(status, error, several=True) is beside_others
    assert passes(status, {"error": error}, several=False) is alone
    assert passes(status, {"error": error}, several=True) is beside_others


def test_a_blocked_write_is_done_when_the_block_is_gone() -> None:
    """A request that was refused by a migration's block is sent again until it is taken."""
    done = {"_id": "1", "result": "deleted", "_version": 2}
    refused = (403, {"error": BLOCKED, "status": 403})
    with Server(refused, refused, (200, done)) as server:
        client = open_client(server.url)
        assert client.index(index="a", id="1", document={})["result"] == "deleted"
    assert len(server.asked) == 3


def item(identity: str, status: int, error: dict[str, str] | None = None) -> dict[str, Any]:
    return {"index": {"_id": identity, "status": status, **({"error": error} if error else {})}}


def test_of_a_bulk_request_only_what_was_refused_is_sent_again() -> None:
    """Each item ends once, in order; what was written is not written twice."""
    first = {"errors": True, "items": [item("a", 201), item("b", 403, BLOCKED), item("c", 409, {"type": "x"})]}
    with Server((200, first), (200, {"errors": False, "items": [item("b", 201)]})) as server:
        ends = bulk.send(open_client(server.url), "alias", [("index", each, {}, {"n": each}) for each in "abc"])
    assert [(each.id, each.status) for each in ends] == [("a", 201), ("b", 201), ("c", 409)]
    assert b'"a"' in server.asked[0]
    assert b'"a"' not in server.asked[1]
    assert b'"c"' not in server.asked[1]


def test_a_block_that_stays_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the patience is over, the error names the command that ends an unfinished migration."""
    monkeypatch.setattr("indexer.elastic.client.PATIENCE", 0.1)
    monkeypatch.setattr("indexer.elastic.bulk.PATIENCE", 0.1)
    with Server((200, {"errors": True, "items": [item("a", 403, BLOCKED)]})) as server:
        (end,) = bulk.send(open_client(server.url), "alias", [("index", "a", {}, {})])
    assert "condensat migrate" in end.error
    with Server((200, {"_shards": {"total": 2, "successful": 1, "failed": 1}})) as server, pytest.raises(StoreError):
        bulk.refresh(open_client(server.url), "alias")


def read(status: int, body: Any, target: str) -> TransportApiResponse:
    node = NodeConfig("http", "127.0.0.1", 9200)
    meta = ApiResponseMeta(status, "1.1", HttpHeaders({}), 0.1, node)
    return whole(target, TransportApiResponse(meta, body))


def test_a_part_that_nobody_serves_is_no_article_that_is_not_there() -> None:
    """Of a request that reads many, a shard without service fails the whole; what is truly missing does not."""
    gone = {"_id": "a", "found": False}
    unserved = {"_id": "b", "error": {"type": "no_shard_available_action_exception", "reason": "no shard"}}
    assert read(200, {"docs": [gone]}, "/articles/_mget?x=y").meta.status == 200
    assert read(200, {"docs": [gone, unserved]}, "/articles/_mget?x=y").meta.status == 503
    assert read(200, {"responses": [{"status": 503, "error": {"type": "x"}}]}, "/_msearch").meta.status == 503
    assert read(200, {"responses": [{"status": 400, "error": {"type": "x"}}]}, "/_msearch").meta.status == 200
    assert read(200, {"docs": [unserved]}, "/articles/_search").meta.status == 200


def test_credentials_are_taken_out_of_addresses() -> None:
    """No message about an address can have them; signs that an address must write as codes are read."""
    urls, login = split_login("https://ann:s%40crt@one.example:9200, https://two.example:9200/es")
    assert urls == ["https://one.example:9200", "https://two.example:9200/es"]
    assert login == ("ann", "s@crt")
    assert split_login("http://[::1]:9200") == (["http://[::1]:9200"], None)


def test_the_logs_of_several_nodes_are_one() -> None:
    """Records stand in the order of their times, each with the lines that belong to it."""

    def at(second: int, text: str) -> str:
        return f"[2026-11-26T10:00:{second:02d},000][INFO ][o.e.n.Node] {text}"

    one = [at(1, "[local] begins"), "    at a.b.c", at(5, "[local] goes on")]
    two = [at(3, "[local-2] begins")]
    merged = log.merged([one, two], 10)
    assert merged == [one[0], one[1], two[0], one[2]]
    assert log.merged([one, two], 2) == [two[0], one[2]]
