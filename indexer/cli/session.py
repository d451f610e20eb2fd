"""Open what a command works on: the configured Elasticsearch or the local one, with its indices there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from indexer.cli import output, progress, settings

if TYPE_CHECKING:
    from indexer.elastic import Store


def now() -> datetime:
    """Tell the time; the only clock of the product stands here."""
    return datetime.now(tz=UTC)


def may_hold_articles() -> bool:
    """Tell whether there is an index to look into, without starting an engine that would be empty."""
    chosen = settings.load()
    return chosen.url is not None or chosen.home.is_dir()


def connect(*, init: bool = True) -> Store:
    """Connect to CONDENSAT_URL, or start the local engine, and create the indices that are missing.

    Raises UnavailableError or EngineError, which end the command with 3.
    """
    from indexer import engine
    from indexer.elastic import Store

    chosen = settings.load()
    if chosen.url:
        store = Store.connect(
            chosen.url,
            prefix=chosen.prefix,
            username=chosen.username,
            password=chosen.password.get_secret_value() if chosen.password else None,
            api_key=chosen.key,
            ca=chosen.ca,
            fingerprint=chosen.fingerprint,
        )
    else:
        local = engine.start(chosen.home, progress=lambda told: output.say(told, "dim"), repository=chosen.backups)
        store = Store.connect(
            ",".join(local.urls), prefix=chosen.prefix, username=local.username, password=local.password
        )
    if init and (missing := store.missing()):
        _create(store, missing)
    if init:
        _upgrade(store)
    return store


def _create(store: Store, missing: list[str]) -> None:
    """Make the indices that are missing; who may not is told who may."""
    from indexer import signing
    from indexer.elastic.errors import ForbiddenError

    try:
        output.say(f"created {', '.join(signing.create(store, now=now, progress=progress.make()))}", "dim")
    except ForbiddenError as error:
        raise ForbiddenError(
            f"{', '.join(missing)}: not there yet, and these credentials may not create them. Ask who has an admin's "
            f"key to run: condensat init ({error})"
        ) from error


def _upgrade(store: Store) -> None:
    """Bring indices up to this version where that is possible; who may only read can do without."""
    from indexer.elastic.errors import StoreError

    try:
        upgraded = store.upgrade()
    except StoreError as error:
        output.say(f"the indices are of an older version and could not be brought up to this one: {error}", "yellow")
        return
    if upgraded:
        output.say(f"brought up to this version: {', '.join(upgraded)}", "dim")
