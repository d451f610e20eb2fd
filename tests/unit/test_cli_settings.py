from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.cli import settings, tagging
from indexer.cli.doctor import Check, examine, table
from indexer.cli.errors import UsageError
from indexer.cli.output import stdout


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of this machine out."""
    for name in list(os.environ):
        if name.startswith("CONDENSAT_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("indexer.cli.settings.platformdirs.user_config_path", lambda _: tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    settings.use_flags()


def test_a_flag_beats_the_environment_which_beats_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source is taken only where the stronger ones are silent."""
    assert settings.load().prefix == "condensat"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "condensat.toml").write_text('prefix = "user"\nusername = "ann"\n')
    assert settings.load().prefix == "user"
    (tmp_path / "condensat.toml").write_text('prefix = "folder"\n')
    assert settings.load().prefix == "folder"
    assert settings.load().username == "ann"
    monkeypatch.setenv("CONDENSAT_PREFIX", "environment")
    assert settings.load().prefix == "environment"
    settings.use_flags(prefix="flag", url=None)
    assert settings.load().prefix == "flag"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONDENSAT_URL= means the local engine."""
    monkeypatch.setenv("CONDENSAT_URL", "")
    assert settings.load().url is None


def test_the_home_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative home means the same folder after a change of folder; ~ is the user's."""
    monkeypatch.setenv("CONDENSAT_HOME", "here")
    assert settings.load().home == tmp_path / "here"
    monkeypatch.setenv("CONDENSAT_HOME", "~/there")
    assert settings.load().home == Path.home() / "there"


def test_the_archive_is_in_the_home_unless_said_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each prefix has its own there; a folder that is named is taken as it is, and «off» is none."""
    monkeypatch.setenv("CONDENSAT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CONDENSAT_PREFIX", "news")
    assert settings.load().archive_folder == tmp_path / "home" / "archive" / "news"
    monkeypatch.setenv("CONDENSAT_ARCHIVE", "kept")
    assert settings.load().archive_folder == tmp_path / "kept"
    monkeypatch.setenv("CONDENSAT_ARCHIVE", "OFF")
    assert settings.load().archive_folder is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('urll = "http://localhost:9200"', "no setting «urll»"),
        ("prefix = ", "not valid TOML"),
        ('url = "localhost:9200"', "CONDENSAT_URL"),
        ("allow_private = 7", "CONDENSAT_ALLOW_PRIVATE"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is said with the name of the setting."""
    (tmp_path / "condensat.toml").write_text(text)
    with pytest.raises(UsageError, match=said):
        settings.load()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the settings' text form, nor an error about them, nor the doctor shows a secret."""
    monkeypatch.setenv("CONDENSAT_API_KEY", "k3y-of-gold")
    monkeypatch.setenv("CONDENSAT_PASSWORD", "pa55-of-gold")
    monkeypatch.setenv("CONDENSAT_URL", "http://ann:w0rd-of-gold@127.0.0.1:1")
    chosen = settings.load()
    assert "of-gold" not in repr(chosen.api_key) + repr(chosen.password)
    checks = list(examine(chosen))
    assert "of-gold" not in "".join(map(repr, checks))
    by_name = {each.name: each for each in checks}
    assert by_name["elasticsearch"].ok is False
    assert "http://127.0.0.1:1" in by_name["elasticsearch"].found
    assert "api_key, password" in by_name["settings"].found
    monkeypatch.setenv("CONDENSAT_URL", "ann:w0rd-of-gold@127.0.0.1")
    with pytest.raises(UsageError) as raised:
        settings.load()
    assert "of-gold" not in str(raised.value)


def test_the_doctor_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is not there is not made, and no engine is started."""
    monkeypatch.setenv("CONDENSAT_HOME", str(tmp_path / "none" / "home"))
    checks = {each.name: each for each in examine(settings.load())}
    assert not (tmp_path / "none").exists()
    assert checks["python"].ok is True
    assert checks["engine"].ok is None
    assert checks["indices"].ok is None


def test_the_doctor_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line has its mark, and below what is wrong stands the remedy."""
    stdout().print(
        table(
            [Check(name="disk", ok=False, found="[full]", todo="free some"), Check(name="python", ok=True, found="3")]
        )
    )
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["✗  disk    [full]", "           → free some", "✓  python  3"]


