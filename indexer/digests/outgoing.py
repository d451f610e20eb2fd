"""Make digests and bring them to where they go: each is in the outbox, fixed, before anything of it is sent.

A run has the lease of a search. It first finishes what stands in the outbox, then looks for what is new, writes that
down, and sends it. What became of each delivery is noted before the next one; the articles are marked when one has
succeeded. So whoever dies leaves work that the next run finds, and what may come twice is the one mail that was under
way, with the Message-ID that it had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from indexer import saving
from indexer.digests import files
from indexer.digests.looking import BACK, Looked, look
from indexer.digests.mail import address, compose, domain
from indexer.elastic.documents import moment
from indexer.elastic.outbox import DONE, REFUSED, SENT, WAITING, Delivery, Digest
from indexer.models import CondensatError
from indexer.replacing import alone
from indexer.replacing import replace as put_in_place
from indexer.smtp import NeverError, NotNowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from indexer.elastic import Store
    from indexer.elastic.searches import SavedSearch, Target
    from indexer.smtp import Post

LEASE = timedelta(minutes=10)  # prolonged before each delivery, which takes a server's patience at most
PART = 200  # items of one digest; what is more goes out in further ones
KEPT = 2 * BACK  # digests that are done are kept so long: by them is known what has gone out
KEPT_NUMBER = 200  # and so many at least, of which feeds and files are made


class BusyError(CondensatError):
    """Another run has the search."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Who digests are from, and how their mails leave; without a ``post`` there are none."""

    address: str = ""
    post: Post | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one delivery of a digest."""

    digest: Digest
    delivery: Delivery


def preview(
    store: Store, search: SavedSearch, *, to: Sequence[Target] | None, now: datetime, empty: bool = False
) -> list[Digest]:
    """Give the digests that would be sent, those that wait in the outbox first; nothing is written or sent."""
    waiting = store.outbox.unfinished(search.series, refused=False)
    found = look(store, search, now=now)
    targets = search.targets if to is None else to
    return [*waiting, *_digests(search, found, targets, "", empty=empty)]


def run(
    store: Store,
    name: str,
    *,
    to: Sequence[Target] | None,
    sender: Sender,
    worker: str,
    dead: Callable[[str], bool],
    now: Callable[[], datetime],
    empty: bool = False,
    retry: bool = False,
) -> Iterator[Outcome]:
    """Finish what is in the outbox of a search, then send what is new; yields what became of each delivery.

    ``to`` are other targets than the saved ones; ``empty`` sends a digest of nothing, too; ``retry`` tries again what
    a server refused. Raises BusyError where another run has the search, SavingError where there is none.
    """
    with _Run(store, name, sender=sender, worker=worker, dead=dead, now=now) as work:
        for digest in store.outbox.unfinished(work.search.series, refused=retry):
            yield from work.deliver(digest, retry=retry)
        at = now()
        found = look(store, work.search, now=at)
        targets = work.search.targets if to is None else to
        number = found.number
        for digest in _digests(work.search, found, targets, domain(sender.address), empty=empty):
            work.prolong()
            if not store.outbox.put(digest):
                raise BusyError(f"Another run has made a digest of «{name}» at the same time; nothing of this was sent")
            number = digest.number
            yield from work.deliver(digest, retry=False)
        store.outbox.forget(work.search.series, before=at - KEPT, below=number - KEPT_NUMBER)
        work.looked = at


def _digests(
    search: SavedSearch, found: Looked, targets: Sequence[Target], mail_domain: str, *, empty: bool
) -> Iterator[Digest]:
    """Fix what goes out, in parts of a size that a mail bears."""
    items = found.items
    starts = range(0, len(items), PART) if items or not empty else (0,)
    for part, start in enumerate(starts, start=1):
        inside = tuple(items[start : start + PART])
        identity = f"{search.series}-{found.number + part}"
        yield Digest(
            id=identity,
            search=search.series,
            name=search.name,
            number=found.number + part,
            at=found.at,
            query=search.query,
            language=search.language,
            message_id=f"<{identity}@{mail_domain}>",
            articles=Looked.named(inside),
            items=inside,
            deliveries=tuple(Delivery(kind=each.kind, to=each.to) for each in targets),
        )


class _Run:
    """One run over one search, while it has its lease: a context manager."""

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        sender: Sender,
        worker: str,
        dead: Callable[[str], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._name = name
        self._sender = sender
        self._worker = worker
        self._dead = dead
        self._now = now
        self.looked: datetime | None = None  # set when all that was new is in the outbox

    def __enter__(self) -> Self:
        self._held = saving.find(self._store, self._name)
        self.prolong()
        return self

    def __exit__(self, *_: object) -> None:
        self._store.searches.release(self._held, last=self.looked)

    @property
    def search(self) -> SavedSearch:
        """The search."""
        return self._held.search

    def prolong(self) -> None:
        """Take the lease, or go on having it; raises BusyError where another run has it."""
        at = self._now()
        held = self._store.searches.claim(
            self._held, worker=self._worker, until=at + LEASE, now=at, dead=self._dead
        )  # fmt: skip
        if held is None:
            holder = self._store.searches.get(self._name)
            by = holder.search.lease_by if holder else None
            raise BusyError(
                f"«{self._name}» is being sent by another run ({by or 'it has just changed'}); try again later"
            )
        self._held = held

    def deliver(self, digest: Digest, *, retry: bool) -> Iterator[Outcome]:
        """Bring a digest to each of its targets that it has not reached; what became of it is noted one by one."""
        for place, delivery in enumerate(digest.deliveries):
            if delivery.state == SENT or (delivery.state == REFUSED and not retry):
                continue
            self.prolong()
            ended = self._bring(digest, delivery)
            first = ended.state == SENT and all(each.state != SENT for each in digest.deliveries)
            digest = _with(digest, place, ended)
            self._store.outbox.note(digest)
            if first:
                self._mark(digest)
            yield Outcome(digest=digest, delivery=ended)
        self._finish(digest)

    def _bring(self, digest: Digest, delivery: Delivery) -> Delivery:
        try:
            if delivery.kind == "mail":
                self._mail(digest, delivery.to)
            else:
                with alone(Path(delivery.to)):  # another search may share the file
                    there = self._store.outbox.going_to(delivery.key)
                    put_in_place(Path(delivery.to), files.content(delivery.kind, delivery.to, there))
        except NeverError as error:
            return replace(delivery, state=REFUSED, error=str(error))
        except NotNowError as error:
            return replace(delivery, state=WAITING, error=str(error))
        except OSError as error:
            return replace(delivery, state=WAITING, error=f"{delivery.to} cannot be written: {error.strerror or error}")
        return replace(delivery, state=SENT, error="", at=moment(self._now()))

    def _mail(self, digest: Digest, to: str) -> None:
        if self._sender.post is None:
            raise NotNowError("no mail server is set: CONDENSAT_SMTP_URL and CONDENSAT_SMTP_FROM")
        message = compose(digest, sender=self._sender.address, to=to)
        self._sender.post.send(message, sender=address(self._sender.address), to=to)

    def _mark(self, digest: Digest) -> None:
        """Mark the articles as sent; who went out before keeps that date, and what is gone needs none."""
        at = moment(digest.at)

        def decide(article: dict[str, Any]) -> dict[str, Any]:
            return {} if article.get("sent") else {"sent": True, "sent_at": at}

        self._store.edits.edit(digest.articles, decide)

    def _finish(self, digest: Digest) -> None:
        states = {each.state for each in digest.deliveries}
        if WAITING in states:
            return
        if SENT in states:
            self._mark(digest)  # the run that sent it may have died before
            self._store.articles.refresh()
        state = REFUSED if REFUSED in states else DONE
        if digest.state != state:
            self._store.outbox.note(replace(digest, state=state))


def _with(digest: Digest, place: int, delivery: Delivery) -> Digest:
    deliveries = (*digest.deliveries[:place], delivery, *digest.deliveries[place + 1 :])
    return replace(digest, deliveries=deliveries)
