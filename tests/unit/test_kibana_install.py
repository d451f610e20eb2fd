from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from stand_in_kibana import SCHEMA, StandIn

from indexer.cli import main
from indexer.kibana import install as installing
from indexer.kibana import shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VIEWS = ["condensat-articles", "condensat-reposts", "condensat-feeds"]
BOARDS = ["feeds", "newsroom", "reposts", "threats"]
OPENSSL = shutil.which("openssl")
SECRET = "correct horse"  # noqa: S105 - the stand-in's


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of this machine out, and let nobody wait."""
    for name in list(os.environ):
        if name.startswith("CONDENSAT_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("indexer.cli.settings.platformdirs.user_config_path", lambda _: tmp_path / "config")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(installing, "PAUSE", 0.01)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Give a way to run the command: its exit code, what it wrote, and what it said beside it."""

    def running(*arguments: str) -> tuple[int, str, str]:
        try:
            main(arguments)
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return running


@pytest.fixture
def kibana(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a Kibana that lets the configured user in."""
    with StandIn() as there:
        monkeypatch.setenv("CONDENSAT_KIBANA_URL", there.url)
        monkeypatch.setenv("CONDENSAT_KIBANA_USERNAME", there.username)
        monkeypatch.setenv("CONDENSAT_KIBANA_PASSWORD", there.password)
        yield there


def rows(out: str) -> list[tuple[str, str]]:
    return [(each["id"], each["done"]) for each in json.loads(out)]


def test_data_views_come_before_dashboards(kibana: StandIn, run: Any) -> None:
    """Everything is put in, each thing once, and controls find their data views."""
    code, out, err = run("kibana", "install", "--format", "json")
    assert code == 0, err
    assert rows(out) == [(each, "created") for each in [*VIEWS, *(f"condensat-{each}" for each in BOARDS)]]
    assert kibana.writes == [
        *(["POST /api/data_views/data_view"] * 3),
        *(f"PUT /api/dashboards/condensat-{each}" for each in BOARDS),
    ]
    assert f"{kibana.url}/app/dashboards" in err


def test_a_second_run_changes_nothing_and_says_so(kibana: StandIn, run: Any) -> None:
    """What is there as it shall be is left alone, defaults that Kibana added or not."""
    run("kibana", "install")
    before = len(kibana.writes)
    code, out, err = run("kibana", "install", "--format", "json")
    assert code == 0
    assert {done for _, done in rows(out)} == {"unchanged"}
    assert "Nothing had to be changed." in err
    assert len(kibana.writes) == before


def test_what_was_changed_in_kibana_is_put_right_alone(kibana: StandIn, run: Any) -> None:
    """A panel that somebody moved, and a data view of another index, are replaced; the rest is not written."""
    run("kibana", "install")
    kibana.dashboards["default", "condensat-feeds"]["panels"][0]["grid"]["w"] = 5
    kibana.views["default", "condensat-articles"]["title"] = "other"
    before = len(kibana.writes)
    code, out, _ = run("kibana", "install", "--format", "json")
    assert code == 0
    assert [each for each in rows(out) if each[1] != "unchanged"] == [
        ("condensat-articles", "replaced"),
        ("condensat-feeds", "replaced"),
    ]
    assert len(kibana.writes) == before + 2
    assert kibana.dashboards["default", "condensat-feeds"]["panels"][0]["grid"]["w"] == 12


def test_it_waits_for_a_kibana_that_starts(kibana: StandIn, run: Any) -> None:
    """Until the status says that it is available nothing else is asked; what it says meanwhile is shown."""
    kibana.starting = 4
    code, _, err = run("kibana", "install")
    assert code == 0, err
    assert "not ready yet" in err
    assert "degraded" in err
    assert [each.path for each in kibana.asked[:5]] == ["/api/status"] * 5


def test_it_does_not_wait_for_ever(kibana: StandIn, run: Any) -> None:
    """After --wait it ends with 1 and Kibana's own words, and has written nothing."""
    kibana.starting = 10**6
    code, out, err = run("kibana", "install", "--wait", "0.05")
    assert (code, out) == (1, "")
    assert "not ready after" in err
    assert "Kibana server is not ready yet" in err
    assert kibana.writes == []


def test_a_refusal_is_shown_in_kibanas_words(kibana: StandIn, run: Any) -> None:
    """A dashboard that Kibana refuses costs the exit code, and not the other dashboards."""
    said = "[request body.panels.3.config]: types that failed validation"
    kibana.refuse["/api/dashboards/condensat-newsroom"] = (400, {"statusCode": 400, "message": said})
    code, out, err = run("kibana", "install")
    assert code == 1
    assert said in " ".join(out.split())
    assert "Kibana refused 1 of 7" in err
    assert {name for _, name in kibana.dashboards} == {"condensat-feeds", "condensat-reposts", "condensat-threats"}


def test_without_its_data_views_no_dashboard_is_tried(kibana: StandIn, run: Any) -> None:
    """Controls on a data view that is not there would be broken: a refusal there ends it."""
    kibana.refuse["/api/data_views/data_view"] = (403, {"statusCode": 403, "message": "Unable to create data view"})
    code, out, err = run("kibana", "install")
    assert code == 1
    assert "Unable to create data view (403)" in out
    assert "4 dashboards not tried" in err
    assert kibana.dashboards == {}


def test_a_panel_that_kibana_drops_is_no_success(kibana: StandIn, run: Any) -> None:
    """Kibana may take a dashboard and leave out panels: that is told as a refusal."""
    kibana.drops_panels = True
    code, out, _ = run("kibana", "install", "--format", "json")
    assert code == 1
    assert all("panels" in each["said"] for each in json.loads(out) if each["kind"] == "dashboard")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://kibana.invalid:5601"])
def test_no_kibana(run: Any, url: str) -> None:
    """Where none answers, that is said with the address, and the exit code is 1."""
    code, out, err = run("kibana", "install", "--kibana-url", url, "--wait", "0")
    assert (code, out) == (1, "")
    assert f"{url} does not answer" in err


def test_no_address(run: Any) -> None:
    """Without an address it is wrong use, and the message names the option and the setting."""
    code, _, err = run("kibana", "install")
    assert code == 2
    assert "--kibana-url" in err
    assert "CONDENSAT_KIBANA_URL" in err


def test_a_wrong_password_is_told_and_not_shown(kibana: StandIn, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """401 names the settings; neither the password nor its coded form stands anywhere."""
    monkeypatch.setenv("CONDENSAT_KIBANA_PASSWORD", "wrong battery")
    code, out, err = run("kibana", "install")
    assert code == 1
    assert "refused the credentials (401)" in err
    assert "unable to authenticate user" in err
    assert "CONDENSAT_KIBANA_PASSWORD" in err
    assert "wrong battery" not in out + err
    assert "Basic" not in out + err
    assert kibana.writes == []


def test_an_address_does_not_carry_a_password(run: Any) -> None:
    """Credentials in the address are refused before anything is asked, and are not repeated."""
    code, out, err = run("kibana", "install", "--kibana-url", "http://ann:s3cret@127.0.0.1:9")
    assert code == 1
    assert "have settings of their own" in err
    assert "s3cret" not in out + err


def test_credentials_of_elasticsearch_are_the_default(
    kibana: StandIn, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a login of its own Kibana gets that of Elasticsearch; an own API key goes before all."""
    monkeypatch.delenv("CONDENSAT_KIBANA_USERNAME")
    monkeypatch.delenv("CONDENSAT_KIBANA_PASSWORD")
    monkeypatch.setenv("CONDENSAT_USERNAME", kibana.username)
    monkeypatch.setenv("CONDENSAT_PASSWORD", kibana.password)
    assert run("kibana", "install")[0] == 0
    kibana.api_key = "a2V5OnNlY3JldA=="
    assert run("kibana", "install")[0] == 1
    monkeypatch.setenv("CONDENSAT_KIBANA_API_KEY", kibana.api_key)
    assert run("kibana", "install")[0] == 0


def test_the_status_is_asked_without_a_login(kibana: StandIn, run: Any) -> None:
    """A Kibana that starts gets no credentials; every other request has them."""
    run("kibana", "install")
    assert {each.login is None for each in kibana.asked if each.path == "/api/status"} == {True}
    assert {each.login is None for each in kibana.asked if each.path != "/api/status"} == {False}


def test_a_space(kibana: StandIn, run: Any) -> None:
    """What goes into a space goes nowhere else; a space that is not there is told before anything is written."""
    code, _, err = run("kibana", "install", "--space", "news")
    assert code == 1
    assert "There is no space «news»" in err
    assert "Saved object [space/news] not found" in err
    assert kibana.writes == []
    kibana.spaces.add("news")
    code, _, err = run("kibana", "install", "--space", "news")
    assert code == 0
    assert {space for space, _ in [*kibana.views, *kibana.dashboards]} == {"news"}
    assert f"{kibana.url}/s/news/app/dashboards" in err


def test_another_prefix_stands_beside(kibana: StandIn, run: Any) -> None:
    """Dashboards of two prefixes have ids, titles and indices of their own."""
    run("kibana", "install")
    code, out, _ = run("--prefix", "demo", "kibana", "install", "--format", "json")
    assert code == 0
    assert {done for _, done in rows(out)} == {"created"}
    assert kibana.dashboards["default", "demo-reposts"]["title"] == "demo: Reposts"
    text = json.dumps(kibana.dashboards["default", "demo-reposts"])
    assert "demo-articles" in text
    assert "condensat" not in text


def test_something_else_at_the_address(run: Any, kibana: StandIn) -> None:
    """A server that is no Kibana is told at once, not after the time of waiting."""
    code, _, err = run("kibana", "install", "--kibana-url", f"{kibana.url}/base", "--wait", "60")
    assert code == 1
    assert "There is no Kibana at" in err


@pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes the certificate, is not here")
def test_a_certificate_of_ones_own(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS an unknown certificate is not trusted until its file is named; a file that has none is told."""
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=kibana"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([str(OPENSSL), "req", *options.split(), *names], cwd=tmp_path, check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "cert.pem").read_bytes())
    with StandIn(certificate=both) as kibana:
        monkeypatch.setenv("CONDENSAT_KIBANA_URL", kibana.url)
        monkeypatch.setenv("CONDENSAT_KIBANA_USERNAME", kibana.username)
        monkeypatch.setenv("CONDENSAT_KIBANA_PASSWORD", kibana.password)
        code, _, err = run("kibana", "install", "--wait", "600")  # nothing to wait for: it ends at once
        assert code == 1
        assert "certificate" in err.lower()
        assert "CONDENSAT_KIBANA_CA" in err
        assert kibana.asked == []
        monkeypatch.setenv("CONDENSAT_KIBANA_CA", str(tmp_path / "cert.pem"))
        assert run("kibana", "install", "--wait", "0")[0] == 0
        monkeypatch.setenv("CONDENSAT_KIBANA_CA", str(tmp_path / "none.pem"))
        code, _, err = run("kibana", "install")
        assert code == 1
        assert "none.pem cannot be read" in err


# -- the stand-in is as strict as it says ------------------------------------------------------------------


def ask(kibana: StandIn, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    from indexer.fetch import Login, Service  # noqa: PLC0415 - what is tested here is the other side

    with Service(kibana.url, login=Login(username="elastic", password=SECRET), headers=headers) as service:
        reply = service.ask(method, path, body)
    return reply.status, reply.said


def test_the_stand_in_wants_its_headers(kibana: StandIn) -> None:
    """Without kbn-xsrf or the version of the API it refuses, as Kibana does."""
    path = "/api/dashboards/one"
    status, said = ask(kibana, "PUT", path, {"title": "One"}, **{"Elastic-Api-Version": "2023-10-31"})
    assert (status, said["message"]) == (400, "Request must contain a kbn-xsrf header.")
    status, said = ask(kibana, "PUT", path, {"title": "One"}, **{"kbn-xsrf": "true"})
    assert status == 400
    assert "version" in said["message"]
    assert ask(kibana, "PUT", path, {"title": "One"}, **installing.HEADERS)[0] == 201


def test_the_stand_in_wants_data_views_first(kibana: StandIn) -> None:
    """A dashboard whose controls have no data view is refused."""
    board = next(each for each in shipped.dashboards() if each.name == "feeds")
    status, said = ask(kibana, "PUT", "/api/dashboards/feeds", board.body, **installing.HEADERS)
    assert status == 400
    assert "condensat-feeds" in said["message"]


def test_the_stand_in_refuses_unknown_keys(kibana: StandIn) -> None:
    """So does Kibana: with 400, and the place."""
    body = {"title": "One", "access_control": {}}
    status, said = ask(kibana, "PUT", "/api/dashboards/one", body, **installing.HEADERS)
    assert status == 400
    assert "access_control" in said["message"]


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schema of Kibana's API is not at ../shared/kibana")
def test_the_stand_in_refuses_what_the_schema_refuses(kibana: StandIn) -> None:
    """A panel of a form that the API does not know is refused at its place."""
    panel = {"id": "a", "type": "vis", "grid": {"x": 0, "y": 0}, "config": {"type": "xy", "layers": []}}
    status, said = ask(kibana, "PUT", "/api/dashboards/one", {"title": "One", "panels": [panel]}, **installing.HEADERS)
    assert status == 400
    assert "panels.0.config.layers" in said["message"]
