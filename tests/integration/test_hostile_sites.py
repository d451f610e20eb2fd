"""Sites that are hostile from end to end: feeds, pages and answers that were spoilt, and one of each that is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hostile
import pytest
from newsstand import Answer, Newsstand
from press import Reader, finish

if TYPE_CHECKING:
    from pathlib import Path

    from indexer import engine as local
    from indexer.elastic import Store

FEEDS = 12
MANY_FEEDS = 600
PAGES = 3  # of a feed


def spoil(stand: Newsstand, seed: int) -> str:
    """Serve a feed, every second of which is spoilt, and its pages, of which the first is well; give its address."""
    items = "".join(stand.item(f"{seed}-{number}") for number in range(PAGES))
    good = (hostile.RSS.replace("</channel>", f"{items}</channel>"), hostile.ATOM, hostile.JSON)[seed % 3]
    good = good.replace("https://harbour.example", f"{stand.url}/{seed}")
    body = hostile.spoilt(good, seed) if seed % 2 else good.encode()
    stand.routes[f"/feed/{seed}"] = Answer(raw=body, headers={"Content-Type": "application/xml"})
    for number in range(PAGES):
        page = hostile.PAGE.replace("harbour", f"harbour{seed}-{number}")
        spoilt = hostile.spoilt(page, 7 * seed + number) if number else page.encode()
        stand.routes[f"/page/{seed}-{number}"] = Answer(raw=spoilt, headers={"Content-Type": "text/html"})
    return stand.feed(seed)


@pytest.mark.parametrize("seeds", [range(FEEDS), pytest.param(range(FEEDS, MANY_FEEDS), marks=pytest.mark.long)])
def test_hostile_sites(engine: local.Running, store: Store, tmp_path: Path, seeds: range) -> None:
    """Each costs a rejected item at most, nothing of it is refused by Elasticsearch, and what is well comes in."""
    with Newsstand() as stand:
        feeds = [spoil(stand, seed) for seed in seeds]
        report = finish(Reader(engine, feeds, tmp_path).start(store.prefix))
    print(
        f"\n{report['rejected']} {[each['reason'] for each in report['feeds']['failed']]} {report['created']} created"
    )
    assert "not written" not in report["rejected"]
    assert report["feeds"]["read"] + len(report["feeds"]["failed"]) == len(seeds)
    assert report["read"] == report["created"] + report["unchanged"] + report["updated"] + sum(
        report["rejected"].values()
    )
    assert report["created"] > len(seeds) / 2
