from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from flask import Flask

from apps.api.badge import render_badge
from apps.api.counts import Counts

SVG = "{http://www.w3.org/2000/svg}"


def draw(suite: str, theme: str | None, executed: int, statements: int = 10_000) -> ET.Element:
    app = Flask("apps.api.main")
    with app.app_context():
        text = render_badge(suite, theme, Counts(statements, executed, 0, 0))
    return ET.fromstring(text)  # noqa: S314  # the text comes from the code under test


def texts(root: ET.Element) -> list[str | None]:
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.architecture
def test_the_badge_shows_suite_and_percentage() -> None:
    assert texts(draw("api", None, 8_999)) == ["api coverage", "89.99%"]


@pytest.mark.architecture
def test_a_theme_badge_shows_the_theme() -> None:
    assert texts(draw("api", "security", 10_000)) == ["api · security", "100.00%"]


@pytest.mark.architecture
def test_the_badge_has_an_accessible_label() -> None:
    root = draw("api", None, 8_999)

    assert root.get("role") == "img"
    assert root.get("aria-label") == "api coverage: 89.99%"
    assert root.findtext(f"{SVG}title") == "api coverage: 89.99%"


@pytest.mark.reliability
def test_with_nothing_to_cover_the_badge_shows_not_available() -> None:
    root = draw("api", None, 0, statements=0)

    assert texts(root)[1] == "n/a"
    assert root.findall(f".//{SVG}rect")[-1].get("fill") == "#5f6368"


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("executed", "colour"),
    [
        (10_000, "#2a7a2a"),
        (9_000, "#2a7a2a"),
        (8_999, "#8a6500"),
        (7_500, "#8a6500"),
        (7_499, "#b3261e"),
        (0, "#b3261e"),
    ],
)
def test_the_colour_changes_at_90_and_at_75_percent(executed: int, colour: str) -> None:
    assert draw("api", None, executed).findall(f".//{SVG}rect")[-1].get("fill") == colour


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.reliability
@pytest.mark.parametrize("executed", [10_000, 8_000, 0])
def test_white_text_has_enough_contrast_on_every_colour(executed: int) -> None:
    for rect in draw("api", None, executed).findall(f"{SVG}g/{SVG}rect"):
        assert 1.05 / (_luminance(rect.get("fill", "")) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.security
def test_markup_in_a_name_is_escaped() -> None:
    root = draw('<script>alert("x")</script>', '"><script/>', 1)

    assert not list(root.iter(f"{SVG}script"))
    assert root.get("aria-label", "").startswith('<script>alert("x")</script> · "><script/>')
