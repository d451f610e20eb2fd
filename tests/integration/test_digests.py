"""Digests of saved searches, with a real mail server, real files, and a real index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
from lxml import html
from postbox import PASSWORD, USER, Postbox, certificate
from samples import article, prose, stored, take

from indexer import saving
from indexer.digests import Sender, run
from indexer.editing import edit
from indexer.elastic.documents import moment
from indexer.elastic.outbox import Digest
from indexer.ingest import names
from indexer.notes import Edit
from indexer.replacing import alone
from indexer.search import Reposts, Wanted
from indexer.smtp import Post, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from indexer import engine as local
    from indexer.digests import Outcome
    from indexer.elastic import Store
    from indexer.models import Article

ROOT = Path(__file__).parents[2]
DIGESTER = Path(__file__).with_name("digester.py")
NOW = datetime.now(tz=UTC)
HOUR = timedelta(hours=1)
ANN, BOB = "ann@example.org", "bob@example.org"
QUAY = f"The quay was closed after the storm. {prose(1, 90)}"


def published(name: str, text: str, **fields: Any) -> Article:
    return article(name, text, published=fields.pop("at", NOW - HOUR), seen=NOW, **fields)


FIRST = published("first", QUAY, at=NOW - 5 * HOUR, title="Quay closed")
COPY = published("copy", QUAY, at=NOW - 3 * HOUR, title="Quay closed, again", domain="mirror.example")
OTHER = published("other", f"A quay was built. {prose(2, 60)}", at=NOW - 2 * HOUR, title="Quay built")
STRANGER = published("stranger", f"A bridge was built. {prose(3, 60)}", title="Bridge built")


def take_now(store: Store, *articles: Article) -> None:
    """Index articles at this moment: what digests go by is when an article came into the index."""
    take(store, *articles)
    for each in articles:
        found = stored(store, each)
        if found["created"] != (real := moment(datetime.now(tz=UTC))):
            store.edits.edit([each.id], lambda _, real=real: {"created": real})
    store.articles.refresh()


class Desk:
    """Who saves searches and sends their digests: in this process, and by the command where that is what is tested."""

    def __init__(self, engine: local.Running, store: Store, box: Postbox, folder: Path) -> None:
        self.store = store
        self.box = box
        self.folder = folder
        self.said = ""
        self.password = PASSWORD
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONDENSAT_")},
            "PYTHONPATH": str(ROOT),
            "CONDENSAT_URL": engine.url,
            "CONDENSAT_USERNAME": engine.username,
            "CONDENSAT_PASSWORD": engine.password,
            "CONDENSAT_PREFIX": store.prefix,
            **box.settings,
        }

    def start(self, *arguments: object, at: int | None = None, log: Path | None = None) -> subprocess.Popen[str]:
        """Begin a run of the command that ends itself at a step, or not."""
        step = ["none" if at is None else str(at), str(log or self.folder / "steps")]
        return subprocess.Popen(
            [sys.executable, str(DIGESTER), *step, *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *arguments: object, code: int = 0) -> str:
        """Run the command to its end, and give what it printed."""
        process = self.start(*arguments)
        out, self.said = process.communicate(timeout=120)
        assert "Traceback" not in self.said, self.said
        assert process.returncode == code, (arguments, out, self.said)
        return out

    def save(
        self,
        name: str,
        query: str,
        *mail: str,
        feed: Sequence[str] = (),
        markdown: Sequence[str] = (),
        reposts: Reposts = "fold",
    ) -> None:
        """Save a search whose digests begin with all that is there."""
        to = saving.targets(
            mail=mail, feed=[self.folder / each for each in feed], markdown=[self.folder / each for each in markdown]
        )
        wanted = Wanted(query=query, reposts=reposts)
        now = datetime.now(tz=UTC)
        series = f"{zlib.crc32(name.encode()):x}{len(self.store.searches.all())}"
        saving.add(self.store, name, wanted, to=to, language="en", since="1d", by="ann", series=series, now=now)

    def digest(self, name: str, *, retry: bool = False, empty: bool = False) -> list[Outcome]:
        """Send what is new."""
        url = self.box.settings["CONDENSAT_SMTP_URL"]
        with Post(server(url, username=USER, password=self.password, ca=self.box.pem)) as post:
            sender = Sender(address=self.box.settings["CONDENSAT_SMTP_FROM"], post=post)
            return list(
                run(
                    self.store, name, to=None, sender=sender, worker=names.own(), dead=names.has_died,
                    now=lambda: datetime.now(tz=UTC), retry=retry, empty=empty,
                )
            )  # fmt: skip

    def states(self, name: str, *, retry: bool = False) -> list[tuple[str, str]]:
        """Send what is new, and tell where it went and what came of it."""
        return [(each.delivery.to, each.delivery.state) for each in self.digest(name, retry=retry)]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def box(pem: Path) -> Iterator[Postbox]:
    with Postbox(pem) as opened:
        yield opened


@pytest.fixture
def desk(engine: local.Running, store: Store, box: Postbox, tmp_path: Path) -> Desk:
    return Desk(engine, store, box, tmp_path)


def titles(box: Postbox) -> list[str]:
    """Name the articles in all mails, by their links."""
    found: list[str] = []
    for each in box.mails:
        page = html.document_fromstring(each.message.get_body(("html",)).get_content())  # type: ignore[union-attr]
        found += page.xpath("//h3/a/@href")
    return found


def test_a_digest_goes_out_once(desk: Desk) -> None:
    """What is new goes by mail, into feeds and Markdown, reposts folded; it is marked, and does not come again."""
    store, box, folder = desk.store, desk.box, desk.folder
    take_now(store, FIRST, COPY, OTHER, STRANGER)
    files = ["--feed", "quays.atom", "--feed", "quays.json", "--markdown", "quays.md", "--since", "1d"]
    desk.command("searches", "add", "Quays", "quay", "--mail", ANN, "--mail", BOB, *files)

    rows = json.loads(desk.command("digest", "quays", "--format", "json"))
    assert [(row["kind"], row["state"], row["articles"]) for row in rows] == [
        ("mail", "sent", 3), ("mail", "sent", 3), ("feed", "sent", 3), ("feed", "sent", 3), ("markdown", "sent", 3),
    ]  # fmt: skip
    assert [each.to for each in box.mails] == [(ANN,), (BOB,)]
    message = box.mails[0].message
    assert message["Subject"] == "Quays: 2 new articles – Quay built"
    assert message["From"] == "News desk <desk@news.example>"
    assert message["To"] == ANN
    assert message["Message-ID"] == rows[0]["message_id"]
    assert message["Message-ID"].endswith("@news.example>")
    assert message["List-Id"].endswith(".condensat.news.example>")
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "1. Quay built" in text
    assert "also in Mirror" in text
    assert titles(box)[:2] == [OTHER.url, FIRST.url]

    feed = feedparser.parse((folder / "quays.atom").read_bytes())
    assert [each.link for each in feed.entries] == [OTHER.url, FIRST.url]
    items = json.loads((folder / "quays.json").read_bytes())["items"]
    assert [each["url"] for each in items] == [OTHER.url, FIRST.url]
    assert "[Mirror](<https://mirror.example/copy>)" in (folder / "quays.md").read_text(encoding="utf-8")
    for each in (FIRST, COPY, OTHER):
        assert stored(store, each)["sent"] is True
        assert stored(store, each)["sent_at"]
    assert stored(store, STRANGER)["sent"] is False

    assert json.loads(desk.command("digest", "--all", "--format", "json")) == []
    assert "nothing new: Quays" in desk.said
    take_now(store, replace(FIRST, text=f"{QUAY} It was opened again."))  # edited: neither new nor unsent
    assert stored(store, FIRST)["sent"] is True
    assert desk.digest("quays") == []
    assert len(box.mails) == 2


def test_what_comes_later_follows(desk: Desk) -> None:
    """Later articles go out alone; a repost of what was sent is told as one; the files keep what they had."""
    store, box, folder = desk.store, desk.box, desk.folder
    take_now(store, FIRST)
    desk.save("quays", "quay", ANN, feed=["quays.atom"], markdown=["quays.md"])
    desk.digest("quays")
    take_now(store, OTHER, COPY)
    (mail, *_) = desk.digest("quays")
    assert set(mail.digest.articles) == {OTHER.id, COPY.id}
    assert box.mails[1].message["Subject"].startswith("quays: 1 new article, 1 repost of what was sent before")
    assert titles(box) == [FIRST.url, OTHER.url, FIRST.url]
    page = box.mails[1].message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert page.index("Reposted since it was sent") < page.index(COPY.url)
    feed = feedparser.parse((folder / "quays.atom").read_bytes())
    assert [each.link for each in feed.entries] == [OTHER.url, FIRST.url]
    assert "Mirror" in feed.entries[1].content[0].value
    assert (folder / "quays.md").read_text(encoding="utf-8").count("<!-- condensat digest") == 2
    assert stored(store, COPY)["sent"] is True


def test_late_arrivals_are_not_lost(desk: Desk) -> None:
    """Old dates, a clock that is an hour slow, and an article that matches only after a change: all go out, once."""
    store, box = desk.store, desk.box
    take_now(store, STRANGER)
    desk.save("quays", "quay OR stars:>=4", ANN)
    assert desk.digest("quays") == []
    old = published("old", f"A quay in June. {prose(4, 60)}", at=NOW - timedelta(days=150))
    slow = published("slow", f"A quay by a slow clock. {prose(5, 60)}")
    take_now(store, old, slow)
    store.edits.edit([slow.id], lambda _: {"created": moment(NOW - HOUR)})
    edit(store, [STRANGER.id], Edit(stars=5), by="ann", now=NOW)
    desk.digest("quays")
    assert sorted(titles(box)) == sorted([old.url, slow.url, STRANGER.url])
    assert desk.digest("quays") == []


def test_what_is_being_judged_waits(desk: Desk) -> None:
    """An article whose pairs are just being found is in the next digest; one that waits for long is in this one."""
    store = desk.store
    take_now(store, FIRST, OTHER)
    desk.save("quays", "quay", ANN)
    store.pending.mark({FIRST.id: "x"}, now=datetime.now(tz=UTC))
    store.pending.mark({OTHER.id: "x"}, now=datetime.now(tz=UTC) - HOUR)
    (row,) = desk.digest("quays")
    assert row.digest.articles == (OTHER.id,)
    store.pending.take_away(store.pending.read([FIRST.id]).values())
    (row,) = desk.digest("quays")
    assert row.digest.articles == (FIRST.id,)


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    """It shows what would go where, as a table with the text and as JSON; nothing is sent, written or marked."""
    store, box, folder = desk.store, desk.box, desk.folder
    take_now(store, FIRST, COPY)
    desk.save("quays", "quay", ANN, feed=["quays.atom"])
    shown = desk.command("digest", "--all", "--dry-run")
    for each in ("1. Quay closed", "also in Mirror", f"mail {ANN}", "would be sent"):
        assert each in shown
    rows = json.loads(desk.command("digest", "quays", "--dry-run", "--format", "json"))
    assert [(row["kind"], row["state"]) for row in rows] == [("mail", "would be sent"), ("feed", "would be sent")]
    assert [item["also"][0]["id"] for item in rows[0]["items"]] == [COPY.id]
    assert box.mails == []
    assert not (folder / "quays.atom").exists()
    assert stored(store, FIRST)["sent"] is False
    assert store.outbox.counts() == {}
    assert len(desk.digest("quays")) == 2


def test_a_digest_of_nothing(desk: Desk) -> None:
    """Where nothing is new nothing is sent, unless that is asked for."""
    desk.save("quays", "quay", ANN)
    assert desk.digest("quays") == []
    assert desk.box.mails == []
    desk.digest("quays", empty=True)
    assert desk.box.mails[0].message["Subject"] == "quays: nothing new"


def test_targets_of_one_run(desk: Desk) -> None:
    """What is said with the command is used in place of what was saved; a search without a target needs one."""
    take_now(desk.store, FIRST)
    desk.save("nowhere", "quay")
    desk.command("digest", "nowhere", code=2)
    desk.command("digest", code=2)
    (row,) = json.loads(desk.command("digest", "nowhere", "--markdown", "today.md", "--format", "json"))
    assert row["to"] == str(desk.folder / "today.md")
    assert "Quay closed" in (desk.folder / "today.md").read_text(encoding="utf-8")
    assert desk.box.mails == []
    desk.save("mailed", "quay", ANN)
    desk.environment.pop("CONDENSAT_SMTP_URL")
    desk.command("digest", "mailed", code=2)
    assert "CONDENSAT_SMTP_URL" in desk.said


def test_not_now_is_tried_again(desk: Desk) -> None:
    """A recipient that the server puts off fails the run with its words, and gets the same mail from the next one."""
    take_now(desk.store, FIRST)
    desk.save("quays", "quay", ANN, BOB)
    desk.box.recipients[BOB] = "451 the box is locked"
    told = desk.command("digest", "quays", code=1)
    assert "451 the box is locked" in " ".join(told.split())
    assert stored(desk.store, FIRST)["sent"] is True
    desk.box.recipients.clear()
    assert desk.states("quays") == [(BOB, "sent")]
    assert [each.to for each in desk.box.mails] == [(ANN,), (BOB,)]
    assert len({each.message["Message-ID"] for each in desk.box.mails}) == 1
    assert desk.digest("quays") == []


def test_never_is_reported_and_kept(desk: Desk) -> None:
    """What the server refuses for good fails the run with its words and is kept; it is tried again when told to."""
    take_now(desk.store, FIRST)
    desk.save("quays", "quay", ANN)
    desk.box.recipients[ANN] = "550 there is no such box"
    (row,) = json.loads(desk.command("digest", "quays", "--format", "json", code=1))
    assert row["state"] == "refused"
    assert "550 there is no such box" in row["error"]
    assert "--retry" in desk.said
    assert stored(desk.store, FIRST)["sent"] is False
    assert desk.digest("quays") == []
    (listed,) = json.loads(desk.command("searches", "list", "--format", "json"))
    assert listed["refused"] == 1
    desk.box.recipients.clear()
    assert desk.states("quays", retry=True) == [(ANN, "sent")]
    assert stored(desk.store, FIRST)["sent"] is True
    assert [len(desk.box.mails), desk.digest("quays", retry=True)] == [1, []]


def test_without_a_server_nothing_is_lost(desk: Desk) -> None:
    """With a wrong password the files are written all the same, and the mail goes out when all is well again."""
    take_now(desk.store, FIRST)
    desk.save("quays", "quay", ANN, feed=["quays.atom"])
    desk.password = "a wrong secret"  # noqa: S105 it opens nothing
    waiting, sent = desk.digest("quays")
    assert (waiting.delivery.state, sent.delivery.state) == ("waiting", "sent")
    assert "535" in waiting.delivery.error
    assert "secret" not in waiting.delivery.error
    desk.password = PASSWORD
    assert desk.states("quays") == [(ANN, "sent")]
    assert len(desk.box.mails) == 1


def test_a_file_that_cannot_be_written_waits(desk: Desk) -> None:
    """Where the folder of a feed is gone the reason is told, and the feed is whole when the folder is there again."""
    take_now(desk.store, FIRST)
    (desk.folder / "www").mkdir()
    desk.save("quays", "quay", feed=["www/quays.atom"])
    (desk.folder / "www").rmdir()
    (row,) = desk.digest("quays")
    assert row.delivery.state == "waiting"
    assert "cannot be written" in row.delivery.error
    (desk.folder / "www").mkdir()
    take_now(desk.store, OTHER)
    assert [state for _, state in desk.states("quays")] == ["sent", "sent"]
    assert [each.name for each in (desk.folder / "www").iterdir()] == ["quays.atom"]
    feed = feedparser.parse((desk.folder / "www" / "quays.atom").read_bytes())
    assert {each.link for each in feed.entries} == {FIRST.url, OTHER.url}


def test_searches_can_share_a_file(desk: Desk) -> None:
    """A feed of two searches has what both found; while one run makes it, another waits, so that the later one wins."""
    take_now(desk.store, FIRST, STRANGER)
    desk.save("quays", "quay", feed=["all.atom"])
    desk.save("bridges", "bridge", feed=["all.atom"])
    file = desk.folder / "all.atom"
    with ThreadPoolExecutor(1) as pool:
        with alone(file):
            waiting = pool.submit(desk.states, "quays")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=3)
            assert not file.exists()
        assert waiting.result(timeout=60) == [(str(file), "sent")]
    desk.digest("bridges")
    assert [each.link for each in feedparser.parse(file.read_bytes()).entries] == [STRANGER.url, FIRST.url]
    assert [each.name for each in desk.folder.iterdir()] == ["all.atom"]


@pytest.mark.parametrize(
    ("reposts", "found"), [("hide", {FIRST.id}), ("only", {COPY.id}), ("show", {FIRST.id, COPY.id})]
)
def test_reposts_as_the_search_has_them(desk: Desk, reposts: Any, found: set[str]) -> None:
    """Where reposts are not folded they are left out, alone, or items of their own, as they are in the search."""
    take_now(desk.store, FIRST, COPY)
    desk.save("quays", "quay", ANN, reposts=reposts)
    (row,) = desk.digest("quays")
    assert {item.id for item in row.digest.items} == set(row.digest.articles) == found


def test_hostile_titles_stay_titles(desk: Desk) -> None:
    """Markup, line breaks and overrides in titles steer neither headers, HTML, Markdown, feeds nor terminal."""
    evil = "Quay\r\nBcc: eve@example.org\u202e <script>alert(1)</script> [x](javascript:1) `*"
    take_now(desk.store, published("evil", QUAY, title=evil))
    folder = desk.folder
    desk.save("evil", "quay", ANN, feed=["x.atom", "x.json"], markdown=["x.md"])
    assert "\u202e" not in desk.command("digest", "evil", "--dry-run")
    desk.digest("evil")
    (mail,) = desk.box.mails
    assert mail.to == (ANN,)
    assert mail.message["Bcc"] is None
    assert "<script>" in mail.message["Subject"]
    assert "\u202e" not in mail.message["Subject"]
    page = html.document_fromstring(mail.message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert not page.xpath("//script | //@onerror")
    assert "<script>alert(1)</script>" in page.text_content()
    (entry,) = feedparser.parse((folder / "x.atom").read_bytes()).entries
    assert "<script>" not in entry.content[0].value
    (item,) = json.loads((folder / "x.json").read_bytes())["items"]
    assert item["title"].startswith("Quay Bcc: eve@example.org <script>")
    told = (folder / "x.md").read_text(encoding="utf-8")
    assert "\\<script\\>" in told
    assert "\\[x\\](javascript:1) \\`\\*" in told
    assert "\n" not in told[told.index("- **[Quay") : told.index("](<https")]


def test_many_make_several_digests(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one mail bears goes out in several, each with an id of its own, and every article in one of them."""
    monkeypatch.setattr("indexer.digests.outgoing.PART", 2)
    articles = [published(f"a{number}", f"A quay. {prose(50 + number, 40)}") for number in range(5)]
    take_now(desk.store, *articles)
    desk.save("quays", "quay", ANN)
    rows = desk.digest("quays")
    assert [len(each.digest.items) for each in rows] == [2, 2, 1]
    assert len({each.message["Message-ID"] for each in desk.box.mails}) == 3
    assert sorted(titles(desk.box)) == sorted(each.url for each in articles)


