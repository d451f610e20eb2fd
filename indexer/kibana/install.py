"""Put data views and dashboards into a Kibana over its API; what is in them it does not know.

In this order: wait until Kibana is ready, data views, dashboards. What is there already, as it shall be, is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from indexer.fetch import Reply, Service, ServiceError
from indexer.kibana import shipped
from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from indexer.kibana.panels import Json
    from indexer.kibana.sources import Board

HEADERS = {"kbn-xsrf": "true", "Elastic-Api-Version": "2023-10-31"}
PAUSE = 2.0  # seconds between two looks at a Kibana that starts
READY = "available"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404


class KibanaError(CondensatError):
    """Kibana does not answer, does not let us in, or refused something; it says what to do."""


class Done(StrEnum):
    """What became of one thing."""

    CREATED = "created"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a data view or a dashboard; ``said`` are Kibana's own words where it refused."""

    kind: str
    id: str
    done: Done
    said: str = ""


class Kibana:
    """A Kibana, and one of its spaces."""

    def __init__(self, service: Service, *, space: str | None = None) -> None:
        self._service = service
        self._space = space
        self._base = f"/s/{quote(space, safe='')}" if space else ""

    def wait(self, *, seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[str]:
        """Wait until Kibana is ready, and yield what it says of itself meanwhile; raises KibanaError after ``seconds``.

        The status is asked without a login: that gives no more than the level, and is not refused to one that is wrong.
        """
        start, told = clock(), ""
        while True:
            level = self._level()
            if level == READY:
                return
            if level != told:
                yield level
                told = level
            if clock() - start >= seconds:
                raise KibanaError(f"Kibana at {self._service.url} is not ready after {seconds:g} s: {level}.")
            sleep(PAUSE)

    def _level(self) -> str:
        """Give Kibana's level, or why there is none."""
        try:
            reply = self._service.ask("GET", "/api/status", anonymous=True)
        except ServiceError as error:
            if error.lasting:
                raise KibanaError(
                    f"{error} Name the certificates to trust: CONDENSAT_KIBANA_CA=/path/to/ca.pem."
                ) from error
            return str(error).rstrip(".")
        if reply.status == NOT_FOUND or 300 <= reply.status < 400:
            raise self._no_kibana("/api/status", reply)
        if reply.status in {UNAUTHORIZED, FORBIDDEN}:
            return READY  # a status that is kept from strangers: it is up, and the next request tells the rest
        found = _inside(reply.said, "status", "overall", "level")
        return str(found) if found else f"it answers {reply.status}, {words(reply)}"

    def _no_kibana(self, path: str, reply: Reply) -> KibanaError:
        return KibanaError(
            f"There is no Kibana at {self._service.url}: {path} gave {reply.status}. "
            "Give its whole address, with its base path if it has one."
        )

    def look(self) -> None:
        """See that the login is good and the space is there; raises KibanaError."""
        reply = self._ask("GET", f"/api/spaces/space/{quote(self._space or 'default', safe='')}", in_space=False)
        if reply.status == NOT_FOUND and self._space:
            raise KibanaError(f"There is no space «{self._space}» in Kibana ({words(reply)}). Create it there first.")
        if reply.status == NOT_FOUND:  # every Kibana has a default space
            raise self._no_kibana("/api/spaces", reply)

    def install(self, views: Sequence[Json], boards: Sequence[Board], *, prefix: str) -> Iterator[Outcome]:
        """Put everything in; yields what became of each. Dashboards follow only when all data views are there."""
        refused = False
        for view in views:
            outcome = self._view(view)
            refused |= outcome.done is Done.REFUSED
            yield outcome
        if refused:
            return
        for board in boards:
            yield self._dashboard(shipped.dashboard_id(board.name, prefix), board.body)

    def _view(self, view: Json) -> Outcome:
        path = f"/api/data_views/data_view/{quote(view['id'], safe='')}"
        there = self._ask("GET", path)
        found = there.said.get("data_view") if there.is_ok and isinstance(there.said, dict) else None
        if not there.is_ok and there.status != NOT_FOUND:
            return Outcome(kind="data view", id=view["id"], done=Done.REFUSED, said=words(there))
        if found and holds(found, view):
            return Outcome(kind="data view", id=view["id"], done=Done.UNCHANGED)
        reply = self._ask("POST", "/api/data_views/data_view", {"data_view": view, "override": True})
        done = Done.REPLACED if found else Done.CREATED
        return _outcome("data view", view["id"], done, reply)

    def _dashboard(self, identity: str, body: Json) -> Outcome:
        path = f"/api/dashboards/{quote(identity, safe='')}"
        there = self._ask("GET", path)
        if not there.is_ok and there.status != NOT_FOUND:
            return Outcome(kind="dashboard", id=identity, done=Done.REFUSED, said=words(there))
        if there.is_ok and holds(_inside(there.said, "data"), body):
            return Outcome(kind="dashboard", id=identity, done=Done.UNCHANGED)
        reply = self._ask("PUT", path, body)
        outcome = _outcome("dashboard", identity, Done.REPLACED if there.is_ok else Done.CREATED, reply)
        kept = _inside(reply.said, "data", "panels")
        if reply.is_ok and isinstance(kept, list) and len(kept) < len(body["panels"]):
            said = f"Kibana kept {len(kept)} of {len(body['panels'])} panels: {words(reply)}"
            return Outcome(kind="dashboard", id=identity, done=Done.REFUSED, said=said)
        return outcome

    def _ask(self, method: str, path: str, body: Any = None, *, in_space: bool = True) -> Reply:
        try:
            reply = self._service.ask(method, (self._base if in_space else "") + path, body)
        except ServiceError as error:
            raise KibanaError(f"{error} Is Kibana running? Give its address with --kibana-url.") from error
        if reply.status == UNAUTHORIZED:
            raise KibanaError(
                f"Kibana refused the credentials (401): {words(reply)}. Check CONDENSAT_KIBANA_API_KEY, or "
                "CONDENSAT_KIBANA_USERNAME and CONDENSAT_KIBANA_PASSWORD; without them those of Elasticsearch are used."
            )
        return reply


def holds(theirs: Any, ours: Any) -> bool:
    """Tell whether what Kibana has is what we would send: it may add defaults, and must not lack or change anything."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(
            (name in theirs and holds(theirs[name], each)) or (name not in theirs and each in ([], {}, ""))
            for name, each in ours.items()
        )
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(theirs) == len(ours) and all(map(holds, theirs, ours))
    return bool(theirs == ours)


def words(reply: Reply) -> str:
    """Give Kibana's own words."""
    said = reply.said
    if isinstance(said, dict):
        warnings = "; ".join(str(each.get("message", each)) for each in said.get("warnings") or ())
        said = warnings or said.get("message") or said.get("error") or said
    return " ".join(str(said).split()) or "without a word"


def _outcome(kind: str, identity: str, done: Done, reply: Reply) -> Outcome:
    if reply.is_ok:
        return Outcome(kind=kind, id=identity, done=done)
    return Outcome(kind=kind, id=identity, done=Done.REFUSED, said=f"{words(reply)} ({reply.status})")


def _inside(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
