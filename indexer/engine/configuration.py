"""Write and read a node's configuration: settings, JVM options, logging, the superuser; it runs nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.engine.errors import EngineError
from indexer.engine.machine import MIB

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from indexer.engine.node import Node

# The superuser stands in a file of the node's configuration, not in Elasticsearch's own index of users: a full disk or
# a damaged index must not lock its owner out, and the engine answers as soon as it listens (with a password in the
# keystore, it refused every request after a disk had been full, and after each start until that index was open).
USERNAME = "condensat"
HASH_ROUNDS = 10_000  # Elasticsearch's default; the password itself is 24 random bytes

# Free space below which Elasticsearch stops placing and then writing. The stock values are shares (85, 90, 95 %):
# a laptop's disk that is 95 % full still has tens of gigabytes, and would be refused every write.
# The three are one: there is no other node to move anything to, and a new index that is not placed is just broken.
WATERMARKS = {"low": "250mb", "high": "250mb", "flood_stage": "250mb"}
FLOOD_STAGE = 250 * MIB

JVM_OPTIONS = """\
-XX:-AlwaysPreTouch
-XX:-HeapDumpOnOutOfMemoryError
-XX:-ExitOnOutOfMemoryError
-XX:+CrashOnOutOfMemoryError
-XX:-CreateCoredumpOnCrash
-Xlog:disable
-Xlog:all=warning:stderr:uptime,level,tags
"""

LOGGING = """\
status = error

appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n

appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:es.logs.base_path}${sys:file.separator}engine.log
appender.file.filePattern = ${sys:es.logs.base_path}${sys:file.separator}engine.%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3

rootLogger.level = info
rootLogger.appenderRef.console.ref = console
rootLogger.appenderRef.file.ref = file
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where a node of a cluster listens: for clients, and for its peers."""

    http: int = 0  # 0: the system gives a free one; two engines starting together cannot pick the same
    transport: int = 0


Values = dict[str, str | bool | int | list[str]]


def settings(node: Node, ports: Ports | None = None, seeds: Sequence[str] = ()) -> Values:
    """Give the node's settings, as in elasticsearch.yml; ``seeds`` are the addresses of its peers."""
    ports = ports or Ports()
    values: Values = {
        "cluster.name": node.cluster,
        "node.name": node.name,
        "node.portsfile": True,
        "network.host": "127.0.0.1",
        "http.port": ports.http,
        "transport.port": ports.transport,
        "path.data": str(node.data),
        "path.logs": str(node.logs),
        "path.repo": [str(node.repository)],
        "action.auto_create_index": False,  # a lost alias must fail, not become an index with guessed fields
        "xpack.security.enabled": True,
        "xpack.security.autoconfiguration.enabled": False,
        "xpack.security.enrollment.enabled": False,
        "xpack.security.http.ssl.enabled": False,  # nothing leaves the loopback interface
        "xpack.security.transport.ssl.enabled": False,
        **{f"cluster.routing.allocation.disk.watermark.{name}": free for name, free in WATERMARKS.items()},
    }
    if not node.peers:
        return {**values, "discovery.type": "single-node"}
    first = node.peers[0]
    # The first node alone begins a new cluster, also where it was one by itself before; the others join it.
    begins = {"cluster.initial_master_nodes": [first]} if node.name == first else {}
    return {**values, "discovery.seed_hosts": list(seeds), **begins}


def repository_of(node: Node) -> Path | None:
    """Give the folder that a node was last told to keep snapshots in; None for one that was never told."""
    told = _configured(node).get("path.repo")
    return Path(json.loads(told)[0]) if told else None


def _configured(node: Node) -> dict[str, str]:
    """Read the settings as they were written last, each as it stands there."""
    try:
        lines = (node.config / "elasticsearch.yml").read_text("utf-8").splitlines()
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def choose_ports(node: Node, taken: Collection[int]) -> Ports:
    """Choose the ports of a node of a cluster: those that it had, so that clients find it again, else free ones."""
    had = _configured(node)
    chosen: list[int] = []
    for name in ("http.port", "transport.port"):
        before = int(had.get(name, "0"))
        chosen.append(_free_port(before if before not in {*taken, *chosen} else 0))
    return Ports(http=chosen[0], transport=chosen[1])


def _free_port(wanted: int) -> int:
    """Give a port that is free on loopback, the wanted one if it is."""
    for port in (wanted, 0):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise EngineError("There is no free port on loopback.")


def render(values: Values) -> str:
    """Write settings as YAML; JSON's scalars are YAML's, whatever a path contains."""
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def configure(
    node: Node, elasticsearch: Path, *, password: str, ports: Ports | None = None, seeds: Sequence[str] = ()
) -> None:
    """Write the node's folders and configuration, with the superuser's password as a hash."""
    shutil.rmtree(node.scratch, ignore_errors=True)
    if not node.root.is_dir():
        node.root.mkdir()
        node.root.chmod(0o700)
        node.account.give(node.root)
    for folder in (node.config, node.data, node.logs, node.scratch, node.repository):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        node.account.give(folder)
    files = {
        "elasticsearch.yml": render(settings(node, ports, seeds)),
        "jvm.options": _stock_options(elasticsearch)
        + JVM_OPTIONS
        + f"-Xms{node.heap}\n-Xmx{node.heap}\n-XX:ErrorFile={node.crash}\n",
        "log4j2.properties": LOGGING,
        "users": f"{USERNAME}:{_hashed(password)}\n",
        "users_roles": f"superuser:{USERNAME}\n",
        "roles.yml": "",
        "role_mapping.yml": "",
    }
    for name, text in files.items():
        path = node.config / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        node.account.give(path)


def _stock_options(elasticsearch: Path) -> str:
    """Give the distribution's JVM options without its garbage collection log, up to 2 GB that nobody reads."""
    text = (elasticsearch / "config" / "jvm.options").read_text("utf-8")
    kept = (line for line in text.splitlines() if line and not line.startswith(("#", "-Xlog", "-XX:ErrorFile")))
    return "".join(f"{line}\n" for line in kept)


def _hashed(password: str) -> str:
    """Hash a password as Elasticsearch's own users file holds it."""
    salt = secrets.token_bytes(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ROUNDS, 32)
    return f"{{PBKDF2}}{HASH_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