def test_two_runs_at_once_send_once(desk: Desk) -> None:
    """Of several runs at the same time one sends; the others say that it does, or find nothing new."""
    take_now(desk.store, FIRST, OTHER)
    desk.save("quays", "quay", ANN)
    runs = [desk.start("digest", "quays", "--format", "json") for _ in range(3)]
    ends = [(each.communicate(timeout=120), each.returncode) for each in runs]
    assert {code for _, code in ends} <= {0, 1}
    assert len(desk.box.mails) == 1
    for (_, err), code in ends:
        assert "Traceback" not in err
        assert code == 0 or "another run" in err


def changing(steps: list[str]) -> list[int]:
    """Give the steps before which something has been changed since the step before: elsewhere nothing new happens."""
    changed = ["_bulk" in each or each in {"mail", "file"} for each in steps]
    return [place for place in range(1, len(steps)) if changed[place - 1]]


def test_a_kill_at_any_moment_loses_nothing(desk: Desk) -> None:
    """Killed after each change in turn, and run again: every article has gone out, and twice only as the same mail."""
    store, box, log = desk.store, desk.box, desk.folder / "whole.steps"
    take_now(store, FIRST, COPY, OTHER)
    desk.save("whole", "quay", ANN, BOB, feed=["whole.atom"])
    assert desk.start("digest", "whole", log=log).wait(120) == 0
    steps = log.read_text(encoding="utf-8").splitlines()
    assert [each for each in steps if each in {"mail", "file"}] == ["mail", "mail", "file"]
    moments = changing(steps)
    assert len(moments) >= 12, steps
    twice = 0
    for at in moments:
        store.edits.edit([each.id for each in (FIRST, COPY, OTHER)], lambda _: {"sent": False, "sent_at": None})
        desk.save(f"at{at}", "quay", ANN, BOB, feed=[f"at{at}.atom"])
        box.mails.clear()
        assert desk.start("digest", f"at{at}", at=at).wait(120) == -9
        desk.digest(f"at{at}")
        twice += check(desk, f"at{at}")
    assert 1 <= twice <= 2, "only a kill between a mail and its note sends it again, once for each recipient"


