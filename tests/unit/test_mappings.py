"""The mappings and what is written about them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from indexer.elastic import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "mappings"
NAMES = sorted(each.stem for each in FOLDER.glob("*.json"))


def fields(properties: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """List every field with its type, subfields and fields of objects among them."""
    for name, each in properties.items():
        if "properties" in each:
            yield from fields(each["properties"], f"{before}{name}.")
        else:
            yield f"{before}{name}", each["type"]
        yield from fields(each.get("fields", {}), f"{before}{name}.")


def documented(name: str) -> dict[str, str]:
    """Read the table of an index in the README: field → type."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {name}\.json\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^\| `([\w.]+)` \| (\w+)\b", section, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_explained(name: str) -> None:
    """The README names every field of the mappings with its type, and none that is not there."""
    mappings = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["mappings"]
    assert documented(name) == dict(fields(mappings["properties"]))


@pytest.mark.parametrize("name", NAMES)
def test_every_index_has_a_copy_where_there_is_a_second_node(name: str) -> None:
    """No index is lost with a node where there are several, and none waits for one where there are not."""
    settings = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["settings"]["index"]
    assert (settings["number_of_replicas"], settings["auto_expand_replicas"]) == (0, "0-1")


def test_folder_is_what_is_created() -> None:
    """The folder holds the indices that are created, and no other."""
    assert sorted(schema.NAMES) == NAMES
