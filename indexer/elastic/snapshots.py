"""Snapshots of the indices of one prefix in a repository; it knows neither articles nor where a repository should lie.

A snapshot takes each index at a moment of its own. How far the writes of each had come before is kept with it, so that
who restores it knows whether anything was written between the first and the last of them.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from elasticsearch import ApiError, AuthorizationException, NotFoundError

from indexer.elastic import schema
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import ForbiddenError, StoreError, reason, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from elasticsearch import Elasticsearch

MARK = "condensat"
POLL = 0.2  # seconds between two looks at a snapshot or a restore that is under way


class RepositoryError(StoreError):
    """There is no such repository, or Elasticsearch cannot use it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A snapshot of one prefix. ``documents`` counts those of each index, ``places`` says how far its writes were."""

    name: str
    prefix: str
    complete: bool
    state: str
    started: datetime
    seconds: float
    documents: dict[str, int]
    indices: dict[str, str]  # name → index that stood behind its aliases
    places: dict[str, list[int]]


class Snapshots:
    """The snapshots of one prefix."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def register(self, repository: str, location: str, *, readonly: bool) -> None:
        """Make a repository of a folder that every node can reach, and see that it can be used."""
        settings = {"location": location, "readonly": readonly}
        try:
            self._client.snapshot.create_repository(
                name=repository, repository={"type": "fs", "settings": settings}, verify=not readonly
            )
        except AuthorizationException as error:
            raise _forbidden(error) from error
        except ApiError as error:
            why = reason(error)
            if "path.repo" in why:
                raise RepositoryError(
                    f"Elasticsearch may not use the folder {location} for snapshots: it is not in its path.repo. "
                    "The local engine is told when it starts: set CONDENSAT_BACKUPS, then condensat engine stop and "
                    "condensat engine start. Elsewhere add it to elasticsearch.yml of every node and restart them."
                ) from error
            raise RepositoryError(f"The folder {location} cannot be used for snapshots: {why}") from error

    def check(self, repository: str) -> None:
        """Raise RepositoryError unless there is a repository of this name; it names those that there are."""
        with translated():
            try:
                there = sorted(self._client.snapshot.get_repository())
            except AuthorizationException as error:
                raise _forbidden(error) from error
        if repository not in there:
            raise RepositoryError(
                f"There is no snapshot repository «{repository}»; there are: {', '.join(there) or 'none'}. "
                "Who runs the cluster registers one, with the API _snapshot or in Kibana."
            )

    def create(self, repository: str, name: str, *, waiting: Callable[[str], None]) -> Snapshot:
        """Take a snapshot of the indices behind the aliases, and wait for it. A partial one is an error."""
        indices = self._behind()
        with translated():
            self._client.indices.refresh(index=list(indices.values()))
            counts = {each: int(self._client.count(index=index)["count"]) for each, index in indices.items()}
        before = self._places(indices)
        facts = {"prefix": self._prefix, "indices": indices, "documents": counts, "places": before}
        with _forbidding(), translated():
            self._client.snapshot.create(
                repository=repository,
                snapshot=name,
                indices=",".join(indices.values()),
                include_global_state=False,
                partial=False,
                metadata={MARK: facts},
                wait_for_completion=False,
            )
        while (found := self._get(repository, name)).state in ("IN_PROGRESS", "STARTED", "INIT"):
            waiting(found.state)
            time.sleep(POLL)
        if not found.complete:
            raise StoreError(f"The snapshot {name} ended as {found.state}; look at: condensat doctor")
        return found

    def of_prefix(self, repository: str) -> list[Snapshot]:
        """List the snapshots of this prefix, the latest first."""
        with _forbidding(), translated():
            answer = self._client.snapshot.get(repository=repository, snapshot="_all")
        return sorted(
            (each for each in map(_snapshot, filter(_is_ours, answer["snapshots"])) if each.prefix == self._prefix),
            key=lambda each: each.started,
            reverse=True,
        )

    def named(self, repository: str, name: str) -> Snapshot:
        """Find a snapshot of ours, of any prefix."""
        return self._get(repository, name)

    def in_the_way(self) -> list[str]:
        """List the indices of this prefix that are there."""
        pattern = re.compile(f"{re.escape(self._prefix)}-({'|'.join(schema.NAMES)})-[0-9]{{6}}")
        with translated():
            return sorted(filter(pattern.fullmatch, self._client.indices.get(index=f"{self._prefix}-*")))

    def delete_indices(self, indices: list[str]) -> None:
        """Delete indices, to make room for those of a snapshot."""
        with translated():
            for each in indices:
                self._client.indices.delete(index=each)

    def restore(self, repository: str, taken: Snapshot, *, waiting: Callable[[str], None]) -> bool:
        """Bring the indices of a snapshot back, under this prefix, and put them behind the aliases when all are whole.

        Gives whether nothing was written while it was taken: then its indices fit each other.
        """
        with _forbidding(), translated():
            self._client.snapshot.restore(
                repository=repository,
                snapshot=taken.name,
                indices=",".join(taken.indices.values()),
                include_aliases=False,
                include_global_state=False,
                partial=False,
                rename_pattern=f"^{re.escape(taken.prefix)}-(.+)$",
                rename_replacement=f"{self._prefix}-$1",
                wait_for_completion=False,
            )
        ours = {name: self._prefix + index.removeprefix(taken.prefix) for name, index in taken.indices.items()}
        self._await(list(ours.values()), waiting)
        actions: list[dict[str, Any]] = []
        for name, index in ours.items():
            reads, writes = schema.read_alias(self._prefix, name), schema.write_alias(self._prefix, name)
            actions.append({"add": {"index": index, "alias": reads}})
            actions.append({"add": {"index": index, "alias": writes, "is_write_index": True}})
        with translated():
            self._client.indices.update_aliases(actions=actions)
        now = self._places(ours)
        return all(now[ours[name]] == taken.places[index] for name, index in taken.indices.items())

    def _await(self, indices: list[str], waiting: Callable[[str], None]) -> None:
        while True:
            with translated():
                recovering = self._client.indices.recovery(index=",".join(indices), active_only=False)
                health = self._client.cluster.health(index=",".join(indices), timeout="1s")
            done = [
                each
                for each in recovering.values()
                if each["shards"] and all(s["stage"] == "DONE" for s in each["shards"])
            ]
            if health["status"] != "red" and len(done) == len(indices):
                return
            waiting(f"{len(done)} of {len(indices)} indices")
            time.sleep(POLL)

    def _behind(self) -> dict[str, str]:
        """Give the index behind each write alias."""
        found = {}
        for name in schema.NAMES:
            (found[name],) = schema.behind(self._client, self._prefix, schema.write_alias(self._prefix, name))
        return found

    def _places(self, indices: dict[str, str]) -> dict[str, list[int]]:
        """Give how far the sequence of writes of each index has come, shard by shard."""
        with translated():
            answer = self._client.indices.stats(index=",".join(indices.values()), level="shards", metric="docs")
        return {
            index: sorted(
                copy["seq_no"]["max_seq_no"]
                for copies in answer["indices"][index]["shards"].values()
                for copy in copies
                if copy["routing"]["primary"]
            )
            for index in indices.values()
        }

    def _get(self, repository: str, name: str) -> Snapshot:
        with _forbidding(), translated():
            try:
                answer = self._client.snapshot.get(repository=repository, snapshot=name)
            except NotFoundError as error:
                raise StoreError(
                    f"There is no snapshot «{name}» in {repository}; see: condensat backup list"
                ) from error
        (found,) = answer["snapshots"]
        if not _is_ours(found):
            raise StoreError(f"The snapshot «{name}» was not made by condensat backup create")
        return _snapshot(found)


