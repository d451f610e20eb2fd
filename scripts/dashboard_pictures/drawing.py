"""Draw a dashboard from its definition and what its queries found: with matplotlib, on Kibana's grid.

It looks as Kibana may draw it, not as Kibana does; what it shows is what Kibana asks for.
"""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import dates
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator
from PIL import Image

from indexer.kibana import meaning
from indexer.kibana.meaning import Asked, Listed
from indexer.kibana.panels import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes

    from indexer.kibana.panels import Json
    from indexer.kibana.queries import Found

CELL, ROW = 32, 20  # pixels of a column and a row of the grid
MARGIN, GAP, HEAD = 14, 5, 84  # pixels around all, around a panel, and for the head
DPI = 100
INK, DIM, LINE, PAGE, PANEL = "#1d2a3e", "#69707d", "#d8dee8", "#f3f5f9", "#ffffff"
COLOURS = (
    "#1b6ca8", "#e0a030", "#4c9f70", "#c8414b", "#8d6a9f", "#5bb1c9", "#a0734f", "#e98ba5", "#7f8c2d", "#b7c4d6",
    "#34495e", "#f2c879", "#93c9a9", "#e3999e", "#c3aed0", "#b3dbe6", "#d0b69f", "#f5cbd6", "#c5cb95",
)  # fmt: skip
OTHER = "#cfd6e0"
STATES = {"ok": "#4c9f70", "silent": "#e0a030", "error": "#c8414b", "dead": "#5d1f24", "empty": "#8d6a9f"}
STATES |= {"moved": "#5bb1c9", "new": "#b7c4d6"}
KINDS = {"exact": "#c8414b", "near": "#e0a030", "partial": "#1b6ca8", "passage": "#b7c4d6"}
CASES = {"repeats an earlier one": "#c8414b", "original": "#b9d6c5"}
NAMED = {**STATES, **KINDS, **CASES, "Other": OTHER}
TITLE, TEXT, SMALL = 10.5, 8.4, 7.6  # points
PALETTE = 256  # colours of the file


