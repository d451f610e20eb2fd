"""Read the settings: flag, environment, condensat.toml, default. It knows nothing of what they are for."""

from __future__ import annotations

import os
import re
import tomllib
from contextvars import ContextVar
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from indexer.cli.errors import UsageError

if TYPE_CHECKING:
    from indexer.smtp import Server

PREFIX = "CONDENSAT_"
FILE = "condensat.toml"
OFF = "off"

USER_AGENT = re.compile(r"[A-Za-z][A-Za-z_-]*(?:/\S+)?(?: [\x20-\x7e]*)?")  # RFC 9309's product token comes first
FINGERPRINT = re.compile(r"[0-9A-Fa-f]{64}")

_flags: ContextVar[dict[str, Any]] = ContextVar("_flags", default={})  # noqa: B039 - replaced, never changed in place


class Settings(BaseSettings):
    """All settings, read once a command. Secrets do not show in its text form."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    url: str | None = None  # or several of one cluster, parted by commas or blanks
    ca: Path | None = None  # PEM: who may have signed Elasticsearch's certificate
    fingerprint: str | None = None  # SHA-256 of that certificate
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    username: str | None = None
    password: SecretStr | None = None
    kibana_url: str | None = None
    kibana_api_key: SecretStr | None = None  # without a login of its own, Kibana gets that of Elasticsearch
    kibana_username: str | None = None
    kibana_password: SecretStr | None = None
    kibana_ca: Path | None = None  # certificates to trust where Kibana's is not a public one
    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("condensat"))
    backups: Path | None = None  # where the local engine may keep snapshots; unset: in the home
    archive: str | None = None  # a folder, or «off»; unset: one for each prefix, in the home
    vocabulary: str | None = None  # a file, or «off»; unset: the shipped one
    prefix: str = Field(default="condensat", pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")
    allow_private: bool = False
    user_agent: str | None = None
    host_delay: float = Field(default=1.0, ge=0, le=3600)  # seconds between two requests to one host
    host_connections: int = Field(default=2, ge=1, le=100)
    connections: int = Field(default=32, ge=1, le=1_000)  # to all hosts together
    smtp_url: str | None = None  # smtps://HOST, smtp://HOST (STARTTLS) or smtp+plain://HOST
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_password_file: Path | None = None
    smtp_from: str | None = None  # who digests are from: ADDRESS or NAME <ADDRESS>
    smtp_ca: Path | None = None  # certificates of those who are trusted, in place of the system's

    @field_validator("home", "backups")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("ca", "api_key_file", "smtp_ca", "smtp_password_file")
    @classmethod
    def _is_a_file(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        path = path.expanduser().absolute()
        if not path.is_file() or not os.access(path, os.R_OK):
            raise ValueError(f"there is no file {path} that can be read")
        return path

    @field_validator("fingerprint")
    @classmethod
    def _is_a_fingerprint(cls, fingerprint: str | None) -> str | None:
        if fingerprint is not None and not FINGERPRINT.fullmatch(fingerprint.replace(":", "")):
            raise ValueError("write the certificate's SHA-256, 64 hexadecimal digits, with or without colons")
        return fingerprint

    @property
    def key(self) -> str | None:
        """The API key, wherever it was given; a secret."""
        if self.api_key is not None:
            return self.api_key.get_secret_value()
        return self.api_key_file.read_text("utf-8").strip() or None if self.api_key_file is not None else None

    @property
    def archive_folder(self) -> Path | None:
        """The folder of the archive of raw pages; None where there shall be none."""
        if self.archive is None:
            return self.home / "archive" / self.prefix  # what one set of indices holds is nothing to another
        return None if self.archive.lower() == OFF else Path(self.archive).expanduser().absolute()

    @property
    def vocabulary_file(self) -> Path | None:
        """The user's own vocabulary; None where the shipped one, or none, is asked for."""
        return None if self.vocabulary is None or self.without_vocabulary else Path(self.vocabulary).expanduser()

    @property
    def without_vocabulary(self) -> bool:
        """Whether no vocabulary shall be applied."""
        return self.vocabulary is not None and self.vocabulary.lower() == OFF

    @field_validator("url")
    @classmethod
    def _has_scheme(cls, url: str | None) -> str | None:
        for each in [] if url is None else url.replace(",", " ").split():
            if not each.startswith(("http://", "https://")) or not urlsplit(each).hostname:
                raise ValueError("write the whole address, such as http://localhost:9200")
        return url

    @field_validator("user_agent")
    @classmethod
    def _begins_with_a_name(cls, user_agent: str | None) -> str | None:
        if user_agent is not None and not USER_AGENT.fullmatch(user_agent):
            raise ValueError("begin with a name that robots.txt can know, such as mybot/1.0 (+https://example.org/bot)")
        return user_agent

    @field_validator("kibana_url")
    @classmethod
    def _is_whole(cls, kibana_url: str | None) -> str | None:
        if kibana_url is not None and not kibana_url.startswith(("http://", "https://")):
            raise ValueError("write the whole address, such as http://localhost:5601")
        return kibana_url

    @field_validator("smtp_from")
    @classmethod
    def _is_a_sender(cls, sender: str | None) -> str | None:
        from indexer.smtp import ADDRESS

        if sender is not None and (not sender.isprintable() or not ADDRESS.fullmatch(parseaddr(sender)[1])):
            raise ValueError("write an address, such as digests@example.org or News desk <digests@example.org>")
        return sender

    @model_validator(mode="after")
    def _mail_server_can_be_used(self) -> Settings:
        if self.smtp_url is not None:
            try:
                self.mail_server()
            except ValueError as error:
                raise PydanticCustomError("smtp_url", "smtp_url: {why}", {"why": str(error)}) from None
        return self

    def mail_server(self) -> Server | None:
        """Give the server that takes mails; None where none is set."""
        from indexer.smtp import server

        if self.smtp_url is None:
            return None
        password = self.smtp_password.get_secret_value() if self.smtp_password else None
        if password is None and self.smtp_password_file is not None:
            password = self.smtp_password_file.read_text("utf-8").strip()
        return server(self.smtp_url, username=self.smtp_username, password=password, ca=self.smtp_ca)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - named by the library
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - named by the library
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the sources in order, the strongest first."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=list(files()))


