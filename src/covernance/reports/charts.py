"""Line charts and sparklines as SVG without scripts, fonts or requests; output is reproducible.

They are drawn from templates instead of by pygal, whose charts contain a script, a date and the
colours of only one scheme. Lines differ in dash and marker as well as in colour, and each is
labelled at its end. Colours follow the page's scheme, light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from functools import cache

import jinja2
import msgspec

from covernance.model.counts import show
from covernance.model.text import short_commit

Values = Sequence[tuple[datetime, Fraction | None]]
"""Percentages over time, oldest first; None if there was nothing to measure."""

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 168, 14, 30
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_MARGIN = 96, 24, 3
_LABEL_HEIGHT = 15
_STEPS = tuple(map(Fraction, ("0.1", "0.5", "1", "2", "5", "10", "20", "25")))
_MOST_TICKS = 5
_FULL = 100
_STYLES = 6


class Line(msgspec.Struct, frozen=True):
    """One line of a chart."""

    name: str
    values: Values


class _Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the coordinates of the chart."""

    name: str
    style: int
    path: str
    dots: list[tuple[str, str]]
    end: tuple[str, str]
    label_y: str
    shown: str


@cache
def environment() -> jinja2.Environment:
    """Load the templates of this package; values inserted into them are escaped."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("covernance.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["short_commit"] = short_commit
    return templates


def chart(title: str, lines: Sequence[Line], floor: Fraction | None = None) -> str:
    """Draw lines over time as an `<svg>` element, or return "" if there are no values.

    Args:
        title: The description for screen readers.
        lines: The lines, the most important first.
        floor: A percentage to mark.
    """
    return _draw(title, lines, floor, standalone=False)


def chart_file(title: str, lines: Sequence[Line], floor: Fraction | None = None) -> bytes:
    """Draw a chart as an SVG file with light and dark colours, or return b"" without values."""
    return _draw(title, lines, floor, standalone=True).encode()


def sparkline(title: str, values: Values) -> str:
    """Draw one measure over time as a small `<svg>`, or return "" with fewer than two values."""
    known = _known(values)
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    levels = [level for _, level in known]
    least, most = min(levels), max(levels)
    pad = Fraction(1, 2) if least == most else Fraction(0)
    area = _Area(
        left=_SPARK_MARGIN,
        top=_SPARK_MARGIN,
        width=_SPARK_WIDTH - 2 * _SPARK_MARGIN,
        height=_SPARK_HEIGHT - 2 * _SPARK_MARGIN,
        first=known[0][0],
        last=known[-1][0],
        low=least - pad,
        high=most + pad,
    )
    points = _points(known, area)
    return (
        environment()
        .get_template("sparkline.svg.j2")
        .render(
            title=title,
            width=_SPARK_WIDTH,
            height=_SPARK_HEIGHT,
            path=_path(points),
            end=points[-1],
        )
    )


class _Area(msgspec.Struct, frozen=True, kw_only=True):
    """Maps values to coordinates, in exact arithmetic so that output is reproducible."""

    left: int
    top: int
    width: int
    height: int
    first: datetime
    last: datetime
    low: Fraction
    high: Fraction

    def x(self, moment: datetime) -> str:
        span = _microseconds(self.first, self.last)
        share = Fraction(_microseconds(self.first, moment), span) if span else Fraction(1, 2)
        return _number(self.left + share * self.width)

    def y(self, level: Fraction) -> str:
        share = (self.high - level) / (self.high - self.low)
        return _number(self.top + share * self.height)


def _draw(title: str, lines: Sequence[Line], floor: Fraction | None, *, standalone: bool) -> str:
    styled = [(style, line) for style, line in enumerate(lines) if _known(line.values)]
    if not styled:
        return ""
    moments = [moment for _, line in styled for moment, _ in _known(line.values)]
    levels = [level for _, line in styled for _, level in _known(line.values)]
    low, high, step = _scale([*levels, *([floor] if floor is not None else [])])
    area = _Area(
        left=_LEFT,
        top=_TOP,
        width=WIDTH - _LEFT - _RIGHT,
        height=HEIGHT - _TOP - _BOTTOM,
        first=min(moments),
        last=max(moments),
        low=low,
        high=high,
    )
    drawn = _place_lines(styled, area)
    return (
        environment()
        .get_template("chart.svg.j2")
        .render(
            standalone=standalone,
            title=title,
            described="; ".join(f"{line.name} {line.shown} %" for line in drawn),
            width=WIDTH,
            height=HEIGHT,
            left=_LEFT,
            right=WIDTH - _RIGHT,
            bottom=HEIGHT - _BOTTOM,
            ticks=[(area.y(level), _short(level)) for level in _levels(low, high, step)],
            dates=_dates(area),
            floor=None if floor is None else area.y(floor),
            floor_shown=None if floor is None else show(floor),
            lines=drawn,
        )
    )


def _place_lines(lines: Sequence[tuple[int, Line]], area: _Area) -> list[_Drawn]:
    """Place the lines, and their labels so that they do not overlap."""
    points = [_points(_known(line.values), area) for _, line in lines]
    by_height = sorted(range(len(lines)), key=lambda index: float(points[index][-1][1]))
    labels: dict[int, float] = {}
    lowest = float(area.top + area.height)
    previous = area.top - _LABEL_HEIGHT / 2
    for rank, index in enumerate(by_height):
        below = len(by_height) - rank - 1
        y = max(float(points[index][-1][1]), previous + _LABEL_HEIGHT)
        previous = labels[index] = max(min(y, lowest - below * _LABEL_HEIGHT), previous + 1)
    return [
        _Drawn(
            name=line.name,
            style=style % _STYLES,
            path=_path(points[index]),
            dots=points[index],
            end=points[index][-1],
            label_y=f"{labels[index]:.1f}",
            shown=show(_known(line.values)[-1][1]),
        )
        for index, (style, line) in enumerate(lines)
    ]


def _known(values: Values) -> list[tuple[datetime, Fraction]]:
    return [(moment, level) for moment, level in values if level is not None]


def _points(values: Sequence[tuple[datetime, Fraction]], area: _Area) -> list[tuple[str, str]]:
    return [(area.x(moment), area.y(level)) for moment, level in values]


def _path(points: Sequence[tuple[str, str]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _scale(levels: Sequence[Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    """The lowest and the highest level of the axis, and the step between its ticks.

    Levels are between 0 and 100, so the largest step always gives few enough ticks.
    """
    scales = (_round_outwards(min(levels), max(levels), step) for step in _STEPS)
    return next(
        (low, high, step) for low, high, step in scales if (high - low) / step < _MOST_TICKS
    )


def _round_outwards(
    least: Fraction, most: Fraction, step: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    low, high = least // step * step, -(-most // step) * step
    if low == high:
        low, high = (low - step, high) if high >= _FULL else (low, high + step)
    return low, high, step


def _levels(low: Fraction, high: Fraction, step: Fraction) -> list[Fraction]:
    return [low + step * number for number in range(int((high - low) / step) + 1)]


def _dates(area: _Area) -> list[tuple[str, str, str]]:
    """The x position, text anchor and label of the first and the last day."""
    first, last = f"{area.first:%Y-%m-%d}", f"{area.last:%Y-%m-%d}"
    if area.first == area.last:
        return [(area.x(area.first), "middle", first)]
    ends = [(area.x(area.first), "start", first), (area.x(area.last), "end", last)]
    if first != last:
        return ends
    return [
        (x, anchor, f"{moment:%m-%d %H:%M}")
        for (x, anchor, _), moment in zip(ends, (area.first, area.last), strict=True)
    ]


def _microseconds(first: datetime, last: datetime) -> int:
    difference = last - first
    return (difference.days * 86_400 + difference.seconds) * 1_000_000 + difference.microseconds


def _number(value: Fraction) -> str:
    return f"{float(value):.1f}"


def _short(level: Fraction) -> str:
    return show(level).removesuffix(".00")
