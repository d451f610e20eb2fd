"""Digests of saved searches, with a real mail server, real files, and a real index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
from lxml import html
from postbox import Postbox, certificate
from samples import article, prose, stored, take

from indexer import saving
from indexer.digests import preview
from indexer.editing import edit
from indexer.elastic.documents import moment
from indexer.elastic.outbox import Digest
from indexer.notes import Edit
from indexer.search import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer import engine as local
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
OTHER = published("other", f"A quay was built. {prose(2, 60)}", at=NOW - 4 * HOUR, title="Quay built")
STRANGER = published("stranger", f"A bridge was built. {prose(3, 60)}", title="Bridge built")


def take_now(store: Store, *articles: Article) -> None:
    """Index articles at this moment: what digests go by is when an article came into the index."""
    take(store, *articles)
    for each in articles:
        found = stored(store, each)
        if found["created"] != (real := moment(datetime.now(tz=UTC))):
            store.edits.edit([each.id], lambda _, real=real: {"created": real})
    store.articles.refresh()


class Command:
    """The command over one index, and how mail leaves it."""

    def __init__(self, engine: local.Running, store: Store, box: Postbox, folder: Path) -> None:
        self.store = store
        self.box = box
        self.folder = folder
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
        """Begin a run that ends itself at a step, or not."""
        step = ["none" if at is None else str(at), str(log or self.folder / "steps")]
        return subprocess.Popen(
            [sys.executable, str(DIGESTER), *step, *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Run it to its end, and give what it printed."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        assert process.returncode == code, (arguments, out, err)
        self.said = err
        return out

    def digest(self, *arguments: object, code: int = 0) -> list[dict[str, Any]]:
        """Run ``digest`` and give what it tells."""
        told: list[dict[str, Any]] = json.loads(self("digest", *arguments, "--format", "json", code=code))
        return told

    def save(self, name: str, query: str, *arguments: object) -> None:
        """Save a search whose digests begin with all that is there."""
        self("searches", "add", name, query, "--since", "1d", *arguments)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def box(pem: Path) -> Iterator[Postbox]:
    with Postbox(pem) as opened:
        yield opened


@pytest.fixture
def condensat(engine: local.Running, store: Store, box: Postbox, tmp_path: Path) -> Command:
    return Command(engine, store, box, tmp_path)


def titles(box: Postbox) -> list[str]:
    """Name the articles in all mails, by their links."""
    found: list[str] = []
    for each in box.mails:
        page = html.document_fromstring(each.message.get_body(("html",)).get_content())  # type: ignore[union-attr]
        found += page.xpath("//h3/a/@href")
    return found


def test_a_digest_goes_out_once(condensat: Command) -> None:
    """What is new goes by mail, into feeds and Markdown, reposts folded; it is marked, and does not come again."""
    store, box, folder = condensat.store, condensat.box, condensat.folder
    take_now(store, FIRST, COPY, OTHER, STRANGER)
    files = ["--feed", folder / "quays.atom", "--feed", folder / "quays.json", "--markdown", folder / "quays.md"]
    condensat.save("Quays", "quay", "--mail", ANN, "--mail", BOB, *files)

    rows = condensat.digest("quays")
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
    assert datetime.strptime(message["Date"], "%a, %d %b %Y %H:%M:%S %z") <= datetime.now(tz=UTC)
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "1. Quay built" in text
    assert "also in Mirror" in text
    assert titles(box)[:2] == [OTHER.url, FIRST.url]

    for name in ("quays.atom", "quays.json"):
        feed = (folder / name).read_bytes()
        links = (
            [each["url"] for each in json.loads(feed)["items"]]
            if name.endswith("json")
            else [each.link for each in feedparser.parse(feed).entries]
        )
        assert links == [OTHER.url, FIRST.url], name
    assert "[Mirror](<https://mirror.example/copy>)" in (folder / "quays.md").read_text(encoding="utf-8")
    for each in (FIRST, COPY, OTHER):
        assert stored(store, each)["sent"] is True
        assert stored(store, each)["sent_at"]
    assert stored(store, STRANGER)["sent"] is False

    assert condensat.digest("quays") == []
    assert "nothing new: Quays" in condensat.said
    assert len(box.mails) == 2
    take_now(store, replace(FIRST, text=f"{QUAY} It was opened again."))  # edited: neither new nor unsent
    assert stored(store, FIRST)["sent"] is True
    assert condensat.digest("quays") == []


def test_what_comes_later_follows(condensat: Command) -> None:
    """Later articles go out alone; a repost of what was sent is told as one; both feeds keep what they had."""
    store, box, folder = condensat.store, condensat.box, condensat.folder
    take_now(store, FIRST)
    condensat.save("quays", "quay", "--mail", ANN, "--feed", folder / "quays.atom", "--markdown", folder / "quays.md")
    condensat.digest("quays")
    take_now(store, OTHER, COPY)
    (mail, *_) = condensat.digest("quays")
    assert mail["articles"] == 2
    assert box.mails[1].message["Subject"].startswith("quays: 1 new article, 1 repost of what was sent before")
    assert titles(box) == [FIRST.url, OTHER.url, FIRST.url]
    page = box.mails[1].message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert page.index("Reposted since it was sent") < page.index(COPY.url)
    feed = feedparser.parse((folder / "quays.atom").read_bytes())
    assert [each.link for each in feed.entries] == [OTHER.url, FIRST.url]
    assert "Mirror" in feed.entries[1].content[0].value
    assert (folder / "quays.md").read_text(encoding="utf-8").count("<!-- condensat digest") == 2
    assert stored(store, COPY)["sent"] is True


def test_late_arrivals_are_not_lost(condensat: Command) -> None:
    """Old dates, a clock that is an hour slow, and an article that matches only after a change: all go out, once."""
    store, box = condensat.store, condensat.box
    take_now(store, STRANGER)
    condensat.save("quays", "quay OR stars:>=4", "--mail", ANN)
    assert condensat.digest("quays") == []
    old = published("old", f"A quay in June. {prose(4, 60)}", at=NOW - timedelta(days=150))
    slow = published("slow", f"A quay by a slow clock. {prose(5, 60)}")
    take_now(store, old, slow)
    store.edits.edit([slow.id], lambda _: {"created": moment(NOW - HOUR)})
    edit(store, [STRANGER.id], Edit(stars=5), by="ann", now=NOW)
    store.articles.refresh()
    condensat.digest("quays")
    assert sorted(titles(box)) == sorted([old.url, slow.url, STRANGER.url])
    assert condensat.digest("quays") == []


def test_a_dry_run_changes_nothing(condensat: Command) -> None:
    """It shows what would go where, as a table with the text and as JSON; nothing is sent, written or marked."""
    store, box, folder = condensat.store, condensat.box, condensat.folder
    take_now(store, FIRST, COPY)
    condensat.save("quays", "quay", "--mail", ANN, "--feed", folder / "quays.atom")
    shown = condensat("digest", "--all", "--dry-run")
    for each in ("1. Quay closed", "also in Mirror", f"mail {ANN}", "would be sent"):
        assert each in shown
    rows = condensat.digest("quays", "--dry-run")
    assert [(row["kind"], row["state"]) for row in rows] == [("mail", "would be sent"), ("feed", "would be sent")]
    assert [item["also"][0]["id"] for item in rows[0]["items"]] == [COPY.id]
    assert box.mails == []
    assert not (folder / "quays.atom").exists()
    assert stored(store, FIRST)["sent"] is False
    assert store.outbox.counts() == {}
    assert len(condensat.digest("quays")) == 2


def test_a_digest_of_nothing(condensat: Command) -> None:
    """Where nothing is new nothing is sent, unless that is asked for."""
    condensat.save("quays", "quay", "--mail", ANN)
    assert condensat.digest("quays") == []
    assert condensat.box.mails == []
    condensat.digest("quays", "--empty")
    assert condensat.box.mails[0].message["Subject"] == "quays: nothing new"


def test_targets_of_one_run(condensat: Command) -> None:
    """What is said with the command is used in place of what was saved; a search without a target needs one."""
    take_now(condensat.store, FIRST)
    condensat.save("nowhere", "quay")
    condensat("digest", "nowhere", code=2)
    (row,) = condensat.digest("nowhere", "--markdown", "today.md")
    assert row["to"] == str(condensat.folder / "today.md")
    assert "Quay closed" in (condensat.folder / "today.md").read_text(encoding="utf-8")
    assert condensat.box.mails == []
    condensat.save("mailed", "quay", "--mail", ANN)
    condensat.environment.pop("CONDENSAT_SMTP_URL")
    condensat("digest", "mailed", code=2)
    assert "CONDENSAT_SMTP_URL" in condensat.said


def test_not_now_is_tried_again(condensat: Command) -> None:
    """A recipient that the server puts off fails the run with its words, and gets the same mail from the next one."""
    take_now(condensat.store, FIRST)
    condensat.save("quays", "quay", "--mail", ANN, "--mail", BOB)
    condensat.box.recipients[BOB] = "451 the box is locked"
    rows = condensat.digest("quays", code=1)
    assert [(row["to"], row["state"]) for row in rows] == [(ANN, "sent"), (BOB, "waiting")]
    assert "451 the box is locked" in rows[1]["error"]
    assert stored(condensat.store, FIRST)["sent"] is True
    condensat.box.recipients.clear()
    (row,) = condensat.digest("quays")
    assert (row["to"], row["state"], row["message_id"]) == (BOB, "sent", rows[0]["message_id"])
    assert [each.to for each in condensat.box.mails] == [(ANN,), (BOB,)]
    assert condensat.digest("quays") == []


def test_never_is_reported_and_kept(condensat: Command) -> None:
    """What the server refuses for good fails the run with its words and is kept; it is tried again when told to."""
    take_now(condensat.store, FIRST)
    condensat.save("quays", "quay", "--mail", ANN)
    condensat.box.recipients[ANN] = "550 there is no such box"
    (row,) = condensat.digest("quays", code=1)
    assert row["state"] == "refused"
    assert "550 there is no such box" in row["error"]
    assert stored(condensat.store, FIRST)["sent"] is False
    assert condensat.digest("quays") == []
    assert "--retry" in condensat.said
    (listed,) = json.loads(condensat("searches", "list", "--format", "json"))
    assert listed["refused"] == 1
    condensat.box.recipients.clear()
    (row,) = condensat.digest("quays", "--retry")
    assert row["state"] == "sent"
    assert stored(condensat.store, FIRST)["sent"] is True
    assert [len(condensat.box.mails), condensat.digest("quays", "--retry")] == [1, []]


def test_without_a_server_nothing_is_lost(condensat: Command) -> None:
    """With a wrong password or no server the files are written, and the mail goes out when all is well again."""
    take_now(condensat.store, FIRST)
    condensat.save("quays", "quay", "--mail", ANN, "--feed", condensat.folder / "no" / ".." / "quays.atom")
    condensat.environment["CONDENSAT_SMTP_PASSWORD"] = "a wrong secret"  # noqa: S105 it opens nothing
    rows = condensat.digest("quays", code=1)
    assert [row["state"] for row in rows] == ["waiting", "sent"]
    assert "535" in rows[0]["error"]
    assert "a wrong secret" not in str(rows) + condensat.said
    condensat.environment.update(condensat.box.settings)
    (row,) = condensat.digest("quays")
    assert row["state"] == "sent"
    assert len(condensat.box.mails) == 1


def test_hostile_titles_stay_titles(condensat: Command) -> None:
    """Markup, line breaks and overrides in titles steer neither headers, HTML, Markdown, feeds nor terminal."""
    evil = "Quay\r\nBcc: eve@example.org\u202e <script>alert(1)</script> [x](javascript:1) `*"
    take_now(condensat.store, published("evil", QUAY, title=evil))
    folder = condensat.folder
    files = ["--feed", folder / "x.atom", "--feed", folder / "x.json", "--markdown", folder / "x.md"]
    condensat.save("evil", "quay", "--mail", ANN, *files)
    assert "\u202e" not in condensat("digest", "evil", "--dry-run")
    condensat.digest("evil")
    (mail,) = condensat.box.mails
    assert mail.to == (ANN,)
    assert mail.message["Bcc"] is None
    assert "<script>" in mail.message["Subject"]
    assert "\u202e" not in mail.message["Subject"]
    page = html.document_fromstring(mail.message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    assert not page.xpath("//script | //@onerror")
    assert "<script>alert(1)</script>" in page.text_content()
    (entry,) = feedparser.parse((folder / "x.atom").read_bytes()).entries
    assert "<script>" not in entry.content[0].value
    assert json.loads((folder / "x.json").read_bytes())["items"][0]["title"].startswith(
        "Quay Bcc: eve@example.org <script>"
    )
    told = (folder / "x.md").read_text(encoding="utf-8")
    assert "\\<script\\>" in told
    assert "\\[x\\](javascript:1) \\`\\*" in told
    assert "\n" not in told[told.index("- **[Quay") : told.index("](<https")]


def test_many_make_several_digests(condensat: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one mail bears goes out in several, each with an id of its own, and every article in one of them."""
    monkeypatch.setattr("indexer.digests.outgoing.PART", 2)
    articles = [published(f"a{number}", f"A quay. {prose(50 + number, 40)}") for number in range(5)]
    take_now(condensat.store, *articles)
    condensat.save("quays", "quay", "--mail", ANN)
    search = saving.find(condensat.store, "quays").search
    found = preview(condensat.store, search, to=None, now=datetime.now(tz=UTC))
    assert [len(each.items) for each in found] == [2, 2, 1]
    assert len({each.message_id for each in found}) == 3
    assert {item.id for each in found for item in each.items} == {each.id for each in articles}