def check(desk: Desk, name: str) -> int:
    """See that a search has sent everything, and say how many mails came twice."""
    sent = Counter(each.to for each in desk.box.mails)
    assert set(sent) == {(ANN,), (BOB,)}, name
    assert len({(each.to, each.raw) for each in desk.box.mails}) == 2, name
    assert len({each.message["Message-ID"] for each in desk.box.mails}) == 1, name
    feed = feedparser.parse((desk.folder / f"{name}.atom").read_bytes())
    assert [each.link for each in feed.entries] == [OTHER.url, FIRST.url], name
    for each in (FIRST, COPY, OTHER):
        assert stored(desk.store, each)["sent"] is True, name
    before = len(desk.box.mails)
    assert desk.digest(name) == []
    assert len(desk.box.mails) == before
    assert desk.store.outbox.counts() == {}
    return sum(number - 1 for number in sent.values())


def test_a_kill_while_the_server_takes_a_mail(desk: Desk) -> None:
    """Killed when the server has the mail and has not said so, the next run sends it again, as the same mail."""
    take_now(desk.store, FIRST, COPY, OTHER)
    desk.save("taken", "quay", ANN, BOB, feed=["taken.atom"])
    process = desk.start("digest", "taken")
    desk.box.kills = process.pid
    assert process.wait(120) == -9
    assert len(desk.box.mails) == 1
    desk.digest("taken")
    assert check(desk, "taken") == 1


