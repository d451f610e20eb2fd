"""Tags, stories and CVE ids of real articles in a real index, and what a change of the vocabulary does to them."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from command import run
from newsstand import Answer, Newsstand
from samples import NOW, article, now, prose, search, take, write

from indexer import archive, ingest
from indexer.archive import Archive, Choice
from indexer.editing import edit
from indexer.elastic import schema
from indexer.fetch import Pacing
from indexer.importing import import_articles
from indexer.ingest.reprocessing import reprocess
from indexer.notes import Edit
from indexer.progress import Silent
from indexer.search import Spelling, Wanted, spelling
from indexer.tagging import apply
from indexer.vocabulary import Tagger, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from elasticsearch import Elasticsearch

    from indexer import engine as local
    from indexer.elastic import Store
    from indexer.reports import Report

WEB = ingest.Web(allow_private=True, pacing=Pacing(delay=0, per_host=8, connections=16))
FIRST = (
    "cves = true\n[[tags]]\nname = 'Harbour'\nterms = ['quay']\n[[stories]]\nname = 'Heron'\nterms = ['night heron']\n"
)
SECOND = "cves = true\n[[tags]]\nname = 'Port'\nterms = ['quay', 'pilots']\n"
LINES = [
    {"url": "https://herald.example/quay", "title": "The quay", "text": f"Night herons. CVE-2026-1234. {prose(1, 60)}"},
    {"url": "https://herald.example/given", "title": "Given", "text": prose(2, 60), "tags": ["own", "harbour"]},
    {"url": "https://herald.example/both", "title": "Both", "text": f"A quay. {prose(3, 60)}", "tags": ["harbour"]},
    {"url": "https://herald.example/none", "title": "None", "text": prose(4, 60)},
]


def tagger(text: str) -> Tagger:
    return Tagger(read(text, name="test"))


def import_lines(store: Store, wanted: Tagger | None, *lines: dict[str, Any]) -> Report:
    """Import lines; nothing of them may be rejected."""
    done = import_articles(
        store, (json.dumps(each).encode() for each in lines or LINES), now=now, progress=Silent(), tagger=wanted
    )
    assert not done.rejections
    return done


def labels(store: Store) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """Give the tags, stories and CVE ids of every article, by its title."""
    store.articles.refresh()
    found = {}
    for hit in store.articles.scan({"query": {"match_all": {}}}):
        source = hit["_source"]
        found[source["title"]] = (source["tags"], source["stories"], source["cves"])
    return found


def documents(store: Store) -> dict[str, Any]:
    """Give every article whole."""
    return {hit["_id"]: hit["_source"] for hit in store.articles.scan({"query": {"match_all": {}}})}


def versions(store: Store, client: Elasticsearch) -> dict[str, int]:
    """Give how often each article was written, by its title."""
    answer = client.search(index=f"{store.prefix}-articles", version=True, size=100)
    return {hit["_source"]["title"]: hit["_version"] for hit in answer["hits"]["hits"]}


ONE = {
    "The quay": (["Harbour"], ["Heron"], ["CVE-2026-1234"]),
    "Given": (["own", "Harbour"], [], []),
    "Both": (["Harbour"], [], []),
    "None": ([], [], []),
}
TWO = {
    "The quay": (["Port"], [], ["CVE-2026-1234"]),
    "Given": (["own", "harbour"], [], []),
    "Both": (["harbour", "Port"], [], []),
    "None": ([], [], []),
}


def test_an_import_is_tagged_and_a_change_is_applied(store: Store, client: Elasticsearch) -> None:
    """What was given stays, what was found follows the vocabulary, and only what differs is written."""
    done = import_lines(store, tagger(FIRST))
    assert done.created == 4
    assert labels(store) == ONE
    assert [hit.title for hit in search(store, "tag:Harbour story:heron cve:CVE-2026-1234").hits] == ["The quay"]
    again = import_lines(store, tagger(FIRST))
    assert (again.updated, again.unchanged) == (0, 4)

    quay = next(hit for hit in search(store, "title:quay").hits)
    edit(store, [quay.id], Edit(tags=("Ours", "Harbour"), stars=3), by="ann", now=NOW)
    before = versions(store, client)
    done = apply(store, tagger(SECOND), now=now, progress=Silent())
    assert (done.read, done.updated, done.unchanged) == (4, 3, 1)
    assert labels(store) == TWO
    after = versions(store, client)
    assert {title for title in after if after[title] != before[title]} == {"The quay", "Given", "Both"}
    (hit,) = search(store, "tag:Ours tag:Port").hits
    assert (hit.tags, hit.stars) == (("Port", "Ours", "Harbour"), 3)

    done = apply(store, tagger(SECOND), now=now, progress=Silent())
    assert (done.read, done.updated, done.unchanged) == (4, 0, 4)
    assert versions(store, client) == after
    again = import_lines(store, tagger(SECOND))
    assert (again.updated, again.unchanged) == (0, 4)
    again = import_lines(store, tagger(FIRST))
    assert (again.updated, again.unchanged) == (3, 1)
    assert labels(store) == ONE


def test_only_what_is_chosen_is_tagged_again(store: Store) -> None:
    """A query narrows down to what the vocabulary is applied."""
    import_lines(store, tagger(FIRST))
    query = Wanted(query="title:both").to_query()
    done = apply(store, tagger(SECOND), now=now, progress=Silent(), query=query)
    assert (done.read, done.updated) == (1, 1)
    assert labels(store) == {**ONE, "Both": TWO["Both"]}


def test_an_index_of_before_keeps_its_tags(store: Store) -> None:
    """What was imported when there was no vocabulary was given, and stays when one comes, and when it goes."""
    import_lines(store, None)
    assert labels(store)["Both"] == (["harbour"], [], [])
    apply(store, tagger(SECOND), now=now, progress=Silent())
    assert labels(store) == TWO
    apply(store, None, now=now, progress=Silent())
    assert labels(store)["Both"] == (["harbour"], [], [])
    assert labels(store)["The quay"] == ([], [], [])


def test_an_analyst_who_edits_meanwhile_loses_nothing(store: Store) -> None:
    """An edit between the reading and the writing of an article is kept, and the tags are written all the same."""
    import_lines(store, tagger(FIRST))
    quay = search(store, "title:quay").hits[0].id
    wanted = tagger(SECOND)
    times = []

    def edits_first() -> datetime:
        if not times:
            times.append(1)
            edit(store, [quay], Edit(remark="look"), by="ann", now=NOW)
        return NOW

    apply(store, wanted, now=edits_first, progress=Silent())
    assert labels(store) == TWO
    stored = store.articles.get(quay)
    assert stored is not None
    assert stored["notes"]["remark"] == "look"


def test_an_export_is_the_same_index_under_the_same_vocabulary(
    engine: local.Running, store: Store, new_store: Callable[[], Store], tmp_path: Path
) -> None:
    """Given and found tags come back as such; under another vocabulary the found ones are that one's."""
    import_lines(store, tagger(FIRST))
    for form in ("jsonl", "csv", "parquet", "atom"):
        file = tmp_path / f"all.{form}"
        run(engine, store, "export", "*", "-o", str(file), "--format", form, check=True)
        for text, expected in ((FIRST, ONE), (SECOND, TWO)):
            other = new_store()
            vocabulary = tmp_path / "v.toml"
            vocabulary.write_text(text, encoding="utf-8")
            run(engine, other, "--vocabulary", str(vocabulary), "import", str(file), check=True)
            assert labels(other) == expected, (form, text)
            assert (documents(other) == documents(store)) == (text == FIRST), (form, text)


