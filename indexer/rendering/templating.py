"""Fill the templates; the only owner of the template library. What comes in is text, and stays text."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from indexer.text import strip_controls

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).with_name("templates")
# No script, frame, form, picture or font, from here or elsewhere; no style but the page's own, by its hash.
POLICY = "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template of the folder; a value that it names and does not get is an error."""
    return _environment().get_template(template).render(values)


def page(template: str, style: str, values: Mapping[str, Any]) -> str:
    """Fill the template of a page of its own, with a style sheet of the folder and the policy that lets it in."""
    css = (FOLDER / style).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    own = {"style": Markup(css), "policy": POLICY.format(style=digest)}  # noqa: S704 it is a file of ours
    return fill(template, {**values, **own})


def link(url: str | None) -> str | None:
    """Give an address where it may be followed from a page: on the web, and nothing that runs."""
    text = strip_controls(url or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:  # a broken IPv6 address
        return None
    return text if parts.scheme.lower() in {"http", "https"} and parts.netloc else None


def _finished(value: object) -> object:
    """Drop what steers a reader's program instead of being read: control characters and overrides of direction."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return strip_controls(value)
    return value


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finished,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
