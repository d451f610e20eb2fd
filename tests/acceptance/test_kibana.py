"""Dashboards, with the installed command: the package carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stand_in_kibana import StandIn

if TYPE_CHECKING:
    from conftest import Condensat


def test_dashboards_come_with_the_package(condensat: Condensat) -> None:
    """They fit the installed mappings, and are put into Kibana once, from a folder that is nowhere near the project."""
    checked = condensat("kibana", "check", "--format", "json").json
    assert [each["name"] for each in checked] == ["data-views", "feeds", "newsroom", "reposts", "threats"]
    with StandIn() as kibana:
        login = {"kibana_url": kibana.url, "kibana_username": kibana.username, "kibana_password": kibana.password}
        first = condensat("kibana", "install", "--format", "json", **login).json
        assert {each["done"] for each in first} == {"created"}
        second = condensat("kibana", "install", "--format", "json", **login).json
        assert {each["done"] for each in second} == {"unchanged"}
        prefix = condensat.settings["prefix"]
        assert {name for _, name in kibana.dashboards} == {f"{prefix}-{each['name']}" for each in checked[1:]}
