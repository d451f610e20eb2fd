"""Grow an archive of made-up articles in a fresh engine and record what each stage costs: ``scripts/bench scale``.

The articles go in by the command that users have (``condensat import``); everything else is asked from outside.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from benchmarks import chart, corpus, watch
from benchmarks.common import Setting, setting
from benchmarks.recipe import Recipe
from indexer import detect, urls
from indexer.elastic import candidates, schema
from indexer.models import REPOST_KINDS, Kind
from indexer.reposts import pair_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PREFIX = "scale"
WINDOW = 10_000  # articles over which a rate is given
SAMPLE = 500  # articles whose candidate queries are timed at each size
# What detection alone needs of an article's document.
FIELDS = ("text_hash", "tokens", "repost_of", "reposts", "repeats")


def run(
    sizes: Sequence[int], *, out: Path, home: Path | None, options: Sequence[str], sources: int | None = None
) -> None:
    """Import up to each size in turn and write ``scale.json`` and ``scale.svg`` into ``out``, anew after each.

    ``sources`` is how many publish the articles, None for as many as in the recipe.
    """
    stages: list[dict[str, Any]] = []
    recipe = Recipe() if sources is None else Recipe(sources=sources)
    stream = corpus.articles(max(sizes), recipe)
    ids: list[str] = []
    pairs: list[dict[str, str]] = []
    with setting(PREFIX, home=home) as where:
        for size in sorted(sizes):
            before = len(ids)
            path = where.work / "articles.jsonl"
            _write(stream, size - before, path, ids, pairs)
            stages.append({"size": size, **_import(where, path, before, options), **_state(where, ids, pairs)})
            print(_line(stages[-1]), flush=True)
            written = {
                "machine": _machine(where),
                "sources": recipe.sources,
                "options": list(options),
                "stages": stages,
            }
            (out / "scale.json").write_bytes(orjson.dumps(written, option=orjson.OPT_INDENT_2))
            (out / "scale.svg").write_text(picture(stages), encoding="utf-8")


def _write(stream: Iterator[corpus.Made], count: int, path: Path, ids: list[str], pairs: list[dict[str, str]]) -> None:
    with path.open("wb") as lines:
        for _, made in zip(range(count), stream, strict=False):
            lines.write(orjson.dumps(made.article, option=orjson.OPT_APPEND_NEWLINE))
            ids.append(urls.article_id(made.article["url"]))
            if made.pair:
                pairs.append(made.pair)


def _import(where: Setting, path: Path, before: int, options: Sequence[str]) -> dict[str, Any]:
    """Import one file as a user would; windows end when articles can be found, their pairs follow a batch later."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CONDENSAT_")}
    environment |= {"CONDENSAT_HOME": str(where.home), "CONDENSAT_PREFIX": PREFIX}
    command = [sys.executable, "-m", "indexer", "import", str(path), "--format", "json", *options]
    alias = schema.read_alias(PREFIX, "articles")

    def done() -> int:
        return int(where.client.count(index=alias)["count"])

    output = where.work / "report.json"
    seconds, looks = watch.run(command, environment=environment, output=output, done=done)
    report = orjson.loads(output.read_bytes())
    report.pop("rejections", None)
    added = looks[-1].done - before
    return {
        "imported": added,
        "seconds": round(seconds, 1),
        "articles_per_second": round(added / seconds, 1),
        "windows": watch.windows(looks, start=before, size=WINDOW),
        "client_peak_mib": round(max(each.resident for each in looks) / 2**20, 1),
        "report": report,
    }