def test_reprocess_applies_a_change_without_the_network(store: Store, tmp_path: Path, client: Elasticsearch) -> None:
    """Pages that were fetched and articles that were imported get the new tags, with the site gone."""
    folder = tmp_path / "archive"
    at = NOW

    def clock() -> datetime:
        return at

    with Newsstand() as stand:
        item = "<item><title>{0}</title><link>{1}/{0}</link></item>"
        items = "".join(item.format(name, stand.url) for name in ("quayside", "inland"))
        page = "<html><body><article><h1>{}</h1>{}</article></body></html>"
        html = {"Content-Type": "text/html; charset=utf-8"}
        stand.routes = {
            "/feed/0": Answer(body=f'<rss version="2.0"><channel><title>Herald</title>{items}</channel></rss>'),
            "/quayside": Answer(body=page.format("quayside", f"<p>The quay. {prose(7, 90)}</p>"), headers=html),
            "/inland": Answer(body=page.format("inland", f"<p>{prose(8, 90)}</p>"), headers=html),
        }
        store.feeds.add(stand.feed(0), now=NOW)
        with Archive(folder, now=clock) as keeper:
            done = ingest.ingest(
                store,
                feeds=store.feeds.all(),
                web=WEB,
                worker=ingest.Worker.this_process(),
                keeper=keeper,
                tagger=tagger(FIRST),
                now=clock,
                progress=Silent(),
                processes=1,
            )
        assert done.created == 2
    import_lines(store, tagger(FIRST))
    assert labels(store) == {**ONE, "quayside": (["Harbour"], [], []), "inland": ([], [], [])}
    before = versions(store, client)

    at = NOW + timedelta(minutes=5)

    def again(text: str, choice: Choice = Choice()) -> Report:  # noqa: B008 - frozen
        files = archive.files(folder)
        return reprocess(store, files, choice, now=clock, progress=Silent(), processes=1, tagger=tagger(text))

    done = again(SECOND)
    assert (done.read, done.created, done.updated, done.unchanged) == (6, 0, 4, 2)
    assert labels(store) == {**TWO, "quayside": (["Port"], [], []), "inland": ([], [], [])}
    after = versions(store, client)
    assert {title for title in after if after[title] != before[title]} == {"The quay", "Given", "Both", "quayside"}
    done = again(SECOND)
    assert (done.read, done.updated, done.unchanged) == (6, 0, 6)
    done = again(FIRST, Choice(sources=["herald.example"]))
    assert (done.read, done.updated, done.unchanged) == (4, 3, 1)
    assert labels(store)["quayside"] == (["Port"], [], [])


