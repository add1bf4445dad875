from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.reports import charts
from covernance.reports.charts import Line

pytestmark = pytest.mark.architecture

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def daily(*levels: float | None) -> list[tuple[datetime, Fraction | None]]:
    return [
        (START + timedelta(days=day), None if level is None else Fraction(str(level)))
        for day, level in enumerate(levels)
    ]


def texts(svg: bytes | str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - the layer's own text


def test_chart_has_a_title_a_scale_dates_a_floor_and_line_labels() -> None:
    lines = [Line("total", daily(90, 91.25, 92.999)), Line("security", daily(80, None, 84))]
    svg = charts.chart("api over time", lines, Fraction(85))
    root = ET.fromstring(svg)  # noqa: S314 - the layer's own text
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "api over time"
    assert root.findtext(f"{SVG}desc") == "Last values: total 92.99 %; security 84.00 %"
    assert texts(svg)[:4] == ["80", "85", "90", "95"]
    assert texts(svg)[4:6] == ["2026-11-01", "2026-11-03"]
    assert texts(svg)[6:] == ["total 92.99", "security 84.00", "floor 85.00"]


def test_higher_values_are_higher_and_later_ones_further_right() -> None:
    svg = charts.chart("x", [Line("total", daily(80, 90, 100))])
    course = re.search(r'class="course" d="M([^"]+)"', svg)
    assert course
    xs, ys = zip(*(map(float, point.split()) for point in course[1].split("L")), strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    assert ys[1] == pytest.approx((ys[0] + ys[2]) / 2)


def test_no_values_give_no_chart() -> None:
    assert charts.chart("x", []) == ""
    assert charts.chart("x", [Line("total", daily(None, None))], Fraction(90)) == ""
    assert charts.chart_file("x", []) == b""


def test_single_value_is_drawn_in_the_middle() -> None:
    svg = charts.chart("x", [Line("total", daily(100))])
    assert "2026-11-01" in texts(svg)
    assert "total 100.00" in texts(svg)
    assert 'cx="258.0"' in svg


def test_results_of_one_day_are_labelled_with_times() -> None:
    values = [(START, Fraction(90)), (START + timedelta(hours=2), Fraction(91))]
    shown = texts(charts.chart("x", [Line("total", values)]))
    assert "11-01 12:00" in shown
    assert "11-01 14:00" in shown


def test_wide_range_and_a_flat_line_have_a_scale() -> None:
    assert texts(charts.chart("x", [Line("t", daily(0, 100))]))[:5] == [
        "0",
        "25",
        "50",
        "75",
        "100",
    ]
    assert texts(charts.chart("x", [Line("t", daily(100, 100))]))[:2] == ["99.90", "100"]
    assert texts(charts.chart("x", [Line("t", daily(0, 0))]))[:2] == ["0", "0.10"]


@pytest.mark.reliability
def test_labels_of_lines_that_end_together_do_not_overlap() -> None:
    lines = [Line(f"theme{number}", daily(50, 50)) for number in range(8)]
    svg = charts.chart("x", lines)
    ys = sorted(float(y) for y in re.findall(r'<text x="494" y="([\d.]+)"', svg))
    assert len(ys) == 8
    assert all(below - above >= 14 for above, below in pairwise(ys))
    assert ys[-1] <= charts.HEIGHT


@pytest.mark.reliability
@given(
    st.lists(
        st.lists(st.none() | st.fractions(0, 100, max_denominator=10_000), max_size=12), max_size=9
    ),
    st.none() | st.fractions(0, 100, max_denominator=100),
)
def test_any_values_give_a_well_formed_chart_within_its_frame(
    courses: list[list[Fraction | None]], floor: Fraction | None
) -> None:
    lines = [
        Line(
            f"theme{number}",
            [(START + timedelta(days=day), level) for day, level in enumerate(levels)],
        )
        for number, levels in enumerate(courses)
    ]
    svg = charts.chart_file("x", lines, floor)
    assert svg == charts.chart_file("x", lines, floor)
    if svg:
        ET.fromstring(svg)  # noqa: S314 - the layer's own text
        for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", svg.decode()):
            assert 0 <= float(x) <= charts.WIDTH
            assert 0 <= float(y) <= charts.HEIGHT


@pytest.mark.security
def test_file_has_no_script_and_makes_no_requests() -> None:
    svg = charts.chart_file('<script>&"', [Line("</text><script>", daily(1, 2))]).decode()
    assert "<script" not in svg
    assert "prefers-color-scheme: dark" in svg
    assert re.findall(r"(?:https?:)?//[^\s\"]+", svg) == ["http://www.w3.org/2000/svg"]


def test_sparkline_has_a_title_and_needs_two_values() -> None:
    svg = charts.sparkline("total of api", daily(90, None, 91))
    assert "<title>total of api</title>" in svg
    assert 'd="M3.0 21.0L93.0 3.0"' in svg
    assert charts.sparkline("x", daily(90, None)) == ""


def test_flat_sparkline_is_in_the_middle() -> None:
    assert 'd="M3.0 12.0L93.0 12.0"' in charts.sparkline("x", daily(90, 90))
