"""Draw small line charts side by side as SVG; it knows nothing of what the numbers mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

PANEL_WIDTH, PANEL_HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 20, 50, 40
COLOURS = ("#1b6ca8", "#d1495b", "#66a182", "#8d6a9f")
INK, GRID = "#333333", "#dddddd"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line: its name and its points (x, y), x ascending."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One chart, from 0 on both axes."""

    title: str
    across: str
    lines: tuple[Line, ...]


def draw(panels: list[Panel], *, title: str, columns: int = 2) -> str:
    """Give an SVG of all panels, row by row."""
    rows = math.ceil(len(panels) / columns)
    width, height = columns * PANEL_WIDTH, rows * PANEL_HEIGHT + 30
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{width / 2:g}" y="22" text-anchor="middle" font-size="15" fill="{INK}">{escape(title)}</text>',
    ]
    for place, panel in enumerate(panels):
        x, y = place % columns * PANEL_WIDTH, place // columns * PANEL_HEIGHT + 30
        parts.append(f'<g transform="translate({x},{y})">{_panel(panel)}</g>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def ticks(highest: float) -> list[float]:
    """Give three to six round numbers from 0 to at least ``highest``."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    return [step * count for count in range(math.ceil(highest / step - 1e-9) + 1)]


def _panel(panel: Panel) -> str:
    points = [point for line in panel.lines for point in line.points]
    across, up = ticks(max((x for x, _ in points), default=0)), ticks(max((y for _, y in points), default=0))
    wide, high = PANEL_WIDTH - LEFT - RIGHT, PANEL_HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + wide * x / across[-1], TOP + high * (1 - y / up[-1])

    parts = [f'<text x="{LEFT}" y="20" font-weight="bold" fill="{INK}">{escape(panel.title)}</text>']
    for value in up:
        _, y = place(0, value)
        parts += [
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + wide}" y2="{y:.1f}" stroke="{GRID}"/>',
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{_short(value)}</text>',
        ]
    for value in across:
        x, y = place(value, 0)
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle" fill="{INK}">{_short(value)}</text>')
    middle, below = LEFT + wide / 2, PANEL_HEIGHT - 8
    parts.append(f'<text x="{middle}" y="{below}" text-anchor="middle" fill="{INK}">{escape(panel.across)}</text>')
    beside = float(LEFT)
    for line, colour in zip(panel.lines, COLOURS, strict=False):
        drawn = [place(*point) for point in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in drawn]
        if len(panel.lines) > 1:  # a legend above the chart
            parts.append(f'<rect x="{beside:g}" y="30" width="12" height="4" fill="{colour}"/>')
            parts.append(f'<text x="{beside + 16:g}" y="36" fill="{INK}">{escape(line.name)}</text>')
            beside += 34 + 6.5 * len(line.name)
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1_000 else f"{value:g}"
