"""Fill empty indices by the product's commands: the demo's articles, four weeks of others, feeds in every state."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from demo_site import Site

from dashboard_pictures.stories import lines
from dashboard_pictures.troubled import Troubled

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
CLOCKED = ROOT / "tests" / "integration" / "clocked.py"  # the command, with a clock that stands still
NOW = datetime(2026, 9, 28, 12, tzinfo=UTC)  # a few days after the newest article of the demo


def fill(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Run the commands; gives, by loopback address, the name of the publisher that is served there.

    ``settings`` are those of the environment that name the index; ``folder`` takes what is written on the way.
    """
    environment = {
        **os.environ,
        **settings,
        "PYTHONPATH": str(ROOT),
        "CONDENSAT_ALLOW_PRIVATE": "1",
        "CONDENSAT_HOST_DELAY": "0",
        "CONDENSAT_ARCHIVE": "off",
    }

    def run(*arguments: str, may_fail: bool = False) -> None:
        done = subprocess.run(  # noqa: S603 our own command
            [sys.executable, str(CLOCKED), NOW.isoformat(), *arguments],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode and not may_fail:
            raise RuntimeError(f"condensat {' '.join(arguments)}: {done.stderr}")

    (folder / "articles.jsonl").write_text("\n".join(lines(NOW)), encoding="utf-8")
    with Site() as site, Troubled(NOW) as troubled:
        (folder / "feeds.opml").write_text(site.opml(), encoding="utf-8")
        run("import", "articles.jsonl")
        run("feeds", "import", "feeds.opml")
        run("ingest")
        run("feeds", "add", *troubled.feeds)
        run("ingest")
        run("ingest", *troubled.feeds[-1:], may_fail=True)
        run("feeds", "add", f"{troubled.url}/later.xml")
        named = {
            site.base(key).removeprefix("http://"): key for key in ("copper", "wire", "digue", "gazette", "lab", "cert")
        }
        return {**named, troubled.url.removeprefix("http://"): "troubled"}
