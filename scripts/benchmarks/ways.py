"""Extract pages in one of several ways and take the time: run by ``scripts/bench extraction`` in a process of its own.

usage: ways.py WAY FOLDER: the pages of the folder; their texts and the seconds are written as JSON. It imports nothing
that is not needed for the way, since some ways are installed apart from the product.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
import warnings
from pathlib import Path

ROUNDS = 3  # each page counts with its fastest time: others use the machine as well
URL = "http://127.0.0.1/page.html"


def condensat(body: bytes) -> str:
    """Extract as ``condensat ingest`` does: text and metadata, or a rejection."""
    from datetime import UTC, datetime  # noqa: PLC0415 each process imports what it measures, as all below

    from indexer.extract import extract  # noqa: PLC0415
    from indexer.models import RejectedError  # noqa: PLC0415

    try:
        return extract(body, url=URL, content_type="text/html", now=datetime(2026, 1, 1, tzinfo=UTC)).text
    except RejectedError:
        return ""


def trafilatura(body: bytes) -> str:
    """Extract text and metadata, without comments and without memory of earlier pages."""
    from trafilatura import bare_extraction  # noqa: PLC0415

    found = bare_extraction(body, include_comments=False, deduplicate=False, with_metadata=True)
    return (getattr(found, "text", None) or "") if found else ""


def newspaper4k(body: bytes) -> str:
    """Extract text and metadata."""
    from newspaper import Article  # noqa: PLC0415

    article = Article(URL, fetch_images=False)
    article.download(input_html=body.decode("utf-8", "replace"))
    article.parse()
    return str(article.text)


def readability_lxml(body: bytes) -> str:
    """Extract the text and the title; it reads no other metadata."""
    from lxml.html import fromstring  # type: ignore[import-untyped]  # noqa: PLC0415
    from readability import Document  # noqa: PLC0415

    document = Document(body.decode("utf-8", "replace"))
    document.title()
    return " ".join(fromstring(document.summary()).itertext())


WAYS = {each.__name__: each for each in (condensat, trafilatura, newspaper4k, readability_lxml)}


def main() -> None:
    """Extract every page some times."""
    warnings.simplefilter("ignore")
    extract, failures = WAYS[sys.argv[1]], []

    def way(body: bytes) -> str:
        try:
            return extract(body)
        except Exception as error:  # noqa: BLE001 what a library raises on a page counts as a page without text
            failures.append(repr(error))
            return ""

    files = sorted(Path(sys.argv[2]).glob("*.html.gz"))
    bodies = {path.name.removesuffix(".html.gz"): gzip.decompress(path.read_bytes()) for path in files}
    texts = {name: way(body) for name, body in bodies.items()}
    best = dict.fromkeys(bodies, float("inf"))
    for _ in range(ROUNDS):
        for name, body in bodies.items():
            began = time.process_time()
            way(body)
            best[name] = min(best[name], time.process_time() - began)
    json.dump({"texts": texts, "seconds": sum(best.values()), "failures": sorted(set(failures))}, sys.stdout)


if __name__ == "__main__":
    main()
