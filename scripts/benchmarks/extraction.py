"""Extract the same pages by the product and by others: F1 and pages a second, ``scripts/bench extraction``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import PAGES, ROOT, AbsentError, need

if TYPE_CHECKING:
    from collections.abc import Iterable

OURS, OTHERS = ("condensat", "trafilatura"), ("newspaper4k", "readability_lxml")
# newspaper4k wants another version of what the Elasticsearch client needs, so these have an environment of their own.
PINNED = ("newspaper4k==0.9.6", "readability-lxml==0.9")
PLACE = ROOT / ".venv-bench"
INSTALL = f".venv/bin/uv venv {PLACE.name} && .venv/bin/uv pip install --python {PLACE.name} {' '.join(PINNED)}"


def run() -> None:
    """Print precision, recall, F1 and pages a second of processor time, of each."""
    need(PAGES)
    others = PLACE / "bin" / "python"
    if not others.exists():
        raise AbsentError(f"{INSTALL}\nfirst: it compares with these, which are installed apart from the product")
    truth = json.loads((PAGES.parent / "ground-truth.json").read_text(encoding="utf-8"))
    print(f"{len(truth)} pages, each way in one process, one after the other, each page at its fastest of three\n")
    print(f"{'':17} precision  recall     F1  pages a second of a core")
    for way in (*OURS, *OTHERS):
        found = measure(Path(sys.executable) if way in OURS else others, way)
        precision, recall = mean(score(page["articleBody"], found["texts"][name]) for name, page in truth.items())
        both = 2 * precision * recall / (precision + recall)
        print(f"{way:17} {precision:9.4f} {recall:7.4f} {both:6.4f} {len(truth) / found['seconds']:8.1f}", flush=True)
        for failure in found["failures"]:
            print(f"{'':17} raised {failure[:100]}")


def measure(python: Path, way: str) -> dict[str, Any]:
    """Extract the pages one way; give ``texts`` by name and the ``seconds``."""
    command = [str(python), str(Path(__file__).with_name("ways.py")), way, str(PAGES)]
    ended = subprocess.run(  # noqa: S603 our own script
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count the runs of four words."""
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[start : start + 4]) for start in range(max(len(words) - 3, min(len(words), 1))))


def score(expected: str, found: str) -> tuple[float, float]:
    """Give precision and recall of one page, as the article extraction benchmark counts them."""
    wanted, given = shingles(expected), shingles(found)
    shared = (wanted & given).total()
    return (
        shared / given.total() if given else float(not wanted),
        shared / wanted.total() if wanted else float(not given),
    )


def mean(scores: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Average precision and recall over pages."""
    precisions, recalls = zip(*scores, strict=True)
    return sum(precisions) / len(precisions), sum(recalls) / len(recalls)
