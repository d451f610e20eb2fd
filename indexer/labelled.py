"""Read pairs that a person labelled, a JSON object a line; pure, and blind to what is done with them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from indexer.models import CondensatError, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.scores import Side

NAMED = 5  # bad lines that an error names
NO_GROUP = "–"  # of a line without the key that pairs are grouped by


class LabelsError(CondensatError):
    """The file of labelled pairs cannot be used; the text names its bad lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """Two articles and what a reader said of them."""

    line: int  # of the file, from 1
    url_a: str
    url_b: str
    labels: frozenset[Kind]  # any of these is right
    contained: Side | None = None
    update: bool | None = None
    ambiguous: bool = False
    group: str | None = None


def read(lines: Iterable[bytes], *, by: str | None = None) -> list[Labelled]:
    """Read labelled pairs; ``by`` names the key whose value groups them.

    Needs url_a, url_b and label, one kind or several with ``|`` between; knows contained (a or b), update and
    ambiguous (true or false), and passes over all other keys. Raises LabelsError that names every kind of trouble
    with its line: a score over the lines that happen to be readable would not be that of the file.
    """
    pairs: list[Labelled] = []
    problems: list[str] = []
    keys: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = orjson.loads(line)
            pairs.append(_pair(data, number, by))
        except orjson.JSONDecodeError as error:
            problems.append(f"line {number}: not JSON: {error}")
        except ValueError as error:
            problems.append(f"line {number}: {error}")
        else:
            keys |= data.keys()
    if problems:
        more = f"\n  and {len(problems) - NAMED} lines more" if len(problems) > NAMED else ""
        raise LabelsError("These lines are no labelled pairs:\n  " + "\n  ".join(problems[:NAMED]) + more)
    if not pairs:
        raise LabelsError("There is no pair in it. A line is: " + '{"url_a": …, "url_b": …, "label": "near"}')
    if by is not None and by not in keys:
        raise LabelsError(f"No line has the key «{by}». Keys are: {', '.join(sorted(keys))}.")
    return pairs


def _pair(data: Any, number: int, by: str | None) -> Labelled:
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - what is wrong with a line is one kind of error
    url_a, url_b, label = (_string(data, key) for key in ("url_a", "url_b", "label"))
    if url_a == url_b:
        raise ValueError("url_a and url_b are the same")
    contained = data.get("contained")
    if contained not in ("a", "b", None):
        raise ValueError(f"contained is {json.dumps(contained)}; it is a, b or null")
    update, ambiguous = (_truth(data, key) for key in ("update", "ambiguous"))
    group = data.get(by, NO_GROUP) if by is not None else None
    return Labelled(
        line=number,
        url_a=url_a,
        url_b=url_b,
        labels=_kinds(label),
        contained=contained,
        update=update,
        ambiguous=ambiguous or False,
        group=group if group is None or isinstance(group, str) else json.dumps(group, ensure_ascii=False),
    )


def _string(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} is missing" if value in (None, "") else f"{key} is not a text")
    return value.strip()


def _truth(data: dict[str, Any], key: str) -> bool | None:
    value = data.get(key)
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{key} is {json.dumps(value)}; it is true, false or null")
    return value


def _kinds(label: str) -> frozenset[Kind]:
    kinds = set()
    for each in label.split("|"):
        try:
            kinds.add(Kind(each.strip()))
        except ValueError as error:
            raise ValueError(f"the label «{each.strip()}» is none of {', '.join(Kind)}") from error
    return frozenset(kinds)