def test_the_commands(engine: local.Running, store: Store, tmp_path: Path) -> None:
    """Import with an own vocabulary, search by its tags, edit the file, apply it, and reprocess without an archive."""
    file, lines = tmp_path / "own.toml", tmp_path / "lines.jsonl"
    file.write_text(FIRST, encoding="utf-8")
    lines.write_text("\n".join(map(json.dumps, LINES)), encoding="utf-8")
    own = ("--vocabulary", str(file), "--home", str(tmp_path))
    done = run(engine, store, *own, "import", str(lines), "--format", "json", check=True)
    assert json.loads(done.stdout)["created"] == 4
    found = run(engine, store, "search", "tag:harbour", "--format", "json", check=True)
    assert sorted(each["title"] for each in json.loads(found.stdout)) == ["Both", "Given", "The quay"]
    file.write_text(SECOND, encoding="utf-8")
    done = run(engine, store, *own, "vocabulary", "apply", "--format", "json", check=True)
    report = json.loads(done.stdout)
    assert (report["read"], report["updated"], report["unchanged"]) == (4, 3, 1)
    assert labels(store) == TWO

    file.write_text(FIRST, encoding="utf-8")
    done = run(engine, store, *own, "reprocess", "--format", "json", check=True)
    report = json.loads(done.stdout)
    assert (report["read"], report["updated"], report["unchanged"]) == (4, 3, 1)
    assert "There is no archive" in report["warnings"][0]
    assert labels(store) == ONE

    file.write_text(FIRST + "[[tags]]\nname = 'Bad'\nterms = ['no']\n", encoding="utf-8")
    for command in (["import", str(lines)], ["vocabulary", "apply"], ["reprocess"], ["add", str(lines)], ["ingest"]):
        done = run(engine, store, *own, *command)
        assert done.returncode == 2, command
        assert "own.toml, line 10: [[tags]] «Bad»: «no» in terms is too short" in done.stderr
    assert labels(store) == ONE


def test_reprocess_of_nothing_is_refused(engine: local.Running, store: Store, tmp_path: Path) -> None:
    """Without an archive and without articles there is nothing to make again: an archive was named wrongly."""
    done = run(engine, store, "--home", str(tmp_path), "reprocess")
    assert done.returncode == 2
    assert "There is no archive in" in done.stderr


