"""The fields of an index as the mappings define them, and what may be done with each; it knows no dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NUMBERS = frozenset({"byte", "short", "integer", "long", "float", "double"})
DATES = frozenset({"date"})
WORDS = frozenset({"keyword"})
# What one value of each operation may be of: Kibana would draw an error in place of the panel.
TYPES: dict[str, frozenset[str]] = {
    "date_histogram": DATES,
    "terms": WORDS | NUMBERS | {"boolean"},
    "range": NUMBERS,
    "histogram": NUMBERS,
    "unique_count": WORDS | NUMBERS | DATES | {"boolean"},
    "count": WORDS | NUMBERS | DATES | {"boolean"},
    "min": NUMBERS | DATES,
    "max": NUMBERS | DATES,
    "average": NUMBERS,
    "median": NUMBERS,
    "percentile": NUMBERS,
    "standard_deviation": NUMBERS,
    "sum": NUMBERS,
    "sort": WORDS | NUMBERS | DATES | {"boolean"},
}


class FieldError(CondensatError):
    """A field is not there, or not of a type that the operation on it can use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field: ``counted`` where it can be aggregated and sorted by, ``found`` where it can be searched."""

    name: str
    type: str
    counted: bool
    found: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """One of our indices, by the name of its mappings."""

    name: str
    time_field: str | None  # which date a dashboard's time range asks; None: it is not asked
    fields: Mapping[str, Field]

    def field(self, name: str, operation: str | None = None) -> str:
        """Give the field's name back where the operation can use it; None asks only whether it is there."""
        problem = self.problem(name, operation)
        if problem:
            raise FieldError(problem)
        return name

    def problem(self, name: str, operation: str | None) -> str | None:
        """Say in words why an operation cannot use a field; None where it can."""
        field = self.fields.get(name)
        if field is None:
            return f"mappings/{self.name}.json has no field «{name}»"
        if operation is None:
            return None
        if operation == "filter":
            return None if field.found else f"«{name}» of {self.name} is not indexed, so nothing can be found by it"
        return self._cannot_count(field, operation)

    def _cannot_count(self, field: Field, operation: str) -> str | None:
        types = TYPES.get(operation)
        if types is None:
            return f"nothing is known of the operation «{operation}»"
        if field.type not in types:
            return f"«{field.name}» of {self.name} is {field.type}, and {operation} takes {', '.join(sorted(types))}"
        if not field.counted:
            return f"«{field.name}» of {self.name} has no doc values, so {operation} cannot use it"
        return None


def index(name: str, definition: Mapping[str, Any], *, time_field: str | None) -> Index:
    """Read an index's fields from its mappings."""
    fields = {each.name: each for each in _fields(definition["mappings"]["properties"])}
    made = Index(name=name, time_field=time_field, fields=fields)
    if time_field:
        made.field(time_field, "date_histogram")
    return made


def _fields(properties: Mapping[str, Any], before: str = "") -> Iterator[Field]:
    for name, each in properties.items():
        if "properties" in each:
            yield from _fields(each["properties"], f"{before}{name}.")
        elif each.get("enabled", True):
            kind = each["type"]
            yield Field(
                name=f"{before}{name}",
                type=kind,
                counted=kind != "text" and each.get("doc_values", True),
                found=each.get("index", True),
            )
        yield from _fields(each.get("fields", {}), f"{before}{name}.")
