"""Fill indices of their own, ask what the dashboards ask, draw docs/dashboards/*.png, and take the indices away again.

It needs matplotlib, and an Elasticsearch: the local engine, started if need be.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard_pictures.drawing import draw
from dashboard_pictures.fill import NOW, ROOT, fill
from indexer import engine
from indexer.cli import settings
from indexer.elastic import Store
from indexer.kibana import meaning, queries, shipped
from indexer.kibana.meaning import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from indexer.kibana.panels import Json

SPAN = queries.Span(start=NOW - timedelta(days=30), end=NOW)
DURING = f"{SPAN.start:%d %b} – {SPAN.end:%d %b %Y}"


def main() -> int:
    """Fill, ask and draw."""
    parser = argparse.ArgumentParser(prog="dashboard_pictures", description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "dashboards", help="folder of the pictures")
    wanted = parser.parse_args()
    wanted.to.mkdir(parents=True, exist_ok=True)
    running = engine.start(settings.load().home, progress=lambda told: print(told, file=sys.stderr))
    prefix = f"pictures-{secrets.token_hex(3)}"
    login = {"url": running.url, "username": running.username, "password": running.password}
    with Store.connect(running.url, username=running.username, password=running.password, prefix=prefix) as store:
        try:
            with tempfile.TemporaryDirectory() as folder:
                own = {f"CONDENSAT_{name.upper()}": value for name, value in {**login, "prefix": prefix}.items()}
                hosts = fill(own, Path(folder))
            for name in ("articles", "feeds", "pairs"):
                getattr(store, name).refresh()
            for board in shipped.dashboards(prefix):
                found = {panel["id"]: list(_ask(store, panel)) for panel in board.body["panels"]}
                body = {**board.body, "title": board.body["title"].removeprefix(f"{prefix}: ")}
                path = wanted.to / f"{board.name}.png"
                path.write_bytes(draw(body, found, during=DURING, said=_named(hosts)))
                print(f"{path}: {path.stat().st_size / 1_000:.0f} kB")
        finally:
            store.drop()
    return 0


def _ask(store: Store, panel: Json) -> Iterator[queries.Found]:
    """Ask what a panel asks; where it shows the rest as «Other», also what all come to."""
    for asked in meaning.read(panel):
        yield _answer(store, asked)
        if isinstance(asked, Asked) and any("other_bucket" in each for each in asked.splits):
            whole = replace(asked, splits=tuple(each for each in asked.splits if "other_bucket" not in each))
            yield _answer(store, whole)


def _answer(store: Store, asked: Asked | meaning.Listed) -> queries.Found:
    name = asked.pattern.removeprefix(f"{store.prefix}-")
    return queries.to_found(asked, store.search(name, queries.to_search(asked, SPAN)))


def _named(hosts: Mapping[str, str]) -> Callable[[str], str]:
    """Show the demo's publishers, which are served from loopback, by their names."""
    names = {host: f"{name}.example" for host, name in hosts.items()}
    names |= {host.rpartition(":")[0]: name for host, name in names.items()}
    found = re.compile("|".join(re.escape(each) for each in sorted(names, key=len, reverse=True)))
    return lambda text: found.sub(lambda match: names[match.group()], text)


if __name__ == "__main__":
    sys.exit(main())