def _state(where: Setting, ids: Sequence[str], pairs: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Ask what the archive is like now."""
    return {
        "queries": _queries(where, ids),
        "disk": _disk(where, len(ids)),
        "pairs": _kinds(where),
        "planted": _planted(where, pairs),
    }


def _queries(where: Setting, ids: Sequence[str]) -> dict[str, float]:
    """Time the candidate queries of single articles, one after the other."""
    rng = np.random.default_rng(len(ids))
    chosen = [ids[place] for place in rng.choice(len(ids), size=min(SAMPLE, len(ids)), replace=False).tolist()]
    versions = list(where.store.articles.versions(chosen).values())
    alias = schema.read_alias(PREFIX, "signatures")
    spent, counts = [], []
    for version in versions:
        began = time.perf_counter()
        (hits,) = candidates.find(where.client, alias, [version], window_days=detect.WINDOW_DAYS)
        spent.append((time.perf_counter() - began) * 1000)
        counts.append(len(hits))
    return {
        "sample": len(versions),
        "p50_ms": round(float(np.median(spent)), 2),
        "p95_ms": round(float(np.percentile(spent, 95)), 2),
        "candidates_mean": round(float(np.mean(counts)), 1),
        "candidates_p95": float(np.percentile(counts, 95)),
    }


def _disk(where: Setting, articles: int) -> dict[str, Any]:
    """Give the bytes of the indices, and those that detection costs."""
    usage = {name: _usage(where, name) for name in ("articles", "signatures", "reposts")}
    fields = usage["articles"]["fields"]
    indexed = {name: int(fields.get(name, {}).get("total_in_bytes", 0)) for name in FIELDS}
    sizes = {name: int(each["store_size_in_bytes"]) for name, each in usage.items()}
    total = sum(sizes.values())
    detection = sum(indexed.values()) + sizes["signatures"] + sizes["reposts"]
    largest = sorted(((int(each["total_in_bytes"]), name) for name, each in fields.items()), reverse=True)[:12]
    return {
        **{f"{name}_bytes": size for name, size in sizes.items()},
        "bytes_per_article": round(total / articles),
        "detection_bytes_per_article": round(detection / articles),
        "detection_share": round(detection / total, 3),
        "detection": {**indexed, "signatures index": sizes["signatures"], "reposts index": sizes["reposts"]},
        "largest_fields": {name: size for size, name in largest},
    }


def _usage(where: Setting, name: str) -> Any:
    alias = schema.read_alias(PREFIX, name)
    answer = where.client.indices.disk_usage(index=alias, run_expensive_tasks=True, flush=True)
    (usage,) = (value for key, value in answer.items() if key != "_shards")
    return usage


def _kinds(where: Setting) -> dict[str, int]:
    answer = where.client.search(
        index=schema.read_alias(PREFIX, "reposts"), size=0, aggs={"kinds": {"terms": {"field": "kind"}}}
    )
    return {each["key"]: each["doc_count"] for each in answer["aggregations"]["kinds"]["buckets"]}


def _planted(where: Setting, pairs: Sequence[dict[str, str]]) -> dict[str, dict[str, float]]:
    """Tell, for each kind of copy that was made, how many were found, and how many as reposts."""
    alias = schema.read_alias(PREFIX, "reposts")
    named = [
        (pair_id(urls.article_id(each["url_a"]), urls.article_id(each["url_b"])), each["change"]) for each in pairs
    ]
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for start in range(0, len(named), 1_000):
        part = named[start : start + 1_000]
        answer = where.client.mget(index=alias, ids=[identity for identity, _ in part], source_includes=["kind"])
        for (_, change), document in zip(part, answer["docs"], strict=True):
            kinds[change][document["_source"]["kind"] if document["found"] else "none"] += 1
    return {change: _rates(counts) for change, counts in sorted(kinds.items())}


def _rates(counts: Counter[str]) -> dict[str, float]:
    total = counts.total()
    reposts = sum(counts[kind.value] for kind in REPOST_KINDS)
    found = reposts + counts[Kind.PASSAGE.value]
    return {"planted": total, "found": round(found / total, 4), "as repost": round(reposts / total, 4), **counts}


def _machine(where: Setting) -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 whichever git is installed
        capture_output=True,
        check=False,
        text=True,
        cwd=Path(__file__).parent,
    )
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "elasticsearch": where.store.version(),
        "commit": commit.stdout.strip(),
    }


def _line(stage: dict[str, Any]) -> str:
    queries, disk = stage["queries"], stage["disk"]
    return (
        f"{stage['size']:>8,}: {stage['articles_per_second']:6.1f} articles/s   query p50 {queries['p50_ms']:.1f} ms "
        f"p95 {queries['p95_ms']:.1f} ms   client {stage['client_peak_mib']:.0f} MiB   "
        f"{disk['bytes_per_article']:,} bytes an article, {disk['detection_share']:.0%} for detection   "
        f"pairs {stage['pairs']}\n          planted, found: "
        + "  ".join(f"{change} {each['found']:.3f}" for change, each in stage["planted"].items())
    )


def picture(stages: Sequence[dict[str, Any]]) -> str:
    """Draw what grew with the archive."""
    windows = [window for stage in stages for window in stage["windows"]]

    def at_size(name: str, group: str, key: str) -> chart.Line:
        return chart.Line(name=name, points=tuple((each["size"], each[group][key]) for each in stages))

    def by_window(name: str, key: str) -> chart.Line:
        return chart.Line(name=name, points=tuple((each["to"], each[key]) for each in windows))

    panels = [
        chart.Panel(
            title="Articles a second, detection included",
            across="articles",
            lines=(by_window("", "articles_per_second"),),
        ),
        chart.Panel(
            title="Candidate query, ms",
            across="articles",
            lines=(at_size("median", "queries", "p50_ms"), at_size("95 %", "queries", "p95_ms")),
        ),
        chart.Panel(
            title="Bytes an article on disk",
            across="articles",
            lines=(
                at_size("all", "disk", "bytes_per_article"),
                at_size("for detection", "disk", "detection_bytes_per_article"),
            ),
        ),
        chart.Panel(title="Memory of the client, MiB", across="articles", lines=(by_window("", "client_mib"),)),
    ]
    return chart.draw(panels, title="Cost as the archive grows")