@dataclass(frozen=True, slots=True)
class Box:
    """A place in pixels from the top left corner."""

    x: float
    y: float
    w: float
    h: float

    def inner(self, *, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Box:
        """Leave something out at its sides."""
        return Box(self.x + left, self.y + top, self.w - left - right, self.h - top - bottom)


class Sheet:
    """One picture in the making; pixels count from the top."""

    def __init__(self, width: int, height: int, *, said: Callable[[str], str]) -> None:
        self.width, self.height, self.said = width, height, said
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAGE)
        self._canvas = FigureCanvasAgg(self.figure)
        self._renderer = self._canvas.get_renderer()

    def axes(self, box: Box) -> Axes:
        """Give a place to draw a chart."""
        place = (box.x / self.width, 1 - (box.y + box.h) / self.height, box.w / self.width, box.h / self.height)
        made = self.figure.add_axes(place)
        made.set_facecolor("none")
        return made

    def frame(self, box: Box, colour: str = PANEL, edge: str = LINE) -> None:
        """Draw a panel's frame."""
        shape = FancyBboxPatch(
            (box.x / self.width, 1 - (box.y + box.h) / self.height),
            box.w / self.width,
            box.h / self.height,
            boxstyle=f"round,pad=0,rounding_size={5 / self.width}",
            mutation_aspect=self.width / self.height,
            facecolor=colour,
            edgecolor=edge,
            linewidth=0.8,
            transform=self.figure.transFigure,
            zorder=-1,  # below the charts
        )
        self.figure.add_artist(shape)

    def bar(self, box: Box, colour: str) -> None:
        """Fill a place."""
        self.frame(box, colour, "none")

    def write(
        self, x: float, y: float, text: str, *, size: float = TEXT, room: float | None = None, **look: Any
    ) -> None:
        """Write a line whose middle is ``y`` pixels from the top, cut to its room."""
        shown = self.said(text)
        if room is not None:
            shown = self.cut(shown, size, room, bold=look.get("weight") == "bold")
        look = {"color": INK, "va": "center_baseline", "ha": "left", **look}
        self.figure.text(x / self.width, 1 - y / self.height, shown, fontsize=size, parse_math=False, **look)

    def cut(self, text: str, size: float, room: float, *, bold: bool = False) -> str:
        """Shorten a text to so many pixels."""
        if self.length(text, size, bold=bold) <= room:
            return text
        while text and self.length(text + "…", size, bold=bold) > room:
            text = text[:-1]
        return text.rstrip() + "…"

    def length(self, text: str, size: float, *, bold: bool = False) -> float:
        """Measure a text in pixels."""
        from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - beside its only use

        font = FontProperties(size=size, weight="bold" if bold else "normal")
        return float(self._renderer.get_text_width_height_descent(text, font, ismath=False)[0])

    def png(self) -> bytes:
        """Give the picture, with few colours, so that it is small."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=DPI, facecolor=PAGE)
        picture = Image.open(buffer).convert("RGB").quantize(PALETTE, kmeans=2, dither=Image.Dither.NONE)
        packed = io.BytesIO()
        picture.save(packed, format="png", optimize=True)
        return packed.getvalue()


def draw(body: Json, found: Mapping[str, Sequence[Found]], *, during: str, said: Callable[[str], str]) -> bytes:
    """Draw a dashboard; ``found`` has the answers by panel, ``said`` gives a text as it is to be shown."""
    rows = max(panel["grid"]["y"] + panel["grid"]["h"] for panel in body["panels"])
    sheet = Sheet(COLUMNS * CELL + 2 * MARGIN, HEAD + rows * ROW + MARGIN, said=said)
    _head(sheet, body, during)
    for panel in body["panels"]:
        grid = panel["grid"]
        box = Box(MARGIN + grid["x"] * CELL, HEAD + grid["y"] * ROW, grid["w"] * CELL, grid["h"] * ROW)
        box = box.inner(left=GAP, top=GAP, right=GAP, bottom=GAP)
        config = panel["config"]
        answers = list(found[panel["id"]])
        if config.get("type") == "metric":
            _metric(sheet, box, config, answers[0])
            continue
        sheet.frame(box)
        sheet.write(box.x + 10, box.y + 14, config["title"], size=TITLE, weight="bold", room=box.w - 20)
        inside = box.inner(left=10, top=28, right=10, bottom=8)
        if panel["type"] == "discover_session":
            (listed,) = (each for each in meaning.read(panel) if isinstance(each, Listed))
            _documents(sheet, inside, listed, answers[0])
        else:
            (asked,) = (each for each in meaning.read(panel) if isinstance(each, Asked))
            CHARTS[config["type"]](sheet, inside, asked, answers)
    return sheet.png()


def _head(sheet: Sheet, body: Json, during: str) -> None:
    sheet.write(MARGIN + GAP, 22, body["title"], size=16, weight="bold")
    start = MARGIN + GAP + sheet.length(body["title"], 16, bold=True) + 16
    sheet.write(start, 22, body["description"], size=10, color=DIM)
    sheet.write(sheet.width - MARGIN - GAP, 22, during, size=9.5, color=DIM, ha="right")
    x = float(MARGIN + GAP)
    for control in body["pinned_panels"]:
        title = control["config"]["title"]
        width = sheet.length(title, 9, bold=True) + sheet.length("any", 9) + 62
        sheet.frame(Box(x, 42, width, 26))
        sheet.write(x + 10, 55, title, size=9, weight="bold")
        sheet.write(x + width - 46, 55, "any  ▾", size=9, color=DIM)
        x += width + 10


def _metric(sheet: Sheet, box: Box, config: Json, found: Found) -> None:
    primary = config["metrics"][0]
    colour = primary["color"]["color"]
    sheet.frame(box, _tint(colour, 0.9), _tint(colour, 0.6))
    sheet.write(box.x + 14, box.y + 18, primary["label"], size=TITLE, weight="bold", room=box.w - 28)
    values = found.rows[0]
    sheet.write(box.x + 14, box.y + box.h - 36, _number(values[0], primary), size=27, weight="bold", color=colour)
    if len(values) > 1:
        second = config["metrics"][1]
        sheet.write(
            box.x + box.w - 14, box.y + box.h - 22, _number(values[1], second), size=14, weight="bold", ha="right"
        )
        sheet.write(
            box.x + box.w - 14, box.y + box.h - 44, second["label"], size=TEXT, color=DIM, ha="right", room=box.w * 0.55
        )


def _xy(sheet: Sheet, box: Box, asked: Asked, answers: Sequence[Found]) -> None:
    found = answers[0]
    if asked.kind.startswith("bar_horizontal"):
        _bars_across(sheet, box, asked, found)
        return
    across = next(n for n, split in enumerate(asked.splits) if split["operation"] in {"date_histogram", "range"})
    by = 1 - across if len(asked.splits) > 1 else None
    series: dict[str, dict[Any, float]] = defaultdict(lambda: defaultdict(float))
    for row in found.rows:
        series["all" if by is None else str(row[by])][row[across]] += row[-1] or 0
    if len(answers) > 1:  # what all series come to: the rest is others'
        rest = {row[0]: row[-1] - sum(each.get(row[0], 0) for each in series.values()) for row in answers[1].rows}
        if any(value > 0 for value in rest.values()):
            series["Other"] = defaultdict(float, rest)
    legend = 150.0
    chart = sheet.axes(box.inner(left=30, right=legend + 10, bottom=20, top=2))
    timed = asked.splits[across]["operation"] == "date_histogram"
    keys = sorted({key for each in series.values() for key in each}) if timed else _labels(asked.splits[across])
    places: list[Any] = [_date(key) for key in keys] if timed else list(range(len(keys)))
    width: Any = _width(places) if timed else 0.72
    below = [0.0] * len(keys)
    shades = _shades(series)
    for name, values in series.items():
        heights = [values.get(key, 0) for key in keys]
        chart.bar(places, heights, width=width, bottom=below, color=shades[name], align="edge" if timed else "center")
        below = [one + other for one, other in zip(below, heights, strict=True)]
    _plain(chart, "y")
    chart.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    if timed:
        chart.xaxis.set_major_locator(dates.AutoDateLocator(minticks=3, maxticks=9))
        chart.xaxis.set_major_formatter(dates.DateFormatter("%d %b"))
    else:
        chart.set_xticks(places, keys)
    _legend(sheet, box, legend, [(name, shades[name]) for name in series])


def _bars_across(sheet: Sheet, box: Box, asked: Asked, found: Found) -> None:
    names = list(dict.fromkeys(str(row[0]) for row in found.rows))
    series: dict[str, list[float]] = {}
    for row in found.rows:
        at = names.index(str(row[0]))
        if len(asked.splits) > 1:
            series.setdefault(str(row[1]), [0.0] * len(names))[at] += row[-1] or 0
        else:
            for measure, value in zip(asked.measures, row[1:], strict=True):
                series.setdefault(measure["label"], [0.0] * len(names))[at] += value or 0
    series = {name: values for name, values in series.items() if any(values)}
    if asked.kind.endswith("percentage"):
        sums = [sum(values[n] for values in series.values()) or 1 for n in range(len(names))]
        series = {name: [100 * v / s for v, s in zip(values, sums, strict=True)] for name, values in series.items()}
    legend = 150.0 if len(series) > 1 else 0.0
    room = max(sheet.length(sheet.said(each), SMALL) for each in names)
    room = min(room, box.w * 0.34)
    chart = sheet.axes(box.inner(left=room + 10, right=legend + 10, bottom=20, top=2))
    shades = _shades(series)
    left = [0.0] * len(names)
    for name, values in series.items():
        chart.barh(range(len(names)), values, left=left, color=shades[name], height=0.66)
        left = [one + other for one, other in zip(left, values, strict=True)]
    chart.set_yticks(range(len(names)), [sheet.cut(sheet.said(each), SMALL, room) for each in names])
    chart.set_ylim(max(len(names), 4) - 0.5, -0.5)
    _plain(chart, "x")
    chart.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    if asked.kind.endswith("percentage"):
        chart.set_xlim(0, 100)
        chart.xaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
    if legend:
        _legend(sheet, box, legend, [(name, shades[name]) for name in series])


def _pie(sheet: Sheet, box: Box, asked: Asked, answers: Sequence[Found]) -> None:  # noqa: ARG001 - as all charts
    found = answers[0]
    side = min(box.h, box.w * 0.6)
    chart = sheet.axes(Box(box.x, box.y + (box.h - side) / 2, side, side))
    names, values = [str(row[0]) for row in found.rows], [row[-1] for row in found.rows]
    shades = _shades(dict.fromkeys(names))
    chart.pie(
        values,
        colors=[shades[each] for each in names],
        startangle=90,
        counterclock=False,
        wedgeprops={"width": 0.42, "edgecolor": PANEL, "linewidth": 1.2},
    )
    chart.text(0, 0, f"{sum(values):,}", ha="center", va="center", fontsize=15, fontweight="bold", color=INK)
    listed = [(f"{name}  {value:,}", shades[name]) for name, value in zip(names, values, strict=True)]
    _legend(sheet, box, box.w - side - 10, listed, centred=True)


def _heatmap(sheet: Sheet, box: Box, asked: Asked, answers: Sequence[Found]) -> None:  # noqa: ARG001 - as all charts
    found = answers[0]
    total: dict[int, dict[str, float]] = {0: defaultdict(float), 1: defaultdict(float)}
    for row in found.rows:
        for axis in (0, 1):
            total[axis][str(row[axis])] += row[-1]
    down, across = (_by_size(total[axis]) for axis in (0, 1))
    cells = {(str(row[0]), str(row[1])): row[-1] for row in found.rows}
    room = min(max(sheet.length(sheet.said(each), SMALL) for each in down), box.w * 0.3)
    chart = sheet.axes(box.inner(left=room + 8, bottom=52, right=4, top=2))
    values = [[cells.get((one, other), 0) for other in across] for one in down]
    chart.imshow([[value**0.5 for value in row] for row in values], aspect="auto", cmap=_cool(), vmin=0)
    most = max(max(row) for row in values)
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            if value:
                dark = value > most * 0.3
                chart.text(x, y, f"{value:,}", ha="center", va="center", fontsize=SMALL, color=PANEL if dark else INK)
    chart.set_yticks(range(len(down)), [sheet.cut(sheet.said(each), SMALL, room) for each in down])
    chart.set_xticks(
        range(len(across)), [sheet.cut(sheet.said(each), SMALL, 110) for each in across], rotation=24, ha="right"
    )
    chart.set_xticks([each - 0.5 for each in range(1, len(across))], minor=True)
    chart.set_yticks([each - 0.5 for each in range(1, len(down))], minor=True)
    chart.grid(which="minor", color=PANEL, linewidth=1.4)
    chart.tick_params(which="both", length=0, labelsize=SMALL, colors=INK)
    for spine in chart.spines.values():
        spine.set_visible(False)


def _by_size(total: Mapping[str, float]) -> list[str]:
    return sorted(total, key=lambda name: (-total[name], name))


def _table(sheet: Sheet, box: Box, asked: Asked, answers: Sequence[Found]) -> None:
    found = answers[0]
    height, shown = 22.0, int((box.h - 24) // 22)
    measures = asked.measures
    cells = [
        [_number(value, each) for each, value in zip(measures, row[1:], strict=True)] for row in found.rows[:shown]
    ]
    widths = [
        max(sheet.length(each["label"], SMALL, bold=True), *(sheet.length(row[n], TEXT) for row in cells), 46) + 20
        for n, each in enumerate(measures)
    ]
    first = box.w - sum(widths)
    y = box.y + 8
    sheet.write(box.x + 2, y, found.labels[0], size=SMALL, weight="bold", color=DIM)
    right = box.x + first
    for measure, width in zip(measures, widths, strict=True):
        right += width
        sheet.write(right - 4, y, measure["label"], size=SMALL, weight="bold", color=DIM, ha="right")
    for number, row in enumerate(found.rows[:shown]):
        middle = y + 8 + height * (number + 0.6)
        sheet.bar(Box(box.x, middle - height / 2, box.w, 0.8), LINE)
        sheet.write(box.x + 2, middle, str(row[0]), room=first - 12)
        right = box.x + first
        for width, cell in zip(widths, cells[number], strict=True):
            right += width
            sheet.write(right - 4, middle, cell, ha="right")


def _documents(sheet: Sheet, box: Box, listed: Listed, found: Found) -> None:
    shares = [_share(each) for each in found.labels]
    whole = sum(shares)
    lefts = [box.x + box.w * sum(shares[:n]) / whole for n in range(len(shares))]
    y, height = box.y + 8, 22.0
    for label, left in zip(found.labels, lefts, strict=True):
        sheet.write(left + 2, y, listed.names.get(label, label), size=SMALL, weight="bold", color=DIM)
    for number, row in enumerate(found.rows[: int((box.h - 24) // 22)]):
        middle = y + 8 + height * (number + 0.6)
        sheet.bar(Box(box.x, middle - height / 2, box.w, 0.8), LINE)
        for label, value, left, share in zip(found.labels, row, lefts, shares, strict=True):
            room = box.w * share / whole - 14
            sheet.write(left + 2, middle, _cell(label, value), room=room, color=NAMED.get(str(value), INK))


def _share(column: str) -> float:
    wide = {"title": 4.4, "later_title": 4.2, "url": 3.4, "source.name": 1.8, "tags": 2.2, "stories": 1.8}
    narrow = {"state": 0.8, "failures": 0.8, "kind": 0.9, "reposts": 0.8, "shelf": 0.9, "language": 1.0}
    return wide.get(column) or narrow.get(column) or 1.7


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "–"
    if column == "lag_seconds":
        return _hours(float(value))
    if column.startswith("coverage"):
        return f"{float(value):.0%}"
    return _when(value) if _is_date(value) else str(value)


def _legend(sheet: Sheet, box: Box, width: float, names: Sequence[tuple[str, str]], *, centred: bool = False) -> None:
    left = box.x + box.w - width
    step = min(17.0, box.h / max(len(names), 1))
    y = box.y + (max(box.h - step * len(names), 0) / 2 if centred else 0) + step / 2
    for name, colour in names:
        sheet.bar(Box(left, y - 4.5, 9, 9), colour)
        sheet.write(left + 15, y, name.partition("://")[2] or name, size=SMALL, room=width - 18)
        y += step


def _plain(chart: Axes, axis: Literal["x", "y"]) -> None:
    chart.grid(axis=axis, color=LINE, linewidth=0.7)
    chart.set_axisbelow(True)
    chart.tick_params(length=0, labelsize=SMALL, colors=DIM)
    for side, spine in chart.spines.items():
        spine.set_visible(side == ("bottom" if axis == "y" else "left"))
        spine.set_color(LINE)


def _labels(split: Json) -> list[str]:
    return [each["label"] for each in split["ranges"]]


def _shades(names: Mapping[str, Any]) -> dict[str, str]:
    free = iter([*COLOURS, *COLOURS])
    return {name: NAMED.get(name) or next(free) for name in names}


def _width(places: Sequence[datetime]) -> timedelta:
    steps = [later - earlier for earlier, later in pairwise(places)]
    return min(steps, default=timedelta(days=1)) * 0.86


def _number(value: Any, measure: Json) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return _when(value)
    if measure.get("format", {}).get("type") == "duration":
        return _hours(float(value))
    return f"{round(value):,}"


def _hours(seconds: float) -> str:
    hours = seconds / 3_600
    return f"{hours:.1f} h" if hours >= 1 else f"{hours:.2f} h"


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 20 and value[4:5] == "-" and value[10:11] == "T"


def _date(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _when(value: str) -> str:
    return _date(value).strftime("%d %b %H:%M") if _is_date(value) else value


def _tint(colour: str, towards_white: float) -> str:
    parts = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (255 - part) * towards_white):02x}" for part in parts)


def _cool() -> Any:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - beside its only use

    return LinearSegmentedColormap.from_list("cool", ["#f7f9fc", "#a9cbe2", "#1b6ca8", "#0d3b5e"])


CHARTS: dict[str, Callable[[Sheet, Box, Asked, Sequence[Found]], None]] = {
    "xy": _xy,
    "pie": _pie,
    "heatmap": _heatmap,
    "data_table": _table,
}