def test_two_runs_at_once_send_once(condensat: Command) -> None:
    """Of several runs at the same time one sends; the others say that it does, or find nothing new."""
    take_now(condensat.store, FIRST, OTHER)
    condensat.save("quays", "quay", "--mail", ANN)
    runs = [condensat.start("digest", "quays", "--format", "json") for _ in range(4)]
    ends = [(run.communicate(timeout=120), run.returncode) for run in runs]
    assert {code for _, code in ends} <= {0, 1}
    assert len(condensat.box.mails) == 1
    for (_, err), code in ends:
        assert "Traceback" not in err
        assert code == 0 or "another run" in err


def changing(steps: list[str]) -> list[int]:
    """Give the steps before which something has been changed since the step before: elsewhere nothing new happens."""
    changes = ("POST /_bulk", "PUT", "mail", "file")
    return [place for place in range(1, len(steps)) if "_bulk" in steps[place - 1] or steps[place - 1] in changes]


def test_a_kill_at_any_moment_loses_nothing(condensat: Command) -> None:
    """Killed after each change in turn, and run again: every article has gone out, and twice only as the same mail."""
    store, box, folder = condensat.store, condensat.box, condensat.folder
    take_now(store, FIRST, COPY, OTHER)
    condensat.save("whole", "quay", "--mail", ANN, "--mail", BOB, "--feed", folder / "whole.atom")
    log = folder / "whole.steps"
    assert condensat.start("digest", "whole", log=log).wait(120) == 0
    steps = log.read_text(encoding="utf-8").splitlines()
    moments = changing(steps)
    assert {"mail", "file"} <= set(steps)
    assert len(moments) >= 12, steps
    twice = 0
    for at in moments:
        name = f"at{at}"
        store.edits.edit([each.id for each in (FIRST, COPY, OTHER)], lambda _: {"sent": False, "sent_at": None})
        condensat.save(name, "quay", "--mail", ANN, "--mail", BOB, "--feed", folder / f"{name}.atom")
        box.mails.clear()
        assert condensat.start("digest", name, at=at).wait(120) == -9
        condensat("digest", name)
        twice += check(condensat, name)
    assert twice <= 2, "only a kill between a mail and its note sends it again, once for each recipient"


