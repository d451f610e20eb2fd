"""Load the shipped mappings and put them behind aliases; it knows nothing of what is written into them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import BadRequestError, Elasticsearch

from indexer.elastic.errors import MissingIndexError, StoreError, translated

NAMES = ("articles", "signatures", "reposts", "feeds", "pending", "sources", "corrections", "searches", "digests")
# Of these fields were only added since the version that is named: the newer mappings fit the older index.
ADDED_SINCE = {"feeds": 0, "articles": 3}

STARTING = 30.0  # seconds for new indices to start; they take a tenth of one


@cache
def definition(name: str) -> dict[str, Any]:
    """Read ``mappings/NAME.json``: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "mappings", package.parent / "mappings"):
        path = folder / f"{name}.json"
        if path.is_file():
            loaded: dict[str, Any] = orjson.loads(path.read_bytes())
            return loaded
    raise FileNotFoundError(f"mappings/{name}.json is neither in the package nor in the checkout")


def read_alias(prefix: str, name: str) -> str:
    """Name the alias that searches go to."""
    return f"{prefix}-{name}"


def write_alias(prefix: str, name: str) -> str:
    """Name the alias that writes go to."""
    return f"{prefix}-{name}-write"


def missing(client: Elasticsearch, prefix: str) -> list[str]:
    """List the aliases that are not there."""
    wanted = [make(prefix, name) for name in NAMES for make in (read_alias, write_alias)]
    there = _aliases(client, prefix, f"{prefix}-*")
    return [alias for alias in wanted if alias not in there]


def behind(client: Elasticsearch, prefix: str, alias: str) -> list[str]:
    """Name the indices that an alias leads to; MissingIndexError where it leads to none."""
    found = _aliases(client, prefix, alias).get(alias, [])
    if not found:
        raise MissingIndexError(f"no such index [{alias}]. Run: condensat init")
    return found


def _aliases(client: Elasticsearch, prefix: str, names: str) -> dict[str, list[str]]:
    """Give the indices behind each alias of these names.

    Only our indices are asked: with all of the cluster, Elasticsearch fails as often as another is deleted meanwhile.
    """
    with translated():
        indices = client.indices.get_alias(index=f"{prefix}-*", name=names)
    found: dict[str, list[str]] = {}
    for index in sorted(indices):
        for alias in indices[index]["aliases"]:
            found.setdefault(alias, []).append(index)
    return found


def create(client: Elasticsearch, prefix: str) -> list[str]:
    """Create what is missing and give the names of the new indices; harmless when two do it at once.

    They are made side by side and waited for together: one after the other takes two to three times as long.
    """
    lacking = set(missing(client, prefix))
    wanted = [name for name in NAMES if read_alias(prefix, name) in lacking or write_alias(prefix, name) in lacking]
    if not wanted:
        return []
    with ThreadPoolExecutor(len(wanted), thread_name_prefix="create") as beside:
        made = list(beside.map(lambda name: _create(client, prefix, name), wanted))
    created = [index for index in made if index]
    _wait_for_shards(client, [read_alias(prefix, name) for name in wanted])
    return created


def _create(client: Elasticsearch, prefix: str, name: str) -> str | None:
    """Create one index and give its name; None where another process was first."""
    index = f"{prefix}-{name}-000001"
    with translated():
        try:
            client.indices.create(
                index=index,
                settings=definition(name)["settings"],
                mappings=definition(name)["mappings"],
                aliases={read_alias(prefix, name): {}, write_alias(prefix, name): {"is_write_index": True}},
                wait_for_active_shards="0",
            )
        except BadRequestError as error:
            if "resource_already_exists" not in str(error.body):
                raise
            return None
    return index


def _wait_for_shards(client: Elasticsearch, aliases: list[str]) -> None:
    """Wait until all of these can be searched; by asking for their shards, since few keys may ask for health."""
    until = time.monotonic() + STARTING
    while True:
        with translated():
            groups = client.search_shards(index=aliases)["shards"]
        if all(any(shard["state"] == "STARTED" and shard["primary"] for shard in group) for group in groups):
            return
        if time.monotonic() > until:
            raise StoreError(f"new indices did not start within {STARTING:.0f} s; see condensat doctor")
        time.sleep(0.01)


def copy_each(client: Elasticsearch, prefix: str) -> list[str]:
    """Give indices that were made before it the setting by which they get a copy on a second node; name them."""
    changed = []
    for name in NAMES:
        wanted = definition(name)["settings"]["index"].get("auto_expand_replicas")
        with translated():
            for index, each in client.indices.get_settings(index=write_alias(prefix, name)).items():
                if wanted and each["settings"]["index"].get("auto_expand_replicas", "false") == "false":
                    client.indices.put_settings(index=index, settings={"index.auto_expand_replicas": wanted})
                    changed.append(index)
    return changed


def upgrade(client: Elasticsearch, prefix: str) -> list[str]:
    """Add the fields that a newer version brought, and name the aliases that got some.

    That is possible in place where fields were only added: what was written before simply lacks them.
    """
    upgraded = []
    for name, since in ADDED_SINCE.items():
        alias, shipped = read_alias(prefix, name), definition(name)["mappings"]
        with translated():
            indices = client.indices.get_mapping(index=alias)
            older = [
                index
                for index, each in indices.items()
                if since <= each["mappings"].get("_meta", {}).get("version", 0) < shipped["_meta"]["version"]
            ]
            for index in older:
                client.indices.put_mapping(index=index, properties=shipped["properties"], meta=shipped["_meta"])
        upgraded += [alias] if older else []
    return upgraded


def outdated(client: Elasticsearch, prefix: str) -> list[str]:
    """List the aliases whose index was made from another version of its mappings than the shipped one."""
    found = []
    for name in NAMES:
        alias = read_alias(prefix, name)
        with translated():
            indices = client.indices.get_mapping(index=alias)
        shipped = definition(name)["mappings"].get("_meta", {}).get("version")
        if any(each["mappings"].get("_meta", {}).get("version") != shipped for each in indices.values()):
            found.append(alias)
    return found
