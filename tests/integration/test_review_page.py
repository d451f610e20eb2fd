"""The review page in a real browser, of articles of a real index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import chromium
import pytest
from command import run
from samples import NOW, article, prose, take

from indexer.models import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from indexer import engine as local
    from indexer.elastic import Store

PHONE, DESK = 360, 1200
HOSTILE = '<script>window.ran=1</script><img src="https://tracker.example/x.png" onerror="window.ran=2">'
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenfabrikantenvereinigung" * 4
SHARED = prose(5, 120)
# Every text that can be seen, with the contrast of its colour to what is behind it, as WCAG 2 counts it.
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !holder.checkVisibility() || holder.closest('style')) continue;
    let behind = holder;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const a = light(rgb(getComputedStyle(holder).color));
    const b = light(rgb(getComputedStyle(behind || document.body).backgroundColor));
    found.push([walk.currentNode.data.trim().slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
  }
  return found;
}"""
# What reaches beyond the right edge of the window.
BEYOND = """() => [...document.body.querySelectorAll('*')]
  .filter(each => each.checkVisibility() && !each.closest('thead'))
  .filter(each => each.getBoundingClientRect().right > innerWidth + .5)
  .map(each => each.tagName + ' ' + each.textContent.trim().slice(0, 40))"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in the browser, and what went on while it was opened."""

    page: Page
    requests: list[str]
    problems: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a real browser; a machine without one fails, saying what to install."""
    with chromium.opened() as opened:
        yield opened


@pytest.fixture
def review(engine: local.Running, store: Store, tmp_path: Path) -> Path:
    """Give the page of a hostile article that repeats one, and is repeated by two."""
    at = NOW - timedelta(days=2)
    first = article("first", f"{SHARED} {prose(6, 30)}", published=at, title=f"{LONG} first")
    middle = article(
        "middle", f"{SHARED} {prose(7, 20)}", domain="mirror.example", published=at + timedelta(hours=3), title=HOSTILE
    )
    late = article("late", middle.text, domain="third.example", published=at + timedelta(hours=30), title=LONG)
    same = article("same", middle.text, domain="mirror.example", published=at + timedelta(hours=3), title="Same hour")
    object.__setattr__(
        middle, "source", Source(name=f"{HOSTILE} {LONG}", domain="mirror.example", icon="https://i/i.png")
    )
    take(store, first, middle, late, same)
    run(engine, store, "edit", middle.id, "--stars", "3", "--note", HOSTILE, "--tag", LONG, check=True)
    file = tmp_path / "page.html"
    run(engine, store, "show", middle.id, "--format", "html", "--language", "fr", "-o", str(file), check=True)
    return file


def open_page(browser: Browser, file: Path, width: int, **how: Any) -> Opened:
    page = browser.new_page(viewport={"width": width, "height": 800}, **how)
    opened = Opened(page, [], [])
    page.on("request", lambda request: opened.requests.append(request.url))
    page.on("console", lambda message: opened.problems.append(message.text))
    page.on("pageerror", lambda error: opened.problems.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return opened


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_hostile_article_is_only_text(browser: Browser, review: Path, width: int) -> None:
    """No script runs, nothing is asked for but the page, no error is shown, and its fields stand in their order."""
    opened = open_page(browser, review, width)
    assert opened.page.evaluate("window.ran === undefined")
    assert opened.page.locator("script, img, iframe").count() == 0
    assert opened.requests == [review.as_uri()]
    assert opened.problems == []
    assert opened.page.locator("dt").all_text_contents() == [
        "Source", "Identifiant", "Date de publication", "Titre", "Texte", "Envoyé", "Condensat", "Tags", "Stories",
        "Notes", "Move",
    ]  # fmt: skip
    assert HOSTILE in opened.page.locator("p.title").inner_text()
    headings = opened.page.locator("h1, h2").all_inner_texts()
    assert [each.lower() for each in headings] == [
        "one article review",
        "l'article:",
        "l'article a été repris après sa publication :",
        "l'article reprend un précédent :",
    ]
    assert opened.page.locator("tbody tr").count() == 3


def test_the_policy_stops_what_gets_in(browser: Browser, review: Path, tmp_path: Path) -> None:
    """Were a script to get into the page unescaped, the browser would refuse it, and would fetch nothing."""
    spoilt = tmp_path / "spoilt.html"
    text = review.read_text(encoding="utf-8")
    spoilt.write_text(text.replace("<main>", f"<main>{HOSTILE}", 1), encoding="utf-8")
    opened = open_page(browser, spoilt, DESK)
    assert opened.page.evaluate("window.ran === undefined")
    assert len(opened.problems) >= 2
    assert all("Content Security Policy" in each for each in opened.problems)


def test_a_phone_need_not_scroll_sideways(browser: Browser, review: Path) -> None:
    """At 360 px nothing reaches beyond the edge, however long its words are; nor when the differences are opened."""
    opened = open_page(browser, review, PHONE)
    for each in opened.page.locator("details").all():
        each.locator("summary").click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert opened.page.evaluate(BEYOND) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser: Browser, review: Path, scheme: str) -> None:
    """By day and by night every text has a contrast of 4.5 at least, and the two differ."""
    opened = open_page(browser, review, DESK, color_scheme=scheme)
    found = opened.page.evaluate(CONTRASTS)
    assert len(found) > 40
    assert [each for each in found if each[1] < 4.5] == []
    ink = opened.page.evaluate("getComputedStyle(document.body).color")
    assert (ink == "rgb(28, 27, 26)") == (scheme == "light")


def test_on_paper_it_is_whole(browser: Browser, review: Path) -> None:
    """It prints as PDF, with ink on white, though the screen be dark."""
    opened = open_page(browser, review, DESK, color_scheme="dark")
    opened.page.emulate_media(media="print")
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert opened.page.pdf().startswith(b"%PDF")


def test_wrong_use_is_told(engine: local.Running, store: Store, tmp_path: Path) -> None:
    """An output without the page, and a folder that is not there, are wrong use, and nothing is written."""
    one = article("one", prose(1, 60))
    take(store, one)
    assert run(engine, store, "show", one.id, "-o", str(tmp_path / "x.html")).returncode == 2
    refused = run(engine, store, "show", one.id, "--format", "html", "-o", str(tmp_path / "no" / "x.html"))
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    assert run(engine, store, "show", one.id, "--format", "html", check=True).stdout.startswith("<!DOCTYPE html>")
