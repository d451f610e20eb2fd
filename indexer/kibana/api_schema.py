"""Check dashboards against the OpenAPI schema of Kibana's Dashboards API; it knows nothing of our fields.

The schema is Elastic's and no part of this project. It is written for Kibana's reader, and needs its forms turned into
those of JSON Schema: some properties stand in ``required`` although Kibana does without them.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from indexer.models import CondensatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jsonschema.exceptions import ValidationError

PUT = "/api/dashboards/{id}"
REF = "#/components/schemas/"
TELLING = frozenset({"type", "operation", "placement", "operator", "to"})  # these say which of several forms is meant
OPTIONAL = frozenset({"filterSimple"})  # carries no mark, and is left out everywhere
PANEL = "kbn-dashboard-panel-type-"


class SchemaError(CondensatError):
    """The schema cannot be read or used."""


class ApiSchema:
    """The schema of ``PUT /api/dashboards/{id}``."""

    def __init__(self, openapi: Mapping[str, Any]) -> None:
        try:
            from jsonschema import Draft202012Validator  # noqa: PLC0415 - an extra: only this check needs it
        except ImportError as error:
            raise SchemaError("Checking against a schema needs: pip install 'condensat[kibana]'") from error
        try:
            schemas = openapi["components"]["schemas"]
            body = openapi["paths"][PUT]["put"]["requestBody"]["content"]["application/json"]["schema"]
        except (KeyError, TypeError) as error:
            raise SchemaError(f"The schema does not describe PUT {PUT}") from error
        optional = {name for name, each in schemas.items() if "x-oas-optional" in each or "default" in each} | OPTIONAL
        self._definitions = {name: _turned(each, optional) for name, each in schemas.items()}
        self._body = _turned(body, optional)
        self._validator = Draft202012Validator
        self._charts = _charts(self._definitions)

    @classmethod
    def read(cls, path: Path) -> ApiSchema:
        """Read the schema from a JSON file, packed or not."""
        try:
            raw = path.read_bytes()
            return cls(json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw))
        except OSError as error:
            raise SchemaError(f"{path} cannot be read: {error.strerror or error}") from error
        except (EOFError, ValueError) as error:
            raise SchemaError(f"{path} is no JSON: {error}") from error

    def problems(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Say what Kibana would object to, each at its place; panels one by one, as what their type says they are."""
        envelope = {
            **self._body,
            "properties": {**self._body["properties"], "panels": {"type": "array", "maxItems": 100}},
        }
        yield from self._against(envelope, body, "")
        for number, panel in enumerate(body.get("panels") or ()):
            yield from self._panel(panel, f"panels.{number}")

    def _panel(self, panel: Any, place: str) -> Iterator[str]:
        kind = panel.get("type") if isinstance(panel, dict) else None
        schema = self._definitions.get(f"{PANEL}{kind}")
        if schema is None:
            yield f"[request body.{place}.type]: there is no panel of the type {kind!r}"
            return
        if kind != "vis":
            yield from self._against(schema, panel, place)
            return
        yield from self._against({**schema, "properties": {**schema["properties"], "config": {}}}, panel, place)
        config = panel.get("config")
        chart = config.get("type") if isinstance(config, dict) else None
        if chart not in self._charts:
            yield f"[request body.{place}.config.type]: there is no chart of the type {chart!r}"
            return
        yield from self._against(self._charts[chart], config, f"{place}.config")

    def _against(self, schema: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
        validator = self._validator({**schema, "$defs": self._definitions})
        for error in sorted(validator.iter_errors(value), key=lambda each: [str(step) for step in each.absolute_path]):
            inner = _telling(error)
            path = ".".join(filter(None, [place, *map(str, inner.absolute_path)]))
            yield f"[request body{'.' if path else ''}{path}]: {inner.message[:300]}"


def _charts(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of each type of chart over a data view."""
    found = {}
    for name, each in definitions.items():
        kinds = each.get("properties", {}).get("type", {}).get("enum", [])
        if name.endswith("NoESQL") and len(kinds) == 1 and "time_range" in each["properties"]:
            found[kinds[0]] = each
    return found


def _turned(schema: Any, optional: set[str] | frozenset[str]) -> Any:
    """Turn OpenAPI's forms into those of JSON Schema."""
    if isinstance(schema, list):
        return [_turned(each, optional) for each in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {
        name: _turned(each, optional)
        for name, each in schema.items()
        if name not in {"discriminator", "nullable"} and not (isinstance(name, str) and name.startswith("x-"))
    }
    if isinstance(turned.get("$ref"), str):
        turned["$ref"] = turned["$ref"].replace(REF, "#/$defs/")
    for word, other in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(turned.get(word), bool):
            strict = turned.pop(word)
            if strict and other in turned:
                turned[word] = turned.pop(other)
    if isinstance(turned.get("required"), list) and isinstance(schema.get("properties"), dict):
        turned["required"] = [
            name for name in turned["required"] if _target(schema["properties"].get(name)) not in optional
        ]
    if schema.get("nullable"):
        return {"anyOf": [turned, {"type": "null"}]}
    return turned


def _target(schema: Any) -> str | None:
    ref = schema.get("$ref") if isinstance(schema, dict) else None
    return ref.removeprefix(REF) if isinstance(ref, str) else None


def _telling(error: ValidationError) -> ValidationError:
    """Go down to the objection within the form that was meant: of ten that are possible, nine say nothing."""
    while error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for each in error.context:
            branches.setdefault(each.schema_path[0], []).append(each)
        meant = [found for found in branches.values() if not any(_is_other_form(each) for each in found)]
        if not meant:
            nested = [found for found in branches.values() if any(each.context for each in found)]
            meant = nested or list(branches.values())
        least = min(meant, key=len)
        error = next((each for each in least if each.context), least[0])
    return error


def _is_other_form(error: ValidationError) -> bool:
    if error.validator in {"enum", "const"}:
        return bool(error.path) and error.path[-1] in TELLING
    if error.validator in {"anyOf", "oneOf"} and error.context:
        return all(_is_other_form(each) or each.validator == "required" for each in error.context)
    return False