def check(condensat: Command, name: str) -> int:
    """See that a search has sent everything, and say how many mails came twice."""
    sent = Counter(each.to for each in condensat.box.mails)
    assert set(sent) == {(ANN,), (BOB,)}, name
    assert len({(each.message["Message-ID"], each.to, each.raw) for each in condensat.box.mails}) == 2, name
    assert {each.message["Message-ID"] for each in condensat.box.mails} == {
        condensat.box.mails[0].message["Message-ID"]
    }
    feed = feedparser.parse((condensat.folder / f"{name}.atom").read_bytes())
    assert [each.link for each in feed.entries] == [OTHER.url, FIRST.url], name
    for each in (FIRST, COPY, OTHER):
        assert stored(condensat.store, each)["sent"] is True, name
    before = len(condensat.box.mails)
    assert condensat.digest(name) == []
    assert len(condensat.box.mails) == before
    assert condensat.store.outbox.counts() == {}
    return sum(number - 1 for number in sent.values())


def test_a_kill_while_the_server_takes_a_mail(condensat: Command) -> None:
    """Killed when the server has the mail and has not said so, the next run sends it again, as the same mail."""
    take_now(condensat.store, FIRST, COPY, OTHER)
    condensat.save("taken", "quay", "--mail", ANN, "--mail", BOB, "--feed", condensat.folder / "taken.atom")
    process = condensat.start("digest", "taken")
    condensat.box.kills = process.pid
    assert process.wait(120) == -9
    assert len(condensat.box.mails) == 1
    condensat("digest", "taken")
    assert check(condensat, "taken") == 1


