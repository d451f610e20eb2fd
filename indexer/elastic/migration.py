"""Move an index of older mappings to a new one while everybody goes on; it knows no field and derives none.

A new index is filled from the old one, in passes, each with what was written during the one before (``copying``). Then
the old one is closed for writing, what came last is brought over, both are counted, and the aliases are moved in one
step. Whoever writes in that moment is told to wait by the block, and does (``client``, ``bulk``). The old one is kept.

Whatever dies anywhere leaves the old index in service. How far it was stands in the new index' own metadata.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from elasticsearch import BadRequestError

from indexer.elastic import bulk, schema
from indexer.elastic.copying import Copy
from indexer.elastic.documents import moment, parse_moment
from indexer.elastic.errors import StoreError, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from elasticsearch import Elasticsearch

MARK = "migration"  # in the metadata of an index that is being filled
FEW = 500  # documents: a pass that brought fewer is the last one that lets others write
PASSES = 30  # where more is always written meanwhile
BEAT = 5.0  # seconds between two notes of how far it is
SILENT = timedelta(seconds=60)  # after it somebody else's migration counts as dead


class BusyError(StoreError):
    """Somebody else is migrating this index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Old:
    """An index that was made from older mappings."""

    name: str
    index: str
    version: int | None
    wanted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """An index that was replaced, and what it took."""

    name: str
    old: str
    new: str
    documents: int
    passes: int
    resumed: bool
    blocked_ms: int  # for how long nobody could write
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mark:
    """How far the filling of an index is."""

    old: str
    places: list[int]  # up to these, shard by shard, all was brought over
    term: int  # the highest primary term under which any of it was written
    own: int  # the primary term of the new index: higher, or what was read in the old one might be taken for it
    by: str
    at: datetime

    def to_dict(self) -> dict[str, Any]:
        return {
            "from": self.old,
            "places": self.places,
            "term": self.term,
            "own": self.own,
            "by": self.by,
            "at": moment(self.at),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """Who migrates: its name among all processes, how to tell that another has died, the clock, whom to tell."""

    name: str
    has_died: Callable[[str], bool]
    now: Callable[[], datetime]
    started: Callable[[str, int], None] = field(default=lambda _label, _total: None)
    advanced: Callable[[int], None] = field(default=lambda _: None)


class Migration:
    """The indices of one prefix, to be brought to the shipped mappings."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def outdated(self) -> list[Old]:
        """List the indices behind the aliases whose mappings are older than the shipped ones."""
        found = []
        for name in schema.NAMES:
            index = self._behind(name)
            version = self._meta(index).get("version")
            wanted = schema.definition(name)["mappings"]["_meta"]["version"]
            if version != wanted:
                found.append(Old(name=name, index=index, version=version, wanted=wanted))
        return found

    def kept(self) -> list[str]:
        """List the indices of this prefix that are behind no alias, but for one that is being filled."""
        in_use, filled = set(), set()
        for name in schema.NAMES:
            in_use.add(self._behind(name))
        there = list(self._all())
        for old in self.outdated():
            new = _following(old.index)
            if new in there and MARK in self._meta(new):
                filled.add(new)
        return [index for index in there if index not in in_use | filled]

    def drop_kept(self) -> list[str]:
        """Delete them, and give their names."""
        dropped = self.kept()
        for index in dropped:
            with translated():
                self._client.indices.delete(index=index)
        return dropped

    def settle(self) -> list[str]:
        """End what a migration that died after its switch had left to do; name the indices."""
        settled = []
        for name in schema.NAMES:
            index = self._behind(name)
            if MARK in self._meta(index):
                self._write_meta(index, None)
                settled.append(index)
        return settled

    def blocked(self) -> list[str]:
        """List the indices behind the aliases that are closed for writing: a migration died, or is about to end."""
        found = []
        for name in schema.NAMES:
            index = self._behind(name)
            with translated():
                settings = self._client.indices.get_settings(index=index)[index]["settings"]["index"]
            if str(settings.get("blocks", {}).get("write")).lower() == "true":
                found.append(index)
        return found

    def move(self, old: Old, operator: Operator) -> Moved:
        """Replace one index; going on where another one that died had come to. Raises BusyError if it has not died."""
        begun = time.monotonic()
        shipped = schema.definition(old.name)["mappings"]["properties"]
        copy = Copy(self._client, old.index, _following(old.index), fields=shipped.keys())
        mark, resumed = self._begin(old, copy, operator)
        if mark.own == 0:
            mark = replace(mark, own=copy.lift(copy.highest_term()))
            self._write_meta(copy.new, mark)
        operator.started(f"copying {old.name} to {copy.new}", copy.count(old.index))
        passes = 0
        while passes < PASSES:
            passes += 1
            mark, brought = self._bring(copy, mark, operator)
            if brought <= FEW:
                break
        copy.drop_deleted(by_id=False, still_ours=lambda: self._check_ours(copy, operator))
        operator.started(f"comparing {old.name}", copy.count(old.index))
        self._compare(copy, mark, operator)
        mark, _ = self._bring(copy, mark, operator)  # what was written while comparing
        blocked = self._switch(old, copy, mark, operator)
        self._write_meta(copy.new, None)
        return Moved(
            name=old.name,
            old=old.index,
            new=copy.new,
            documents=copy.count(copy.new),
            passes=passes,
            resumed=resumed,
            blocked_ms=blocked,
            seconds=time.monotonic() - begun,
        )

    def _begin(self, old: Old, copy: Copy, operator: Operator) -> tuple[_Mark, bool]:
        """Make the new index, or take over that of a migration that died."""
        definition = schema.definition(old.name)
        fresh = _Mark(old=old.index, places=[-1] * copy.shards(), term=0, own=0, by=operator.name, at=operator.now())
        mappings = {**definition["mappings"], "_meta": {**definition["mappings"]["_meta"], MARK: fresh.to_dict()}}
        for _ in range(2):
            with translated():
                try:
                    self._client.indices.create(index=copy.new, settings=definition["settings"], mappings=mappings)
                except BadRequestError as error:
                    if "resource_already_exists" not in str(error.body):
                        raise
                else:
                    return fresh, False
            found = self._taken_over(old, copy, operator)
            if found is not None:
                return found, True
        raise BusyError(f"Somebody else has just begun to migrate {old.index}. Run again: condensat migrate")

    def _taken_over(self, old: Old, copy: Copy, operator: Operator) -> _Mark | None:
        """Read how far the one before was; None where its index is for other mappings, and was deleted."""
        meta = self._meta(copy.new)
        mark = _read_mark(meta.get(MARK))
        if mark is None:
            raise StoreError(
                f"{copy.new} is there, and no migration has made it. Delete it if it is not needed: condensat migrate "
                "--drop-old"
            )
        age = operator.now() - mark.at
        if mark.by != operator.name and not operator.has_died(mark.by) and age < SILENT:
            raise BusyError(
                f"Somebody else is migrating {old.index} ({mark.by}, {age.total_seconds():.0f} s ago). Wait until it "
                "is done; if it has died, run again in a minute."
            )
        unfit = meta.get("version") != old.wanted or mark.old != old.index or len(mark.places) != copy.shards()
        if unfit or 0 < mark.own <= mark.term:
            with translated():
                self._client.indices.delete(index=copy.new)
            return None
        mark = replace(mark, by=operator.name, at=operator.now())
        with translated():
            self._client.indices.open(index=copy.new)  # it may have died between closing and opening it
        self._write_meta(copy.new, mark)
        self._reopen(old)  # it may have died while the old one was closed
        return mark

    def _bring(self, copy: Copy, mark: _Mark, operator: Operator) -> tuple[_Mark, int]:
        """Copy what was written since the last pass, and note how far that is."""
        self._check_ours(copy, operator)
        places, done = copy.places(), list(mark.places)
        beat = self._beat(copy, operator)

        def page_done(count: int, shard: int, place: int) -> None:
            operator.advanced(count)
            done[shard] = min(place, places[shard])  # behind that, something may still be on its way
            beat(replace(mark, places=list(done)))

        copied = copy.bring(mark.places, page_done=page_done)
        mark = replace(mark, places=places, term=max(mark.term, copied.term), at=operator.now())
        self._check_ours(copy, operator)
        self._write_meta(copy.new, mark)
        _check_terms(copy, mark.own, mark.term)
        return mark, copied.documents

    def _compare(self, copy: Copy, mark: _Mark, operator: Operator) -> None:
        beat = self._beat(copy, operator)

        def page_done(count: int) -> None:
            operator.advanced(count)
            beat(mark)

        copy.compare(mark.places, page_done=page_done)

    def _beat(self, copy: Copy, operator: Operator) -> Callable[[_Mark], None]:
        """Give what notes, every few seconds, how far it is, and that we live; see ``_check_ours``."""
        noted = time.monotonic()

        def beat(mark: _Mark) -> None:
            nonlocal noted
            if time.monotonic() - noted > BEAT:
                self._check_ours(copy, operator)
                self._write_meta(copy.new, replace(mark, at=operator.now()))
                noted = time.monotonic()

        return beat

    def _check_ours(self, copy: Copy, operator: Operator) -> None:
        """Raise BusyError where somebody took this for dead and goes on with it, or has ended it."""
        if not self._is_ours(copy, operator):
            raise BusyError(
                f"Somebody else has taken over the migration of {copy.old}: this one was silent for too long"
            )

    def _is_ours(self, copy: Copy, operator: Operator) -> bool:
        mark = _read_mark(self._meta(copy.new).get(MARK))
        return mark is not None and mark.by == operator.name

    def _switch(self, old: Old, copy: Copy, mark: _Mark, operator: Operator) -> int:
        """Close the old index for writing, bring over what came last, and move the aliases; give milliseconds."""
        by_id = "id" in schema.definition(old.name)["mappings"]["properties"]
        bulk.refresh(self._client, copy.new)
        self._check_ours(copy, operator)
        begun = time.monotonic()
        try:
            with translated():
                self._client.indices.add_block(index=old.index, block="write")  # what is under way is done then
            copied = copy.bring(mark.places, page_done=lambda *_: None)
            bulk.refresh(self._client, copy.new)
            _check_terms(copy, mark.own, copied.term)
            if copy.count(copy.old) != copy.count(copy.new):
                copy.drop_deleted(by_id=by_id, still_ours=lambda: self._check_ours(copy, operator))
                _check_counts(copy)
            self._check_ours(copy, operator)
            with translated():
                self._client.indices.update_aliases(actions=_swap(self._prefix, old.name, copy))
        except BaseException:
            if self._is_ours(copy, operator):  # else whoever has taken over has closed it, too
                self._reopen(old)
            raise
        return round((time.monotonic() - begun) * 1000)

    def _reopen(self, old: Old) -> None:
        """Let others write again, unless the aliases have moved on: an answer may have been lost."""
        if self._behind(old.name) == old.index:
            with translated():
                self._client.indices.put_settings(index=old.index, settings={"index.blocks.write": None})

    def _behind(self, name: str) -> str:
        """Give the one index behind both aliases."""
        reads, writes = schema.read_alias(self._prefix, name), schema.write_alias(self._prefix, name)
        found = [schema.behind(self._client, self._prefix, alias) for alias in (reads, writes)]
        if found[0] != found[1] or len(found[0]) != 1:
            raise StoreError(f"The aliases {reads} and {writes} lead to {found[0]} and {found[1]}: not to one index")
        return found[0][0]

    def _all(self) -> Iterator[str]:
        pattern = re.compile(f"{re.escape(self._prefix)}-({'|'.join(schema.NAMES)})-[0-9]{{6}}")
        with translated():
            there = sorted(self._client.indices.get(index=f"{self._prefix}-*", features="aliases"))
        return filter(pattern.fullmatch, there)

    def _meta(self, index: str) -> dict[str, Any]:
        with translated():
            mapping = self._client.indices.get_mapping(index=index)[index]["mappings"]
        return dict(mapping.get("_meta", {}))

    def _write_meta(self, index: str, mark: _Mark | None) -> None:
        meta = {name: value for name, value in self._meta(index).items() if name != MARK}
        if mark is not None:
            meta[MARK] = mark.to_dict()
        with translated():
            self._client.indices.put_mapping(index=index, meta=meta)


def _check_terms(copy: Copy, own: int, term: int) -> None:
    if term >= own:
        raise StoreError(
            f"A node that served {copy.old} was lost meanwhile. Nothing has changed; run again: condensat migrate"
        )


def _check_counts(copy: Copy) -> None:
    counts = [copy.count(index) for index in (copy.old, copy.new)]
    if counts[0] != counts[1]:
        raise StoreError(f"{copy.old} has {counts[0]} documents and {copy.new} {counts[1]}")


def _read_mark(found: dict[str, Any] | None) -> _Mark | None:
    if not found:
        return None
    return _Mark(
        old=found["from"],
        places=list(found["places"]),
        term=found["term"],
        own=found["own"],
        by=found["by"],
        at=parse_moment(found["at"]),
    )


def _following(index: str) -> str:
    """Name the index that comes after one: its number is one higher."""
    stem, _, number = index.rpartition("-")
    return f"{stem}-{int(number) + 1:06d}"


def _swap(prefix: str, name: str, copy: Copy) -> list[dict[str, Any]]:
    """Move both aliases, in one step."""
    reads, writes = schema.read_alias(prefix, name), schema.write_alias(prefix, name)
    return [
        {"remove": {"index": copy.old, "alias": reads, "must_exist": True}},
        {"remove": {"index": copy.old, "alias": writes, "must_exist": True}},
        {"add": {"index": copy.new, "alias": reads}},
        {"add": {"index": copy.new, "alias": writes, "is_write_index": True}},
    ]
