"""Leases: of several workers each feed has one at a time, and none is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from samples import NOW

from indexer.urls import normalise

if TYPE_CHECKING:
    from collections.abc import Callable

    from elasticsearch import Elasticsearch

    from indexer.elastic import Store
    from indexer.elastic.leases import Held

LEASE = timedelta(minutes=2)
LATER = NOW + LEASE + timedelta(seconds=1)


def feeds(store: Store, number: int) -> list[str]:
    """Take up feeds and give their ids."""
    store.feeds.add_all([(f"https://h{each}.example/feed", None) for each in range(number)], now=NOW)
    return [each.id for each in store.feeds.all()]


def due(store: Store, worker: str = "me", **more: object) -> list[Held]:
    options = {"theirs": [worker], "now": NOW, "size": 1_000, **more}
    return store.leases.due(**options)  # type: ignore[arg-type]


def ids(held: list[Held]) -> set[str]:
    return {each.record.id for each in held}


def test_of_two_who_want_a_feed_one_gets_it(store: Store) -> None:
    """Who has read the same version as another and writes second is refused."""
    feeds(store, 3)
    mine, theirs = due(store, "me"), due(store, "they")
    assert ids(mine) == ids(theirs)
    got = store.leases.claim(mine[:2], worker="me", until=NOW + LEASE)
    assert ids(got) == ids(mine[:2])
    rest = store.leases.claim(theirs, worker="they", until=NOW + LEASE)
    assert ids(rest) == ids(mine) - ids(got)


def test_many_at_once_share_without_overlap(store: Store, connect: Callable[[str], Store]) -> None:
    """Eight workers that claim all they can end with each feed claimed exactly once."""
    everything = feeds(store, 300)

    def work(name: str) -> list[str]:
        own = connect(store.prefix)
        got: list[str] = []
        while found := due(own, name, size=20, besides=got):
            got += [each.record.id for each in own.leases.claim(found, worker=name, until=NOW + LEASE)]
        return got

    with ThreadPoolExecutor(8) as pool:
        shares = list(pool.map(work, [f"w{each}" for each in range(8)]))
    claimed = [identity for share in shares for identity in share]
    assert sorted(claimed) == sorted(everything)


def test_a_lease_runs_out(store: Store) -> None:
    """Nobody else finds a feed while it is held; after that everybody does, and who had it cannot write any more."""
    feeds(store, 1)
    (lost,) = store.leases.claim(due(store, "dead"), worker="dead", until=NOW + LEASE)
    assert due(store, "me") == []
    (taken,) = store.leases.claim(due(store, "me", now=LATER), worker="me", until=LATER + LEASE)
    assert store.leases.end([(lost, {"entries": 99})], worker="dead") == [lost.record.id]
    assert store.leases.prolong([lost], worker="dead", until=LATER) == []
    (now,) = store.leases.look([lost.record.id])
    assert (now.record.lease_by, now.record.entries) == ("me", 0)
    assert store.leases.end([(taken, {"entries": 7})], worker="me") == []


def test_the_dead_are_robbed_at_once(store: Store) -> None:
    """Who is known to have died need not be waited for."""
    feeds(store, 2)
    store.leases.claim(due(store, "dead"), worker="dead", until=NOW + LEASE)
    assert store.leases.holders() == ["dead"]
    assert len(due(store, theirs=["me", "dead"])) == 2


def test_the_end_of_a_poll_gives_the_feed_back(store: Store) -> None:
    """What was found is recorded and the lease is gone, in one write; the feed is due when that says so."""
    feeds(store, 1)
    (held,) = store.leases.claim(due(store), worker="me", until=NOW + LEASE)
    assert store.leases.end([(held, {"next_poll": LATER, "days": {"2026-09-01": 2}})], worker="me") == []
    store.feeds.refresh()
    (feed,) = store.feeds.all()
    assert (feed.lease_by, feed.lease_until, feed.next_poll, feed.days) == (None, None, LATER, {"2026-09-01": 2})
    assert due(store) == []
    assert len(due(store, now=LATER)) == 1
    assert store.leases.next_due() == LATER


def test_what_a_user_writes_meanwhile_costs_no_poll(client: Elasticsearch, store: Store) -> None:
    """A feed that is written to by others while it is held is prolonged and recorded all the same."""
    feeds(store, 1)
    held = store.leases.claim(due(store), worker="me", until=NOW + LEASE)

    def rename(name: str) -> None:
        client.update(index=f"{store.prefix}-feeds", id=held[0].record.id, doc={"name": name})

    rename("first")
    kept = store.leases.prolong(held, worker="me", until=LATER)
    assert [each.record.lease_until for each in kept] == [LATER]
    rename("second")
    assert store.leases.end([(kept[0], {"entries": 5})], worker="me") == []
    (feed,) = store.leases.look([held[0].record.id])
    assert (feed.record.name, feed.record.entries) == ("second", 5)


def test_a_feed_that_was_removed_stays_removed(store: Store) -> None:
    """The end of its poll does not bring it back."""
    feeds(store, 2)
    held = store.leases.claim(due(store), worker="me", until=NOW + LEASE)
    store.feeds.remove(held[0].record.id)
    assert store.leases.end([(each, {"entries": 3}) for each in held], worker="me") == [held[0].record.id]
    assert [each.id for each in store.feeds.all()] == [held[1].record.id]


def test_the_longest_overdue_come_first(store: Store) -> None:
    """Of more feeds than are asked for, those that have waited longest are given; never polled ones before all."""
    for hours, held in enumerate(store.leases.claim(due_all(store, 4), worker="me", until=NOW + LEASE)):
        next_poll = NOW - timedelta(hours=hours) if hours else None
        store.leases.end([(held, {"next_poll": next_poll, "entries": hours})], worker="me")
    store.feeds.refresh()
    assert [each.record.entries for each in due(store, size=3)] == [0, 3, 2]


def due_all(store: Store, number: int) -> list[Held]:
    feeds(store, number)
    return due(store)


def test_the_gone_are_not_due(store: Store) -> None:
    """A dead feed is polled no more."""
    feeds(store, 2)
    held = store.leases.claim(due(store), worker="me", until=NOW + LEASE)
    store.leases.end([(held[0], {"gone": NOW}), (held[1], {})], worker="me")
    store.feeds.refresh()
    assert ids(due(store)) == {held[1].record.id}


def test_a_feed_is_found_by_every_address_that_it_had(store: Store) -> None:
    """After a move, the old and the new address lead to the feed, and neither takes it up again."""
    (identity,) = feeds(store, 1)
    old, new = "https://h0.example/feed", "https://moved.example/feed"
    held = store.leases.claim(due(store), worker="me", until=NOW + LEASE)
    fields = {"url": new, "keys": (normalise(old), normalise(new))}
    store.leases.end([(held[0], fields)], worker="me")
    store.feeds.refresh()
    for url in (old, new, identity):
        found = store.feeds.get(url)
        assert found is not None
        assert found.url == new
    assert not store.feeds.add(old, now=NOW)
    assert not store.feeds.add(new, now=NOW)


def test_feeds_of_an_older_version_are_brought_up(client: Elasticsearch, store: Store) -> None:
    """An index of the first version gets the new fields in place; its feeds are read as before, and are due."""
    alias = f"{store.prefix}-feeds"
    (index,) = client.indices.get_alias(name=alias)
    client.indices.delete(index=index)
    keyword, date = {"type": "keyword"}, {"type": "date", "format": "strict_date_time"}
    properties = {"id": keyword, "url": keyword, "domain": keyword, "added": date, "entries": {"type": "integer"}}
    client.indices.create(
        index=index,
        mappings={"_meta": {"version": 1}, "dynamic": "strict", "properties": properties},
        aliases={alias: {}, f"{alias}-write": {"is_write_index": True}},
    )
    old = {
        "id": "f" * 20,
        "url": "https://old.example/feed",
        "domain": "old.example",
        "added": "2026-01-01T00:00:00.000Z",
    }
    client.index(index=index, id=old["id"], document=old, refresh=True)
    assert store.upgrade() == [alias]
    assert store.upgrade() == []
    assert alias not in store.outdated()
    held = store.leases.claim(due(store), worker="me", until=NOW + LEASE)
    assert [each.record.url for each in held] == ["https://old.example/feed"]
    assert store.leases.end([(held[0], {"days": {"2026-01-01": 1}})], worker="me") == []