def test_a_user_agent_begins_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """robots.txt knows robots by name: a user agent without one, or one that no header can hold, is refused."""
    for good in ("mybot/1.0 (+https://example.org/bot)", "My-Bot", "my_bot/2"):
        monkeypatch.setenv("CONDENSAT_USER_AGENT", good)
        assert settings.load().user_agent == good
    for bad in ("1bot", "(no name)", "bot/1\r\nX-Evil: 1", "bot/1 é", "bot: 1"):
        monkeypatch.setenv("CONDENSAT_USER_AGENT", bad)
        with pytest.raises(UsageError, match="user_agent"):
            settings.load()


def test_the_doctor_asks_for_a_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no user agent is set, the one that is sent claims no address, and the doctor says what to set."""
    monkeypatch.setenv("CONDENSAT_URL", "http://127.0.0.1:1")
    check = {each.name: each for each in examine(settings.load())}["settings"]
    assert "no contact" in check.found
    assert "://" not in check.found.partition("asked as")[2]
    assert "CONDENSAT_USER_AGENT" in (check.todo or "")
    monkeypatch.setenv("CONDENSAT_USER_AGENT", "mybot/1.0 (+https://example.org/bot)")
    check = {each.name: each for each in examine(settings.load())}["settings"]
    assert check.found.endswith("asked as mybot/1.0 (+https://example.org/bot)")
    assert check.todo is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("URL", "mail.example", "smtps://HOST"),
        ("URL", "smtps://ann:open-sesame@mail.example", "no password belongs into an address"),
        ("FROM", "nobody", "such as digests@example.org"),
        ("FROM", "ann@example.org\nBcc: eve@example.org", "such as digests@example.org"),
        ("CA", "/no/such/file.pem", "there is no file"),
    ],
)
def test_a_wrong_mail_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    """What is wrong is said with the name of the setting, and nothing that may be secret is repeated."""
    monkeypatch.setenv(f"CONDENSAT_SMTP_{name}", value)
    with pytest.raises(UsageError, match=said) as caught:
        settings.load()
    assert f"CONDENSAT_SMTP_{name}" in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_mail_server_is_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, login and authority come from settings of their own; the password shows in no text form."""
    assert settings.load().mail_server() is None
    monkeypatch.setenv("CONDENSAT_SMTP_URL", "smtp://ann@mail.example")
    monkeypatch.setenv("CONDENSAT_SMTP_PASSWORD", "open-sesame")
    monkeypatch.setenv("CONDENSAT_SMTP_FROM", "News desk <desk@news.example>")
    server = settings.load().mail_server()
    assert server is not None
    assert (server.host, server.port, server.security, server.username) == ("mail.example", 587, "starttls", "ann")
    assert server.password == "open-sesame"  # noqa: S105 it opens nothing
    assert "sesame" not in f"{settings.load()!r} {server!r}"
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.delenv("CONDENSAT_SMTP_PASSWORD")
    monkeypatch.setenv("CONDENSAT_SMTP_PASSWORD_FILE", str(tmp_path / "secret"))
    server = settings.load().mail_server()
    assert server is not None
    assert server.password == "from a file"  # noqa: S105 the same


def test_the_vocabulary_is_the_shipped_one_a_file_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flag, environment and file name it as they name other settings, and the doctor says what is wrong with it."""
    monkeypatch.setenv("CONDENSAT_URL", "http://127.0.0.1:1")

    def doctor() -> Check:
        return {each.name: each for each in examine(settings.load())}["vocabulary"]

    shipped = tagging.vocabulary()
    assert shipped.words > 1_000
    assert "the shipped vocabulary" in doctor().found
    own = tmp_path / "own.toml"
    own.write_text("[[tags]]\nname = 'Harbour'\nterms = ['quay']\n", encoding="utf-8")
    (tmp_path / "condensat.toml").write_text(f'vocabulary = "{own}"\n', encoding="utf-8")
    assert tagging.vocabulary().words == 1
    monkeypatch.setenv("CONDENSAT_VOCABULARY", str(tmp_path / "none.toml"))
    assert (doctor().ok, doctor().todo) == (False, "condensat vocabulary check")
    settings.use_flags(vocabulary="OFF")
    assert tagging.tagger() is None
    assert doctor().ok is None
    settings.use_flags()
    own.write_text("[[tags]]\nname = 'Harbour'\nterms = ['x']\n", encoding="utf-8")
    monkeypatch.setenv("CONDENSAT_VOCABULARY", str(own))
    assert f"{own}, line 3" in doctor().found
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not UTF-8"):
        tagging.tagger()
