"""The publishers of a made-up world on loopback, each on an address of its own, and the command that reads them.

Between them and the command, and between the command and Elasticsearch, stand proxies that can spoil requests.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from xml.sax.saxutils import escape

from flaky import Flaky
from newsstand import Answer, Asked, Newsstand
from samples import NOW

from indexer import opml
from indexer.elastic.paging import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from elasticsearch import Elasticsearch
    from world import World

    from indexer import engine as local

ROOT = Path(__file__).parents[2]
CLOCKED = Path(__file__).with_name("clocked.py")
PATIENCE = 120.0  # seconds; what takes longer hangs
PARAGRAPH = 40  # words
WHOLE_IN_FEED, WITHOUT_LINK = 4, 9  # of so many articles one has its text in the feed as well, or only there
COMPARED = ("articles", "reposts")
CLOCKS = frozenset({"created", "modified", "judged", "seen", "effective"})


class Press:
    """The publishers while they are served: a context manager. ``network`` is what lies before them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stand = Newsstand(before=self._note)
        self.last_asked = 0.0  # monotonic time
        lines = [json.loads(each) for each in (*world.first, *world.later)]
        names = sorted({each["source"] for each in lines})
        self._hosts = {name: f"127.0.0.{2 + place}" for place, name in enumerate(names)}
        self.network: Flaky

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.enter_context(self.stand)
            self.network = opened.enter_context(Flaky(self.stand.url, hosts=self._hosts.values()))
            self._opened = opened.pop_all()
        self.publish(edited=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def feeds(self) -> list[str]:
        """Give the addresses of the feeds."""
        return [f"{self._base(name)}/{name}/feed" for name in self._hosts]

    def _note(self, _: Asked) -> None:
        self.last_asked = time.monotonic()

    def publish(self, *, edited: bool) -> None:
        """Serve the world as it is at first, or as it is later."""
        delivered = (*self.world.first, *(self.world.later if edited else ()))
        articles = {each["url"]: each for each in map(json.loads, delivered)}
        routes = {}
        for name in self._hosts:
            own = [each for each in articles.values() if each["source"] == name]
            routes[f"/{name}/feed"] = Answer(body=self._feed(name, own), headers={"Content-Type": "application/xml"})
        for number, each in enumerate(articles.values()):
            if number % 11 != 10:  # some pages are not there
                page = Answer(body=_page(each), headers={"Content-Type": "text/html; charset=utf-8"})
                routes[f"/{each['source']}/{_slug(each)}"] = page
        self.stand.routes = routes

    def _base(self, name: str) -> str:
        return f"http://{self._hosts[name]}:{self.network.port}"

    def _feed(self, name: str, articles: Iterable[dict[str, Any]]) -> str:
        items = "".join(self._item(name, each) for each in articles)
        return f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>'

    def _item(self, name: str, article: dict[str, Any]) -> str:
        title = f"{article['title']} of {name}"
        number = sum(title.encode())
        words = article["text"].split()
        alone = number % WITHOUT_LINK == 0
        told = words if alone or number % WHOLE_IN_FEED == 0 else words[:12]
        link = "" if alone else f"<link>{self._base(name)}/{name}/{_slug(article)}</link>"
        date = article["published"]
        if date and len(date) > len("2026-09-10"):
            date = format_datetime(datetime.fromisoformat(date))
        dated = f"<pubDate>{date}</pubDate>" if date else ""
        return (
            f'<item><title>{escape(title)}</title><guid isPermaLink="false">{_slug(article)}</guid>{link}{dated}'
            f"<description>{escape(' '.join(told))}</description></item>"
        )


def _slug(article: dict[str, Any]) -> str:
    return str(article["url"]).rpartition("/")[2]


def _page(article: dict[str, Any]) -> str:
    words = article["text"].split()
    parts = [" ".join(words[start : start + PARAGRAPH]) for start in range(0, len(words), PARAGRAPH)]
    body = "".join(f"<p>{escape(each)}.</p>" for each in parts)
    head = f"<title>{escape(article['title'])}</title>"
    return f"<html><head>{head}</head><body><article><h1>{article['title']}</h1>{body}</article></body></html>"


class Reader:
    """Runs `condensat ingest` over feeds, as processes of their own, with a clock that stands still."""

    def __init__(self, engine: local.Running, feeds: Iterable[str], folder: Path) -> None:
        self._list = folder / "feeds.opml"
        self._list.write_bytes(opml.render([opml.OpmlFeed(url=each) for each in feeds]))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONDENSAT_")},
            "PYTHONPATH": str(ROOT),
            "CONDENSAT_URL": engine.url,
            "CONDENSAT_USERNAME": engine.username,
            "CONDENSAT_PASSWORD": engine.password,
            "CONDENSAT_ALLOW_PRIVATE": "1",
            "CONDENSAT_HOST_DELAY": "0",
            "CONDENSAT_HOST_CONNECTIONS": "8",
        }

    def start(self, prefix: str, **environment: str) -> subprocess.Popen[str]:
        """Begin a run on the indices of a prefix."""
        return subprocess.Popen(
            [sys.executable, str(CLOCKED), NOW.isoformat(), "ingest", "--opml", str(self._list), "--format", "json"],
            env={**self.environment, "CONDENSAT_PREFIX": prefix, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, prefix: str, *, code: int | None = 0, **environment: str) -> dict[str, Any]:
        """Run to the end and give the report; ``code`` None lets any expected end pass, and the report may be empty."""
        return finish(self.start(prefix, **environment), code=code)


def finish(process: subprocess.Popen[str], *, code: int | None = 0, patience: float = PATIENCE) -> dict[str, Any]:
    """Wait for the end of a run and give its report; a bug's traceback is never an expected end."""
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert "Traceback" not in err, err
    assert process.returncode in ((code,) if code is not None else (0, 1, 3)), err
    report: dict[str, Any] = json.loads(out) if out else {}
    return report


def snapshot(client: Elasticsearch, prefix: str, *, aside: frozenset[str] = frozenset()) -> dict[str, dict[str, Any]]:
    """Give every article and pair, whole, by index and id; nothing may be waiting for its pairs."""
    found = {}
    for name in (*COMPARED, "pending"):
        client.indices.refresh(index=f"{prefix}-{name}")
        for hit in scan(client, f"{prefix}-{name}", {"query": {"match_all": {}}}, page=500):
            source = {key: value for key, value in hit["_source"].items() if key not in aside}
            found[f"{name} {hit['_id']}"] = source
    assert not [each for each in found if each.startswith("pending")]
    return found


def differing(found: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Give what is missing, too much or other, and of the latter only the fields."""
    result: dict[str, Any] = {}
    for key in sorted(found.keys() | wanted.keys()):
        one, other = found.get(key), wanted.get(key)
        if one is None or other is None:
            result[key] = "missing" if one is None else "too much"
        elif one != other:
            fields = one.keys() | other.keys()
            result[key] = {
                each: (one.get(each), other.get(each)) for each in fields if one.get(each) != other.get(each)
            }
    return result


def drop(client: Elasticsearch, prefixes: Sequence[str]) -> None:
    """Leave nothing behind."""
    for prefix in prefixes:
        for index in client.indices.get(index=f"{prefix}-*-0*", ignore_unavailable=True):
            client.indices.delete(index=index)
