r"""Render the landing page: one self-contained HTML file without a script.

coverage.py's HTML reports can't be opened filtered by theme. Their index filters only file names,
by a value that is in the browser's storage and not in the URL, and contexts are chosen when a
report is written. Each theme therefore has a separate report in a folder of its suite's report,
written like `coverage html --contexts='^THEME(\||$)'`. The page links to the reports that exist
and shows the command that writes them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec
from markupsafe import Markup

from covernance.model.counts import show
from covernance.model.snapshot import FAILED, Cell, Snapshot
from covernance.model.verdict import Verdict, Waiver, count_waived
from covernance.reports import charts, trend
from covernance.reports.state import State, days, describe_trouble, verdict
from covernance.reports.trend import TOTAL, Flaky, Point

_MOST_SLOW = 10
_MOST_FLAKY = 50
_MOST_REASONS = 20
_HEAT = (50, 70, 80, 90, 95)
"""The percentages at which the colour of the heat map changes."""


class Reports(msgspec.Struct, frozen=True):
    """The coverage.py HTML reports that exist, so that the page can link to them.

    Attributes:
        combined: Whether `all/index.html` exists.
        suites: The suites that have `<suite>/index.html`.
        themes: The (suite, theme) pairs that have `<suite>/<theme>/index.html`.
    """

    combined: bool = False
    suites: frozenset[str] = frozenset()
    themes: frozenset[tuple[str, str]] = frozenset()


class _Heat(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of the heat map."""

    theme: str
    level: int | None
    earned: str
    raw: str
    tests: int
    trouble: str
    href: str


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A suite's row of the heat map; only name and verdict are set if it has no result."""

    name: str
    verdict: Verdict
    good: bool
    href: str
    cells: list[_Heat | None] = []
    percent: str = ""
    floor: str = ""
    margin: str = ""
    sparkline: Markup = Markup("")
    change: str = ""
    reasons: tuple[str, ...] = ()
    more_reasons: int = 0
    waived: str = ""


class _Waived(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table of waived files."""

    suite: str
    percent: str
    waiver: Waiver


def render_page(
    title: str,
    state: State,
    history: Mapping[str, Sequence[Point]],
    flaky: Sequence[Flaky],
    reports: Reports,
) -> bytes:
    """Return the page as HTML; the same input gives the same bytes.

    Args:
        title: The repository's name.
        state: The current results.
        history: Each suite's results over time, oldest first, the current one last.
        flaky: The tests that both passed and failed.
        reports: The reports to link to.

    Raises:
        InputError: The floor of a snapshot can't be read.
    """
    environment = charts.environment()
    css = environment.get_template("dashboard.css.j2").render()
    rows = [_row(name, snapshot, state, history, reports) for name, snapshot in state.worst_first]
    page = environment.get_template(
        "dashboard.html.j2"
    ).render(
        title=title,
        css=Markup(css),  # noqa: S704 - this package's style sheet, contains no input
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        state=state,
        newest=state.newest,
        rows=rows,
        tests=sum(len(snapshot.tests) for snapshot in state.present),
        failed=_count_failed(state),
        charts=[
            (name, Markup(drawn))  # noqa: S704 - from a template that escapes
            for name in state.suites
            if (drawn := _chart(name, state, history.get(name, ())))
        ],
        patches=[
            (suite, counts, _percent(counts.percent)) for suite, counts in state.patches.items()
        ],
        waived=[
            _Waived(
                suite=snapshot.suite,
                percent=_percent(snapshot.files[waiver.path].total.percent),
                waiver=waiver,
            )
            for snapshot, waiver in state.waived
            if waiver.path in snapshot.files
        ],
        exceptions=[
            (due, days(due.days_left))
            for due in sorted(state.exceptions, key=lambda due: (due.days_left, due.module))
        ],
        slowest=[
            (suite, test, f"{took:.2f}")
            for suite, test, took in trend.slowest(state.present, _MOST_SLOW)
        ],
        flaky=flaky[:_MOST_FLAKY],
        more_flaky=max(0, len(flaky) - _MOST_FLAKY),
        reports=reports,
        heat=_legend(),
    )
    return page.encode()


def _row(
    name: str,
    snapshot: Snapshot | None,
    state: State,
    history: Mapping[str, Sequence[Point]],
    reports: Reports,
) -> _Row:
    href = f"{name}/index.html" if name in reports.suites else ""
    if snapshot is None:
        return _Row(name=name, verdict=verdict(snapshot), good=False, href=href)
    floor, percent = trend.floor(snapshot.floor.percent, name), snapshot.total.percent
    points = history.get(name, ())
    return _Row(
        name=name,
        verdict=snapshot.verdict,
        good=snapshot.verdict == Verdict.PASS,
        href=href,
        cells=[
            _heat(name, theme, snapshot.themes[theme], reports)
            if theme in snapshot.themes
            else None
            for theme in state.columns
        ],
        percent=_percent(percent),
        floor=snapshot.floor.percent,
        margin=trend.show_points(None if percent is None else percent - floor),
        sparkline=Markup(_sparkline(name, points)),  # noqa: S704 - from a template that escapes
        change=trend.show_points(trend.change(points[0], points[-1], TOTAL))
        if len(points) > 1
        else "",
        reasons=snapshot.reasons[:_MOST_REASONS],
        more_reasons=max(0, len(snapshot.reasons) - _MOST_REASONS),
        waived=count_waived(snapshot.waived) if snapshot.waived else "",
    )


def _heat(suite: str, theme: str, cell: Cell, reports: Reports) -> _Heat:
    return _Heat(
        theme=theme,
        level=_level(cell.earned.percent),
        earned=_percent(cell.earned.percent),
        raw=show(cell.raw.percent),
        tests=cell.outcomes.tests,
        trouble=describe_trouble(cell),
        href=f"{suite}/{theme}/index.html" if (suite, theme) in reports.themes else "",
    )


def _level(percent: Fraction | None) -> int | None:
    return None if percent is None else sum(percent >= bound for bound in _HEAT)


def _percent(percent: Fraction | None) -> str:
    return show(percent) if percent is None else f"{show(percent)} %"


def _legend() -> list[tuple[int, str]]:
    """The levels of the heat map, from the lowest, and the percentages that they represent."""
    bounds = [0, *_HEAT, 100]
    return [(level, f"{bounds[level]}–{bounds[level + 1]} %") for level in range(len(_HEAT) + 1)]  # noqa: RUF001 - a range takes an en dash


def _sparkline(name: str, points: Sequence[Point]) -> str:
    return charts.sparkline(
        f"raw total of {name} over the last {len(points)} results", trend.series(points, TOTAL)
    )


def _chart(name: str, state: State, points: Sequence[Point]) -> str:
    if len(points) < 2:  # noqa: PLR2004 - a line needs two results
        return ""
    lines = [
        charts.Line(measure, trend.series(points, measure))
        for measure in trend.measures(points, state.columns)
    ]
    return charts.chart(f"{name}: coverage over {len(points)} results", lines, points[-1].floor)


def _count_failed(state: State) -> int:
    return sum(
        test.outcome in FAILED for snapshot in state.present for test in snapshot.tests.values()
    )