@pytest.mark.parametrize("form", ["jsonl", "csv", "atom"])
def test_sent_survives_an_export(condensat: Command, new_store: Callable[[], Store], form: str) -> None:
    """What has gone out is known as such in an index that is made from an export."""
    take_now(condensat.store, FIRST, OTHER)
    condensat.save("first", "title:closed", "--markdown", "x.md")
    condensat.digest("first")
    sent_at = stored(condensat.store, FIRST)["sent_at"]
    file = condensat.folder / f"all.{form}"
    condensat("export", "*", "-o", file, "--format", form)
    elsewhere = new_store()
    condensat.environment["CONDENSAT_PREFIX"] = elsewhere.prefix
    condensat("import", file)
    assert (stored(elsewhere, FIRST)["sent"], stored(elsewhere, FIRST)["sent_at"]) == (True, sent_at)
    assert stored(elsewhere, OTHER)["sent"] is False


def test_a_search_saved_anew_is_another(condensat: Command) -> None:
    """A search that takes the name of a removed one sends what it finds, under ids of its own."""
    take_now(condensat.store, FIRST)
    condensat.save("quays", "quay", "--mail", ANN)
    condensat.digest("quays")
    condensat("searches", "remove", "quays")
    condensat.save("quays", "quay", "--mail", ANN)
    condensat.digest("quays")
    assert len({each.message["Message-ID"] for each in condensat.box.mails}) == 2


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


def test_a_saved_search_as_a_search() -> None:
    """What was narrowed is narrowed again."""
    asked = Wanted(query="quay", sources=["a.example"], start="7d", reposts="hide")
    assert saving.filters(asked) == {"sources": ["a.example"], "start": "7d", "reposts": "hide"}
