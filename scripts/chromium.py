"""Find the Chromium of this machine and open pages in it, cut off from the network; it knows no page."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/usr/bin",
    "/usr/local/bin",
    "/snap/bin",
    "/opt/google/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS",
    "/Applications/Chromium.app/Contents/MacOS",
)
MAC_NAMES = ("Google Chrome", "Chromium")
OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "No Chromium was found on this machine. Install one, on Debian or Ubuntu with «apt-get install chromium», on macOS "
    "with «brew install --cask google-chrome», or name one: CONDENSAT_CHROMIUM=/path/to/chromium"
)


class NoChromiumError(Exception):
    """There is no Chromium, and its text says what to install."""


def find() -> Path:
    """Give the program: that of CONDENSAT_CHROMIUM, else one on the path or in a usual place, else playwright's own."""
    named = os.environ.get("CONDENSAT_CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise NoChromiumError(f"CONDENSAT_CHROMIUM names {named}, where there is no file")
        return Path(named)
    path = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    for name in (*NAMES, *MAC_NAMES):
        if found := shutil.which(name, path=path):
            return Path(found)
    if (own := _playwrights()).is_file():
        return own
    raise NoChromiumError(MISSING)


def _playwrights() -> Path:
    """Give where ``playwright install chromium`` puts it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 only where nothing else was found

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


@contextmanager
def opened() -> Iterator[Browser]:
    """Give a browser with an empty profile, which is closed and gone in the end."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 who only looks for it need not wait for it

    program = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()