def files() -> tuple[Path, ...]:
    """Name the places of condensat.toml, the strongest last: the user's config folder, the current folder."""
    return platformdirs.user_config_path("condensat") / FILE, Path(FILE).absolute()


def use_flags(**flags: Any) -> None:
    """Remember what was given on the command line; None means that a flag was not given."""
    _flags.set({name: value for name, value in flags.items() if value is not None})


def load() -> Settings:
    """Give the settings; raises UsageError that names what is wrong and where it was set."""
    if "@" in str(_flags.get().get("url", "")):
        raise UsageError(
            "Do not write a password into --url: everyone on this machine can read it in the list of processes. "
            f"Set {PREFIX}USERNAME and {PREFIX}PASSWORD, {PREFIX}API_KEY or {PREFIX}API_KEY_FILE."
        )
    try:
        return Settings(**_flags.get())
    except ValidationError as error:
        raise UsageError("\n".join(_explain(each["loc"], each["msg"]) for each in error.errors())) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{FILE} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{FILE} cannot be read: {error}") from error


def _explain(place: tuple[int | str, ...], message: str) -> str:
    if not place:  # it is of several settings together, and names the one that is to be looked at
        name, _, message = message.partition(": ")
        place = (name,)
    name = str(place[0])
    if name not in Settings.model_fields:
        return f"{FILE}: there is no setting «{name}». Settings are: {', '.join(sorted(Settings.model_fields))}."
    return f"The setting {name} ({PREFIX}{name.upper()}, or {name} in {FILE}) is wrong: {message}."
