"""Export from a real index and import into another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from command import run
from samples import HOUR, NOW, article, now, prose, take

from indexer import exporting
from indexer.editing import edit
from indexer.elastic import StoreError
from indexer.exporting import OtherExportError, Task, export
from indexer.importing import import_articles
from indexer.models import Published
from indexer.notes import Edit
from indexer.progress import Silent
from indexer.review import pairs
from indexer.search import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from indexer import engine as local
    from indexer.elastic import Store

TEXT = prose(1, 80)
FIRST = article("first", TEXT, title='=SUM("<b>a</b>")', published=NOW - 5 * HOUR)


@pytest.fixture
def filled(store: Store) -> Store:
    """Give an index with all there can be: an edited article, its copy, an undated one, an analyst's words."""
    take(store, FIRST)
    take(store, replace(FIRST, text=f"{TEXT} An update, at last."))
    copy = article("copy", TEXT, domain="mirror.example", published=NOW - HOUR, further=["https://mirror.example/x"])
    bare = replace(
        article("undated", f'Ünïcode; lines\nand "quotes" {prose(2, 30)}', published=None),
        published=Published(raw="yesterday", problem="unparsable", origin="feed"), language=None, seen=NOW - 9 * HOUR,
        tags=("Data Breach", "a;b"), cves=("CVE-2026-0001",),
    )  # fmt: skip
    take(store, copy, bare)
    edit(store, [bare.id], Edit(stars=2, remark="-ask", tags=("Mine",), shelf="kept"), by="ann", now=NOW)
    store.edits.edit([copy.id], lambda _: {"sent": True, "sent_at": "2026-09-11T00:00:00.000Z"})
    store.articles.refresh()
    return store


def documents(store: Store) -> dict[str, dict[str, Any]]:
    """Read all articles whole, without nulls."""
    store.articles.refresh()
    found = {}
    for hit in store.articles.scan({"query": {"match_all": {}}}):
        found[hit["_id"]] = {key: value for key, value in hit["_source"].items() if value is not None}
        found[hit["_id"]]["source"] = {key: value for key, value in hit["_source"]["source"].items() if value}
        if "notes" in found[hit["_id"]]:
            notes = found[hit["_id"]]["notes"]
            found[hit["_id"]]["notes"] = {key: value for key, value in notes.items() if value is not None}
    return found


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "atom"])
def test_an_empty_index_becomes_the_same(
    engine: local.Running, filled: Store, new_store: Callable[[], Store], tmp_path: Path, form: str
) -> None:
    """Export and import give the same documents, analysts' words and earlier versions included, and the same pairs."""
    path = tmp_path / "all"
    run(engine, filled, "export", "*", "--format", form, "--output", str(path), check=True)
    assert [each.name for each in tmp_path.iterdir()] == ["all"]
    other = new_store()
    without = ("--vocabulary", "off")  # as they were written; with one the same holds: see test_vocabulary
    done = run(engine, other, *without, "import", str(path), "--format", "json", "--strict", check=True)
    report = json.loads(done.stdout)
    assert (report["read"], report["created"]) == (3, 3)
    assert documents(other) == documents(filled)
    assert set(pairs(other)) == set(pairs(filled))
    again = json.loads(run(engine, other, *without, "import", str(path), "--format", "json", check=True).stdout)
    assert again["unchanged"] == 3


def test_export_to_standard_output(engine: local.Running, filled: Store) -> None:
    """A query chooses, and data are alone on standard output; pairs come as JSON says them elsewhere."""
    done = run(engine, filled, "export", "tag:mine", "--from", "2026-09-01", check=True)
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["notes"]["by"] == "ann"
    found = [json.loads(each) for each in run(engine, filled, "export", "--pairs", check=True).stdout.splitlines()]
    listed = json.loads(run(engine, filled, "reposts", "--format", "json", check=True).stdout)
    assert {each["id"]: each["kind"] for each in found} == {each["id"]: each["kind"] for each in listed}
    assert found[0].keys() == listed[0].keys()
    cells = run(engine, filled, "export", "--pairs", "--format", "csv", "--kind", "passage", check=True).stdout
    assert cells.count("\n") == 1
    for wrong in (["--pairs", "storm"], ["--format", "parquet"], ["--kind", "near"], ["a AND"]):
        assert run(engine, filled, "export", *wrong).returncode == 2, wrong


@pytest.mark.parametrize("form", ["jsonl", "csv", "atom", "parquet"])
def test_a_stopped_export_is_gone_on_with(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: exporting.Form
) -> None:
    """Wherever it stops, and whatever was half written, the same command ends in the same file as one run."""
    many = [article(f"a{number}", f"{number} {prose(number, 9)}", published=NOW) for number in range(35)]
    take(store, *many)
    monkeypatch.setattr(exporting, "PAGE", 10)
    task = Task.articles(Wanted())
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    export(store, task, form, whole, now=now, progress=Silent())

    written = store.articles.scan
    for stop in (5, 15, 15):

        def breaking(body: dict[str, Any], *, page: int, stop: int = stop) -> Any:
            for number, hit in enumerate(written(body, page=page)):
                if number == stop:
                    raise StoreError("gone")
                yield hit

        with monkeypatch.context() as patch:
            patch.setattr(store.articles, "scan", breaking)
            with pytest.raises(StoreError):
                export(store, task, form, stopped, now=now, progress=Silent())
        assert not stopped.exists()
        with (tmp_path / "stopped.part").open("ab") as part:
            part.write(b'{"half a li')
    with pytest.raises(OtherExportError, match="rm "):
        export(store, Task.articles(Wanted(query="a1")), form, stopped, now=now, progress=Silent())
    done = export(store, task, form, stopped, now=now, progress=Silent())
    assert (done.count, done.before) == (35, 20)
    assert stopped.read_bytes() == whole.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["stopped", "whole"]


def test_an_import_does_not_touch_what_is_there(filled: Store, tmp_path: Path) -> None:
    """Of an article that is there already, an import of an older export leaves the analysts' fields as they are."""
    path = tmp_path / "all.jsonl"
    export(filled, Task.articles(Wanted()), "jsonl", path, now=now, progress=Silent())
    identity = next(each for each, document in documents(filled).items() if "notes" in document)
    edit(filled, [identity], Edit(stars=5), by="bob", now=NOW + timedelta(days=1))
    before = documents(filled)
    report = import_articles(filled, path.read_bytes().splitlines(), now=now, progress=Silent())
    assert report.unchanged == 3
    assert documents(filled) == before
