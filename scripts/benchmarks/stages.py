"""Take the processor time of each stage of extraction, in this process: part of ``scripts/bench ingest``."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks import bare
from indexer.extract import body, decode, language, metadata, page
from indexer.models import RejectedError
from indexer.shingles import shingle, signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

URL = "http://127.0.0.1/page.html"


def tell(pages: dict[str, bytes]) -> None:
    """Print milliseconds a page of each stage."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    bodies = list(pages.values())

    def whole(body: bytes) -> Any:
        try:
            return page.extract(body, url=URL, content_type="text/html", now=now)
        except RejectedError:
            return None

    whole(bodies[0])
    _, _, seconds = bare.time_pool(bodies, 1)
    total, found = _each(whole, bodies)
    print(
        f"\nextraction in one process, processor ms a page: bare trafilatura {1000 * seconds / len(bodies):.1f}, "
        f"condensat {total:.1f}"
    )
    decoding, decoded = _each(lambda body: decode.decode(body, "text/html")[0], bodies)
    loading, trees = _each(body.load, decoded)
    reading, _ = _each(lambda tree: metadata.read(tree, url=URL, now=now), trees)
    taking, texts = _each(body.take_text, trees)
    telling, _ = _each(language.detect_language, texts)
    handing, _ = _each(lambda extraction: pickle.loads(pickle.dumps(extraction)), found)  # noqa: S301 our own
    signing, _ = _each(lambda text: signature(shingle(text)), texts)
    print(
        f"  decode {decoding:.2f}, parse {loading:.2f}, metadata {reading:.2f}, text {taking:.2f}, "
        f"language {telling:.2f}, hand over {handing:.2f}; then in the main process: sign {signing:.2f}"
    )


def _each(function: Callable[[Any], Any], items: Iterable[Any]) -> tuple[float, list[Any]]:
    given = list(items)
    began = time.process_time()
    found = [function(each) for each in given]
    return 1000 * (time.process_time() - began) / len(given), found
