"""Read the settings: flag, environment, condensat.toml, default. It knows nothing of what they are for."""

from __future__ import annotations

import re
import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from indexer.cli.errors import UsageError

PREFIX = "CONDENSAT_"
FILE = "condensat.toml"
OFF = "off"

USER_AGENT = re.compile(r"[A-Za-z][A-Za-z_-]*(?:/\S+)?(?: [\x20-\x7e]*)?")  # RFC 9309's product token comes first

_flags: ContextVar[dict[str, Any]] = ContextVar("_flags", default={})  # noqa: B039 - replaced, never changed in place


class Settings(BaseSettings):
    """All settings, read once a command. Secrets do not show in its text form."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    url: str | None = None
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("condensat"))
    archive: str | None = None  # a folder, or «off»; unset: one for each prefix, in the home
    vocabulary: str | None = None  # a file, or «off»; unset: the shipped one
    prefix: str = Field(default="condensat", pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")
    allow_private: bool = False
    user_agent: str | None = None
    host_delay: float = Field(default=1.0, ge=0, le=3600)  # seconds between two requests to one host
    host_connections: int = Field(default=2, ge=1, le=100)
    connections: int = Field(default=32, ge=1, le=1_000)  # to all hosts together

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

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
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("write the whole address, such as http://localhost:9200")
        return url

    @field_validator("user_agent")
    @classmethod
    def _begins_with_a_name(cls, user_agent: str | None) -> str | None:
        if user_agent is not None and not USER_AGENT.fullmatch(user_agent):
            raise ValueError("begin with a name that robots.txt can know, such as mybot/1.0 (+https://example.org/bot)")
        return user_agent

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
    try:
        return Settings(**_flags.get())
    except ValidationError as error:
        raise UsageError("\n".join(_explain(each["loc"], each["msg"]) for each in error.errors())) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{FILE} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{FILE} cannot be read: {error}") from error


def _explain(place: tuple[int | str, ...], message: str) -> str:
    name = str(place[0]) if place else "?"
    if name not in Settings.model_fields:
        return f"{FILE}: there is no setting «{name}». Settings are: {', '.join(sorted(Settings.model_fields))}."
    return f"The setting {name} ({PREFIX}{name.upper()}, or {name} in {FILE}) is wrong: {message}."
