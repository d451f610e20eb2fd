"""What is read of a candidate comes back as it was packed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from indexer.elastic.facts import Facts, pack, unpack
from indexer.models import Precision
from indexer.reposts import Version
from indexer.shingles import shingle
from indexer.sketch import sketch


@pytest.mark.parametrize("source", ["herald.example", "two\nlines", 'a "quoted" «näme»', ""])
@pytest.mark.parametrize(
    "text",
    [
        "too short",
        "The harbour of Aldmoor is closed until the ice has gone from the northern channel and the ships can leave.",
        "over and over again it says so and then " * 2_000,
    ],
)
def test_packed_and_unpacked(text: str, source: str) -> None:
    """Whatever a source is called; with a sketch, with an empty one of a text without grams, and without one."""
    shingled = shingle(text)
    packed = pack(
        Version(
            id="65aa3ed8a091a75fb339",
            url="https://herald.example/1",
            title="One",
            source=source,
            effective=datetime(2026, 11, 27, 1, 2, 3, 456_000, tzinfo=UTC),
            precision=Precision.SECOND,
            shingled=shingled,
        )
    )
    assert unpack(packed) == Facts(
        order=("2026-11-27T01:02:03.456Z", "65aa3ed8a091a75fb339"),
        source=source,
        tokens=shingled.length,
        text_hash=shingled.text_hash,
        sketch=sketch(shingled),
    )
    assert unpack(packed).id == "65aa3ed8a091a75fb339"