def test_the_shipped_vocabulary_is_applied_by_itself(engine: local.Running, store: Store, tmp_path: Path) -> None:
    """Without any setting an import is tagged; with «off» it is not."""
    line = {"url": "https://herald.example/a", "title": "LockBit hits a port", "text": f"CVE-2026-4321. {prose(5, 50)}"}
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")
    run(engine, store, "--vocabulary", "off", "import", str(tmp_path / "a.jsonl"), check=True)
    assert labels(store) == {"LockBit hits a port": ([], [], [])}
    done = run(engine, store, "import", str(tmp_path / "a.jsonl"), "--format", "json", check=True)
    assert json.loads(done.stdout)["updated"] == 1
    assert labels(store) == {"LockBit hits a port": (["Vulnerability", "Ransomware"], ["LockBit"], ["CVE-2026-4321"])}


def test_an_index_of_the_version_before_is_brought_up(client: Elasticsearch, store: Store) -> None:
    """The new fields are added in place, and articles of before are tagged."""
    store.drop()
    older = copy.deepcopy(schema.definition("articles"))
    for name in ("given", "vocabulary"):
        del older["mappings"]["properties"][name]
    older["mappings"]["_meta"]["version"] = 3
    aliases: dict[str, Any] = {
        f"{store.prefix}-articles": {},
        f"{store.prefix}-articles-write": {"is_write_index": True},
    }
    client.indices.create(
        index=f"{store.prefix}-articles-000001",
        settings=older["settings"],
        mappings=older["mappings"],
        aliases=aliases,
    )
    store.init()
    assert store.outdated() == [f"{store.prefix}-articles"]
    assert store.upgrade() == [f"{store.prefix}-articles"]
    assert store.outdated() == []
    write(store, article("one", "A quay.", title="One"))
    apply(store, tagger(FIRST), now=now, progress=Silent())
    assert labels(store) == {"One": (["Harbour"], [], [])}


@pytest.fixture
def filled(store: Store) -> Store:
    """Give articles with tags, stories and CVE ids of three sources."""
    lines = [
        {
            "url": "https://krebs.example/1", "source": "Krebs Daily", "title": "One", "language": "en",
            "text": f"harbour {prose(1, 50)}", "tags": ["Ransomware", "Data Breach"], "stories": ["Sandworm"],
            "cves": ["CVE-2026-12345"],
        },
        {
            "url": "https://courrier.example/2", "source": "Le Courrier", "title": "Two", "text": prose(2, 50),
            "tags": ["Résilience"], "stories": ["Lazarus Group"], "language": "fr",
        },
    ]  # fmt: skip
    import_lines(store, None, *lines)
    return store


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("tag:Ransomwre", "tag:Ransomware"),
        ("tags:resilence", "tags:Résilience"),
        ('tag:"data breech"', 'tag:"Data Breach"'),
        ("story:sandwrom", "story:Sandworm"),
        ("story:lazarus", 'story:"Lazarus Group"'),
        ("source:kreb", "source:krebs"),
        ("domain:kreb.example", "domain:krebs.example"),
        ("cve:CVE-2026-12354", "cve:CVE-2026-12345"),
        ("language:french", "language:fr"),
        ("(tag:Ransomwre OR tag:x) harbuor", "(tag:Ransomware OR tag:x) harbour"),
        ("tag:Ransomwre story:Sandwrom", "tag:Ransomware story:Sandworm"),
        ("tag:Ransomwre language:fr", None),  # it would find nothing
        ("tag:zzzz", None),
        ("tag:Ransom*x", None),
        ("-tag:Ransomwre zzzzq", None),
    ],
)
def test_values_that_nothing_has_are_offered_otherwise(filled: Store, wrong: str, right: str | None) -> None:
    """A tag, story, source, CVE id or language that no article has is offered as the nearest that some have."""
    better = spelling(filled, Wanted(query=wrong))
    assert (better and better.query.casefold()) == (right and right.casefold())
    assert better is None or better.total == 1


def test_options_are_offered_otherwise(engine: local.Running, filled: Store) -> None:
    """So are the values of options, and the command says both."""
    wanted = Wanted(query="harbuor", tags=["ransomwre"], sources=["krebs dialy"])
    assert spelling(filled, wanted) == Spelling(
        query="harbour", total=1, options=(("tag", "Ransomware"), ("source", "Krebs Daily"))
    )
    done = run(engine, filled, "search", "harbour", "--tag", "Ransomwre", check=True)
    assert "Did you mean «harbour» --tag 'Ransomware'? It finds 1 article." in " ".join(done.stderr.split())
    take(filled, article("three", "harbour"))
    assert spelling(filled, Wanted(query="tag:Ransomware")) is None
