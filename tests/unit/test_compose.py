"""docker-compose.yml, the Dockerfile and their scripts, as far as they can be judged without Docker."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
SECRET = re.compile(r"PASSWORD|KEY$")
ONE_SHOT = {"certificates", "users", "setup", "dashboards", "condensat"}
NODES = {"elasticsearch-1", "elasticsearch-2", "elasticsearch-3"}
SHELL = ("#!/bin/sh", "#!/bin/bash", "#!/usr/bin/env bash")


def scripts() -> list[Path]:
    folders = (ROOT / "docker", ROOT / "scripts", ROOT / ".ci")
    files = (each for folder in folders for each in sorted(folder.iterdir()) if each.is_file())
    return [each for each in files if each.read_text(encoding="utf-8").startswith(SHELL)]


def program(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if not found:
        pytest.skip(f"{name} is not installed; scripts/dev brings it where there is one for this machine")
    return found


def run(*command: str, cwd: Path = ROOT, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120, **more)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Read the file."""
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    """Give its services, with what is merged into them."""
    found: dict[str, Any] = compose["services"]
    return found


# -- the file ----------------------------------------------------------------------------------------------


def test_compose_file_is_valid() -> None:
    """The schema of the Compose specification accepts it."""
    done = run(program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    """A misspelt key would be found."""
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text(encoding="utf-8").replace("mem_limit: 256m", "memory_limit: 256m"))
    done = run(program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(wrong))
    assert done.returncode != 0
    assert "memory_limit" in done.stdout + done.stderr


def test_ports_are_published_on_loopback_alone(services: dict[str, Any]) -> None:
    """HTTP is plain: nothing listens where a network could reach it."""
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert sorted(set(ports)) == ["127.0.0.1:5601:5601", "127.0.0.1:9200:9200"]


def test_no_secret_stands_in_it() -> None:
    """Every password and key comes from .env, and has no default."""
    text = COMPOSE.read_text(encoding="utf-8")
    for name, mark, _ in VARIABLE.findall(text):
        assert mark == ("?" if SECRET.search(name) else "-"), name
    for line in text.splitlines():
        name, _, value = line.strip().partition(": ")
        if SECRET.search(name) and value:
            assert value.startswith("${"), line