def test_sent_survives_an_export(desk: Desk, new_store: Callable[[], Store]) -> None:
    """What has gone out is known as such in an index that is made from an export."""
    take_now(desk.store, FIRST, OTHER)
    desk.save("first", "title:closed", markdown=["x.md"])
    desk.digest("first")
    sent_at = stored(desk.store, FIRST)["sent_at"]
    desk.command("export", "*", "-o", "all.jsonl")
    elsewhere = new_store()
    desk.environment["CONDENSAT_PREFIX"] = elsewhere.prefix
    desk.command("import", "all.jsonl")
    assert (stored(elsewhere, FIRST)["sent"], stored(elsewhere, FIRST)["sent_at"]) == (True, sent_at)
    assert stored(elsewhere, OTHER)["sent"] is False


def test_a_search_saved_anew_is_another(desk: Desk) -> None:
    """A search that takes the name of a removed one sends what it finds, under ids of its own."""
    take_now(desk.store, FIRST)
    anew = ["searches", "add", "quays", "quay", "--mail", ANN, "--since", "1d"]
    desk.command(*anew)
    desk.digest("quays")
    desk.command("searches", "remove", "quays")
    desk.command(*anew)
    desk.digest("quays")
    assert len({each.message["Message-ID"] for each in desk.box.mails}) == 2


def test_old_digests_are_forgotten(store: Store) -> None:
    """What was done long ago goes, but for the latest; what still waits stays."""
    at = NOW - timedelta(days=100)
    for number, state in ((1, "done"), (2, "waiting"), (3, "done")):
        store.outbox.put(
            Digest(
                id=f"s-{number}", search="s", name="s", number=number, at=at, query="*", language="en",
                message_id="<x@y>", articles=(), items=(), deliveries=(), state=state,
            )
        )  # fmt: skip
    assert store.outbox.forget("s", before=NOW, below=3) == 1
    assert store.outbox.gone_out("s", since=NOW)[1] == 3
    assert [each.number for each in store.outbox.unfinished("s", refused=False)] == [2]


def test_what_a_search_was_narrowed_by_is_kept() -> None:
    """Only what was given is saved."""
    asked = Wanted(query="quay", sources=["a.example"], start="7d", reposts="hide")
    assert saving.filters(asked) == {"sources": ["a.example"], "start": "7d", "reposts": "hide"}
