"""SVG badges that show a coverage percentage."""

from __future__ import annotations

from typing import Final

from flask import render_template
from msgspec import Struct

from apps.api.counts import Counts

NOT_AVAILABLE: Final = "n/a"
# minimum in hundredths of a percent, and a colour on which white text is readable (WCAG AA)
_COLOURS: Final = ((9_000, "#2a7a2a"), (7_500, "#8a6500"), (0, "#b3261e"))
_GREY: Final = "#5f6368"
_PADDING: Final = 6
_CHARACTER: Final = 7


class _Badge(Struct, frozen=True):
    label: str
    value: str
    colour: str

    @property
    def label_width(self) -> int:
        return _width(self.label)

    @property
    def value_width(self) -> int:
        return _width(self.value)

    @property
    def width(self) -> int:
        return self.label_width + self.value_width


def render_badge(suite: str, theme: str | None, counts: Counts) -> str:
    """Return an SVG badge with a suite's coverage, or with a theme's earned coverage."""
    label = f"{suite} · {theme}" if theme else f"{suite} coverage"
    points, percent = counts.basis_points, counts.percent
    value = NOT_AVAILABLE if percent is None else f"{percent}%"
    colour = _GREY
    if points is not None:
        colour = next(colour for minimum, colour in _COLOURS if points >= minimum)
    return render_template(
        "badge.svg",
        badge=_Badge(label, value, colour),
        padding=_PADDING,
    )


def _width(text: str) -> int:
    return 2 * _PADDING + _CHARACTER * len(text)