def test_everything_has_its_limits(services: dict[str, Any]) -> None:
    """Each container has a limit of memory, may not gain rights, and ends or is started again as it should."""
    for name, each in services.items():
        assert re.fullmatch(r"\d+m|\d+g", str(each["mem_limit"])), name
        assert each["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name
        if name not in ONE_SHOT:
            assert each["healthcheck"]["test"], name
            assert each["security_opt"] == ["no-new-privileges:true"], name
        if each["image"].startswith("condensat"):
            assert each["cap_drop"] == ["ALL"], name
            assert each["read_only"] is True, name


def test_versions_are_fixed_and_one(services: dict[str, Any]) -> None:
    """Elasticsearch and Kibana are of the version that the local engine has."""
    from indexer.engine.distribution import PINNED  # noqa: PLC0415 - only this test compares them

    images = {each["image"] for each in services.values()}
    assert images == {f"elasticsearch:{PINNED.version}", f"kibana:{PINNED.version}", "condensat:local"}


def test_what_is_named_is_there(compose: dict[str, Any], services: dict[str, Any]) -> None:
    """Volumes, configurations and services that are used are defined, and none is left over."""
    volumes = {each.partition(":")[0] for one in services.values() for each in one.get("volumes", ())}
    assert volumes == set(compose["volumes"])
    configs = {each["source"] for one in services.values() for each in one.get("configs", ())}
    assert configs == set(compose["configs"])
    for each in compose["configs"].values():
        assert os.access(ROOT / each["file"], os.X_OK), each
    for each in services.values():
        for name, how in each.get("depends_on", {}).items():
            one_shot = name in ONE_SHOT
            assert how["condition"] == ("service_completed_successfully" if one_shot else "service_healthy"), name


def test_the_order_of_setting_up(services: dict[str, Any]) -> None:
    """Kibana waits for its password, dashboards for Kibana and for the indices, ingest for its key."""
    before = {name: set(each.get("depends_on", ())) for name, each in services.items()}
    assert before["users"] == before["setup"] == NODES | {"elasticsearch"}
    assert before["kibana"] == {"users"}
    assert before["dashboards"] == {"kibana", "setup"}
    assert before["ingest"] == {"setup"}


def test_one_node_or_three(services: dict[str, Any]) -> None:
    """«single» has one node, «cluster» three that know each other by certificates; all answer to one name."""
    profile = {name: each.get("profiles") for name, each in services.items()}
    assert {name for name, each in profile.items() if each == ["single"]} == {"elasticsearch"}
    assert {name for name, each in profile.items() if each == ["cluster"]} == NODES | {"certificates"}
    for name in NODES:
        settings = services[name]["environment"]
        assert set(settings["discovery.seed_hosts"].split(",")) == NODES - {name}
        assert set(settings["cluster.initial_master_nodes"].split(",")) == NODES
        assert settings["xpack.security.transport.ssl.enabled"] == "true"
        assert settings["xpack.security.transport.ssl.key"] == f"certificates/{name}/{name}.key"
        assert services[name]["networks"]["default"]["aliases"] == ["elasticsearch"]
        assert f"{name}:/usr/share/elasticsearch/data" in services[name]["volumes"]
    made = services["certificates"]["entrypoint"][-1]
    assert set(made.split()) >= NODES


def test_the_superuser_sets_up_and_does_nothing_else(services: dict[str, Any]) -> None:
    """What goes on running has a login of its own: Kibana its user, ingest a key that may not delete an index."""
    for name in ("ingest", "condensat", "kibana"):
        assert "ELASTIC_PASSWORD" not in str(services[name]), name
    assert services["ingest"]["environment"]["CONDENSAT_API_KEY_FILE"] == "/keys/ingester"
    assert "keys:/keys:ro" in services["ingest"]["volumes"]


# -- its environment ---------------------------------------------------------------------------------------


def test_compose_env_draws_secrets_once(tmp_path: Path) -> None:
    """All variables of the file are written, for the owner alone; what stood there is kept."""
    env = tmp_path / ".env"
    env.write_text("KIBANA_KEY=kept\n")
    done = run(str(ROOT / "scripts" / "compose-env"), str(env))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    text = env.read_text()
    values = dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))
    used = {name for name, _, _ in VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))}
    assert used <= values.keys()
    assert values.pop("KIBANA_KEY") == "kept"
    drawn = [value for name, value in values.items() if SECRET.search(name)]
    assert len(set(drawn)) == len(drawn) == 5
    assert all(re.fullmatch(r"[0-9a-f]{48}", each) for each in drawn)
    assert all(each not in done.stdout + done.stderr for each in drawn)
    assert "has all that is needed" in run(str(ROOT / "scripts" / "compose-env"), str(env)).stdout
    assert env.read_text() == text


# -- the image ---------------------------------------------------------------------------------------------


def test_dockerfile_is_clean() -> None:
    """Hadolint has nothing to say."""
    done = run(program("hadolint"), "Dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The last stage ends as an unprivileged user, from a base of a fixed version."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG PYTHON=\d+\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
    last = text[text.rindex("\nFROM ") :]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["10001:10001"]
    assert "root" not in last


def test_what_the_image_copies_is_let_through() -> None:
    """Every file that is copied in is there and not ignored; secrets and history are."""
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = set()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == allowed
    assert all((ROOT / each).exists() for each in copied)
    assert not any(each.startswith((".", "tests", "scripts")) for each in allowed)


# -- the scripts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", scripts(), ids=lambda each: f"{each.parent.name}/{each.name}")
def test_shell_scripts_are_clean(script: Path) -> None:
    """Shellcheck has nothing to say, and the script can be run."""
    assert os.access(script, os.X_OK)
    done = run(program("shellcheck"), str(script))
    assert done.returncode == 0, done.stdout


def test_no_secret_is_an_argument() -> None:
    """Arguments can be read by everyone on the machine: passwords go through standard input or the environment."""
    for script in scripts():
        if script.parent.name != "docker":
            continue
        for line in script.read_text(encoding="utf-8").splitlines():
            if "PASSWORD" in line and not line.lstrip().startswith("#"):
                assert not re.search(r"\bcurl\b.*PASSWORD|--user|-u ", line), line