@contextmanager
def _forbidding() -> Iterator[None]:
    """Say who may, where these credentials may not."""
    try:
        yield
    except ForbiddenError as error:
        raise ForbiddenError(f"{error}. {_WHO}") from error


_WHO = (
    "Snapshots are a matter of the whole cluster, and no role of ours may take one: use its superuser, or to take and "
    "list them a key with the cluster's privilege create_snapshot and what a reader may."
)


def _forbidden(error: AuthorizationException) -> ForbiddenError:
    return ForbiddenError(f"These credentials may not do this (403): {reason(error)}. {_WHO}")


def _is_ours(found: dict[str, Any]) -> bool:
    return isinstance((found.get("metadata") or {}).get(MARK), dict)


def _snapshot(found: dict[str, Any]) -> Snapshot:
    facts = found["metadata"][MARK]
    started = datetime.fromtimestamp(found["start_time_in_millis"] / 1000, tz=UTC)
    return Snapshot(
        name=found["snapshot"],
        prefix=facts["prefix"],
        complete=found["state"] == "SUCCESS" and not found.get("failures"),
        state=found["state"],
        started=parse_moment(moment(started)),
        seconds=max(0, found.get("duration_in_millis", 0)) / 1000,
        documents=dict(facts["documents"]),
        indices=dict(facts["indices"]),
        places={index: list(each) for index, each in facts["places"].items()},
    )
