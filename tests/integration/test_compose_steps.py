"""What the containers of docker-compose.yml do to set things up, as scripts, on a real Elasticsearch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elasticsearch import AuthenticationException, AuthorizationException, Elasticsearch
from samples import NOW
from stand_in_kibana import StandIn

from indexer.elastic import Store, StoreError
from indexer.engine import java
from indexer.kibana import meaning, queries, shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer import engine as local

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
AWKWARD = 'pass"word\\ with: $signs and, a # too'  # as somebody may write it into .env


@pytest.fixture
def condensat(tmp_path: Path) -> Path:
    """Give a folder with the command in it, as the image has it on its path."""
    program = tmp_path / "bin" / "condensat"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m indexer "$@"\n')
    program.chmod(0o755)
    return program.parent


@pytest.fixture
def run(
    engine: local.Running, store: Store, condensat: Path, tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a way to run a script of a container, with that container's environment for this Elasticsearch."""

    def running(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DOCKER / script, *arguments],
            cwd=tmp_path,
            env={
                "PATH": f"{condensat}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "CONDENSAT_URL": engine.url,
                "CONDENSAT_PREFIX": store.prefix,
                "ELASTICSEARCH": engine.url,
                "ELASTIC_USERNAME": engine.username,
                "ELASTIC_PASSWORD": engine.password,
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return running


@pytest.fixture
def cleared(client: Elasticsearch, store: Store) -> Iterator[None]:
    """Leave no user, role or key behind."""
    yield
    for name in ("reader", "ingester", "admin", "kibana-reader"):
        client.options(ignore_status=404).security.delete_role(name=f"{store.prefix}-{name}")
    client.options(ignore_status=404).security.delete_user(username=f"{store.prefix}-reader")
    for role in ("reader", "ingester"):
        client.options(ignore_status=404).security.invalidate_api_key(name=f"{store.prefix}-compose-{role}")


def who(engine: local.Running, username: str, password: str) -> dict[str, object]:
    with Elasticsearch(engine.url, basic_auth=(username, password)) as client:
        return dict(client.security.authenticate())


def test_health_says_whether_elasticsearch_lets_us_in(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """The health check of a node: yes with the password, no with another, no where nobody listens."""
    assert run("elasticsearch-health").returncode == 0
    assert run("elasticsearch-health", ELASTIC_PASSWORD="wrong").returncode != 0  # noqa: S106 - a made-up one
    assert run("elasticsearch-health", ELASTICSEARCH="http://127.0.0.1:9").returncode != 0


@pytest.mark.usefixtures("cleared")
def test_users(
    run: Callable[..., subprocess.CompletedProcess[str]], engine: local.Running, client: Elasticsearch, store: Store
) -> None:
    """Kibana's user gets its password, the reader roles and a password; a second run ends the same; none is shown."""
    for _ in range(2):
        done = run("elasticsearch-users", KIBANA_PASSWORD="from-env-file-1", READER_PASSWORD=AWKWARD)  # noqa: S106
        assert done.returncode == 0, done.stderr
        assert AWKWARD not in done.stdout + done.stderr
        assert engine.password not in done.stdout + done.stderr
        assert who(engine, "kibana_system", "from-env-file-1")["username"] == "kibana_system"
        reader = who(engine, f"{store.prefix}-reader", AWKWARD)
        assert reader["roles"] == [f"{store.prefix}-reader", f"{store.prefix}-kibana-reader"]
    role = client.security.get_role(name=f"{store.prefix}-kibana-reader")[f"{store.prefix}-kibana-reader"]
    assert role["cluster"] == []
    assert role["indices"] == []
    assert role["applications"] == [
        {"application": "kibana-.kibana", "privileges": ["space_read"], "resources": ["space:default"]}
    ]


@pytest.mark.usefixtures("cleared")
def test_users_says_what_elasticsearch_refuses(
    run: Callable[..., subprocess.CompletedProcess[str]], engine: local.Running, store: Store
) -> None:
    """A password that is too short is told in Elasticsearch's words, and ends it before the next step."""
    done = run("elasticsearch-users", KIBANA_PASSWORD="short", READER_PASSWORD="longer-than-six")  # noqa: S106
    assert done.returncode != 0
    assert "at least [6] characters" in done.stderr
    with pytest.raises(AuthenticationException):
        who(engine, f"{store.prefix}-reader", "longer-than-six")


def test_users_wants_its_settings(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """A variable that is not set is named."""
    done = run("elasticsearch-users", READER_PASSWORD="longer-than-six")  # noqa: S106 - a made-up one
    assert done.returncode != 0
    assert "KIBANA_PASSWORD" in done.stderr


@pytest.fixture
def setting_up(
    run: Callable[..., subprocess.CompletedProcess[str]], engine: local.Running, tmp_path: Path, condensat: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a way to run the step that makes indices, roles and keys."""
    told = subprocess.run([condensat / "condensat", "init", "--help"], capture_output=True, text=True, check=True)
    if "--roles" not in told.stdout:
        pytest.skip("condensat init --roles is not there yet")
    (tmp_path / "keys").mkdir()
    return lambda: run(
        "condensat-setup",
        str(tmp_path / "keys"),
        CONDENSAT_USERNAME=engine.username,
        CONDENSAT_PASSWORD=engine.password,
    )


@pytest.mark.usefixtures("cleared")
def test_setup(
    setting_up: Callable[..., subprocess.CompletedProcess[str]],
    run: Callable[..., subprocess.CompletedProcess[str]],
    engine: local.Running,
    store: Store,
    tmp_path: Path,
) -> None:
    """Indices, roles and a key for each service are made once; the key of ingest works and may not delete an index."""
    store.drop()
    first = setting_up()
    assert first.returncode == 0, first.stderr
    assert store.missing() == []
    keys = {each.name: each.read_text().strip() for each in (tmp_path / "keys").iterdir()}
    assert keys.keys() == {"ingester", "reader"}
    assert all((tmp_path / "keys" / name).stat().st_mode & 0o077 == 0 for name in keys)
    assert not any(key in first.stdout + first.stderr for key in keys.values())
    second = setting_up()
    assert second.returncode == 0, second.stderr
    assert {each.name: each.read_text().strip() for each in (tmp_path / "keys").iterdir()} == keys
    ready = run("condensat-ready", CONDENSAT_API_KEY_FILE=str(tmp_path / "keys" / "ingester"))
    assert ready.returncode == 0, ready.stderr
    with Elasticsearch(engine.url, api_key=keys["ingester"]) as ingester, pytest.raises(AuthorizationException):
        ingester.indices.delete(index=f"{store.prefix}-articles-000001")


@pytest.mark.usefixtures("cleared")
def test_setup_replaces_a_key_that_opens_nothing(
    setting_up: Callable[..., subprocess.CompletedProcess[str]], client: Elasticsearch, store: Store, tmp_path: Path
) -> None:
    """Where Elasticsearch was thrown away since, the keys that were kept are made again."""
    assert setting_up().returncode == 0
    before = (tmp_path / "keys" / "ingester").read_text()
    client.security.invalidate_api_key(name=f"{store.prefix}-compose-ingester")
    assert setting_up().returncode == 0
    assert (tmp_path / "keys" / "ingester").read_text() != before


@pytest.mark.usefixtures("cleared")
def test_the_reader_sees_what_dashboards_ask_and_changes_nothing(
    setting_up: Callable[..., subprocess.CompletedProcess[str]],
    run: Callable[..., subprocess.CompletedProcess[str]],
    engine: local.Running,
    store: Store,
    client: Elasticsearch,
) -> None:
    """Whoever logs in to Kibana by the password of .env may run every panel's query, and no write."""
    assert setting_up().returncode == 0
    assert run("elasticsearch-users", KIBANA_PASSWORD="from-env-file-1", READER_PASSWORD=AWKWARD).returncode == 0  # noqa: S106
    name = f"{store.prefix}-reader"
    with Store.connect(engine.url, prefix=store.prefix, username=name, password=AWKWARD) as reading:
        for board in shipped.dashboards(store.prefix):
            for panel in board.body["panels"]:
                for asked in meaning.read(panel):
                    reading.search(asked.pattern.removeprefix(f"{store.prefix}-"), queries.to_search(asked, None))
        with pytest.raises(StoreError, match="403"):
            reading.feeds.add("https://herald.example/feed.xml", now=NOW)
    other = f"{store.prefix}x-articles-000001"
    client.indices.create(index=other)
    try:
        with Elasticsearch(engine.url, basic_auth=(name, AWKWARD)) as reader, pytest.raises(AuthorizationException):
            reader.search(index=other)
    finally:
        client.indices.delete(index=other)


def test_the_dashboards_step(condensat: Path, store: Store, tmp_path: Path) -> None:
    """With the environment of its container the last step waits for Kibana and puts in everything."""
    with StandIn(starting=2) as kibana:
        done = subprocess.run(
            [condensat / "condensat", "kibana", "install", "--wait", "300"],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "CONDENSAT_URL": "http://elasticsearch:9200",
                "CONDENSAT_PREFIX": store.prefix,
                "CONDENSAT_KIBANA_URL": kibana.url,
                "CONDENSAT_KIBANA_USERNAME": kibana.username,
                "CONDENSAT_KIBANA_PASSWORD": kibana.password,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert len(kibana.dashboards) == 4
    assert {view for _, view in kibana.views} == {f"{store.prefix}-{name}" for name in ("articles", "reposts", "feeds")}


def test_certificates(client: Elasticsearch, tmp_path: Path) -> None:
    """Elasticsearch's own tool makes an authority and a certificate a node, once, by which they trust each other."""
    openssl = shutil.which("openssl")
    (node,) = client.nodes.info(metric="settings")["nodes"].values()
    home = Path(node["settings"]["path"]["home"])
    if not openssl or not any(home.glob("lib/tools/security-cli")):
        pytest.skip("this distribution of Elasticsearch has no elasticsearch-certutil, or this machine no openssl")
    nodes = ("elasticsearch-1", "elasticsearch-2")
    run = [DOCKER / "elasticsearch-certificates", tmp_path, *nodes]
    environment = {
        **os.environ,
        "ES_JAVA_HOME": str(java.find(os.environ, usable=lambda each: os.access(each, os.X_OK)).home),
    }
    done = subprocess.run(run, cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for each in nodes:
        trust = ["verify", "-CAfile", tmp_path / "ca" / "ca.crt", tmp_path / each / f"{each}.crt"]
        subprocess.run([openssl, *trust], capture_output=True, check=True)
        assert (tmp_path / each / f"{each}.key").stat().st_mode & 0o007 == 0
    before = (tmp_path / "elasticsearch-1" / "elasticsearch-1.crt").read_bytes()
    subprocess.run(run, cwd=home, env=environment, capture_output=True, timeout=120, check=True)
    assert (tmp_path / "elasticsearch-1" / "elasticsearch-1.crt").read_bytes() == before


@pytest.mark.long
def test_the_image_is_built_by_a_script_that_works(tmp_path: Path) -> None:
    """What the Dockerfile runs makes an environment with the command, the mappings, and no pip."""
    folder = tmp_path / "condensat"
    for what in ("packages", "project"):
        done = subprocess.run(
            [DOCKER / "build", what, folder],
            cwd=ROOT,
            env={**os.environ, "PYTHON": sys.executable},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    told = subprocess.run(
        [folder / "bin" / "condensat", "kibana", "check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "threats" in told.stdout
    assert not (folder / "bin" / "pip").exists()
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    print(f"{size / 1e6:.0f} MB")
    assert size < 300e6
