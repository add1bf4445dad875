"""Render the results of a period as Markdown for people and JSON for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import msgspec

from covernance.model import document
from covernance.model.counts import Counts, show
from covernance.model.verdict import Verdict, count_waived
from covernance.reports import charts, trend
from covernance.reports.markdown import Section, code, fit, head, plain, row
from covernance.reports.state import ExceptionDue, days
from covernance.reports.trend import TOTAL, Flaky, Point, Ratchet, show_points

_LIMIT = 512 * 1024
_MINUTE = "%Y-%m-%d %H:%M"


class Window(msgspec.Struct, frozen=True):
    """A period of time: later than `since`, up to and including `until`."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a moment is in the period."""
        return self.since < moment <= self.until

    @classmethod
    def before(cls, until: datetime, length: timedelta) -> Window:
        """Return the period of a length that ends at `until`."""
        return cls(until - length, until)


class DatedPatch(msgspec.Struct, frozen=True):
    """The patch coverage of one run."""

    recorded_at: str
    suite: str
    counts: Counts


class Exceptions(msgspec.Struct, frozen=True):
    """The register's rows opened and resolved in the period, and those that expire soon."""

    opened: tuple[ExceptionDue, ...] = ()
    resolved: tuple[ExceptionDue, ...] = ()
    expiring: tuple[ExceptionDue, ...] = ()


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one suite over time.

    Attributes:
        suite: The suite's name.
        base: The last result before the period, else the first one in it, else None.
        points: The results in the period, oldest first.
    """

    suite: str
    base: Point | None
    points: tuple[Point, ...]

    @property
    def newest(self) -> Point | None:
        """The last result in the period."""
        return self.points[-1] if self.points else None

    @property
    def charted(self) -> list[Point]:
        """The base and the results in the period."""
        before = [self.base] if self.base and self.base not in self.points else []
        return [*before, *self.points]


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the digest.

    Attributes:
        window: The period.
        branch: The branch whose results are shown.
        themes: The table's themes, in its order.
        courses: The results of every suite of the table.
        slowest: (suite, test, seconds) from the newest results, the slowest first.
        flaky: Tests that both passed and failed.
        patches: Patch coverage of the runs in the period, oldest first.
        exceptions: Changes of the exception register.
    """

    window: Window
    branch: str
    themes: tuple[str, ...]
    courses: tuple[Course, ...]
    slowest: tuple[tuple[str, str, float], ...] = ()
    flaky: tuple[Flaky, ...] = ()
    patches: tuple[DatedPatch, ...] = ()
    exceptions: Exceptions = Exceptions()

    @property
    def ratchets(self) -> list[Ratchet]:
        """The floors that could be raised."""
        ratchets = (trend.ratchet(course.suite, course.points) for course in self.courses)
        return [ratchet for ratchet in ratchets if ratchet]


def draw_course(suite: str, points: Sequence[Point], window: Window) -> Course:
    """Select the results of a suite, oldest first, that belong to a period."""
    inside = tuple(point for point in points if window.holds(point.timestamp))
    before = [point for point in points if point.timestamp <= window.since]
    base = before[-1] if before else next(iter(inside), None)
    return Course(suite=suite, base=base, points=inside)


def markdown(digest: Digest, drawn: Mapping[str, str]) -> str:
    """Return the digest as Markdown.

    Args:
        digest: The digest.
        drawn: The file names of the charts, by suite.
    """
    waived = _waived(digest)
    sections = [
        _coverage(digest),
        _patch(digest),
        _runs(digest),
        _list(
            "Flaky tests", "tests", [f"{flaky.suite}: {code(flaky.test)}" for flaky in digest.flaky]
        ),
        _slowest(digest),
        *([waived] if waived.rows else []),
        _exceptions(digest.exceptions),
        _ratchets(digest),
        _list(
            "Trends",
            "charts",
            [f"![Coverage of {name} over time]({file})" for name, file in drawn.items()],
        ),
    ]
    return fit(sections, _LIMIT)


def digest_document(digest: Digest) -> bytes:
    """Return the digest as JSON, with exact counts and rounded percentages and changes."""
    content = {
        "since": digest.window.since,
        "until": digest.window.until,
        "branch": digest.branch,
        "suites": {course.suite: _course(course, digest.themes) for course in digest.courses},
        "patches": [_patched(dated) for dated in digest.patches],
        "flaky": digest.flaky,
        "slowest": [
            {"suite": suite, "test": test, "seconds": seconds}
            for suite, test, seconds in digest.slowest
        ],
        "exceptions": digest.exceptions,
        "ratchets": [
            {
                "suite": ratchet.suite,
                "floor": show(ratchet.floor),
                "suggested": ratchet.suggested,
                "lowest": show(ratchet.lowest),
                "runs": ratchet.runs,
            }
            for ratchet in digest.ratchets
        ],
    }
    return document.encode(content)


def chart_files(digest: Digest) -> dict[str, tuple[str, bytes]]:
    """Return the file name and the bytes of the chart of each suite that has results."""
    drawn = {
        course.suite: (f"coverage-{course.suite}.svg", _chart(course, digest.themes))
        for course in digest.courses
    }
    return {suite: chart for suite, chart in drawn.items() if chart[1]}


def _chart(course: Course, themes: Sequence[str]) -> bytes:
    points = course.charted
    lines = [
        charts.Line(measure, trend.series(points, measure))
        for measure in trend.measures(points, themes)
    ]
    floor = points[-1].floor if points else None
    return charts.chart_file(f"{course.suite}: coverage in percent", lines, floor)


def _coverage(digest: Digest) -> Section:
    since, until = digest.window.since, digest.window.until
    names = ("suite", "measure", "before %", "now %", "change", "floor %", "verdict")
    lines = (
        "# Coverage digest",
        "",
        f"Results on {code(digest.branch)}, {since:{_MINUTE}} to {until:{_MINUTE}} UTC.",
        "[How to read these numbers](README.md).",
        "",
        "## Coverage",
        "",
        *head(names, numeric=names[2:6]),
    )
    rows = [
        text
        for course in digest.courses
        for text in (_measures(course, digest.themes) or [_no_run(course)])
    ]
    return Section(lines, tuple(rows))


def _measures(course: Course, themes: Sequence[str]) -> list[str]:
    base, newest = course.base, course.newest
    if base is None or newest is None:
        return []
    rows = []
    for measure in trend.measures(course.charted, themes):
        total = measure == TOTAL
        rows.append(
            row(
                (
                    plain(course.suite),
                    "**raw total**" if total else f"{plain(measure)}, earned",
                    show(base.percent(measure)),
                    show(newest.percent(measure)),
                    show_points(trend.change(base, newest, measure)),
                    show(newest.floor) if total else "",
                    _verdict(newest) if total else "",
                )
            )
        )
    return rows


def _verdict(point: Point) -> str:
    return code(point.verdict) + (f", {count_waived(point.waived)}" if point.waived else "")


def _no_run(course: Course) -> str:
    last = f"last result {course.base.timestamp:%Y-%m-%d}" if course.base else "no result yet"
    return row((plain(course.suite), f"no run in this period, {last}", "", "", "", "", ""))


def _patch(digest: Digest) -> Section:
    names = ("recorded", "suite", "ran", "changed", "%")
    rows = [
        row(
            (
                code(dated.recorded_at),
                plain(dated.suite),
                str(dated.counts.covered),
                str(dated.counts.total),
                show(dated.counts.percent),
            )
        )
        for dated in reversed(digest.patches)
    ]
    lines = ("## Patch coverage", "", *_table_or_none(rows, names, names[2:]))
    return Section(lines, tuple(rows), "runs")


def _runs(digest: Digest) -> Section:
    names = ("suite", "runs", "not passing", "median s", "change s", "newest s")
    rows = [row(_run(course)) for course in digest.courses if course.points]
    lines = ("## Runs, failures and run times", "", *_table_or_none(rows, names, names[1:]))
    return Section(lines, tuple(rows), "suites")


def _run(course: Course) -> tuple[str, ...]:
    typical = _median_seconds(course)
    failures = ", ".join(f"{number} {code(name)}" for name, number in _failures(course).items())
    return (
        plain(course.suite),
        str(len(course.points)),
        failures or "0",
        f"{typical:.1f}",
        f"{typical - course.charted[0].seconds:+.1f}",
        f"{course.points[-1].seconds:.1f}",
    )


def _median_seconds(course: Course) -> float:
    return median(point.seconds for point in course.points)


def _failures(course: Course) -> dict[str, int]:
    """How many runs ended with each verdict other than `pass`."""
    counts = Counter(point.verdict for point in course.points if point.verdict != Verdict.PASS)
    return dict(sorted(counts.items()))


def _slowest(digest: Digest) -> Section:
    names = ("s", "suite", "test")
    rows = [
        row((f"{seconds:.2f}", plain(suite), code(test))) for suite, test, seconds in digest.slowest
    ]
    lines = ("## Slowest tests", "", *_table_or_none(rows, names, names[:1]))
    return Section(lines, tuple(rows), "tests")


def _waived(digest: Digest) -> Section:
    names = ("file", "suite", "owner", "until")
    rows = [
        row((code(waiver.path), plain(course.suite), code(waiver.owner), code(str(waiver.until))))
        for course in digest.courses
        if course.newest
        for waiver in course.newest.waived
    ]
    return Section(("## Waived files", "", *head(names)), tuple(rows), "files")


def _exceptions(exceptions: Exceptions) -> Section:
    changes = {
        "opened": exceptions.opened,
        "resolved": exceptions.resolved,
        "expiring": exceptions.expiring,
    }
    rows = [
        row(
            (
                change,
                code(due.module),
                plain(due.suite),
                code(due.owner),
                code(due.review_date),
                "" if change == "resolved" else days(due.days_left),
            )
        )
        for change, dues in changes.items()
        for due in sorted(dues, key=lambda due: (due.days_left, due.module))
    ]
    names = ("change", "module", "suite", "owner", "review", "when")
    lines = ("## Exceptions", "", *_table_or_none(rows, names, ()))
    return Section(lines, tuple(rows), "exceptions")


def _ratchets(digest: Digest) -> Section:
    names = ("suite", "floor %", "could be %", "lowest %", "runs")
    rows = [
        row(
            (
                plain(ratchet.suite),
                show(ratchet.floor),
                f"**{ratchet.suggested}**",
                show(ratchet.lowest),
                str(ratchet.runs),
            )
        )
        for ratchet in digest.ratchets
    ]
    lines = ("## Floors that could be raised", "", *_table_or_none(rows, names, names[1:]))
    return Section(lines, tuple(rows), "suites")


def _list(title: str, noun: str, items: Sequence[str]) -> Section:
    lines = (f"## {title}", "", *(() if items else ("None.",)))
    return Section(lines, tuple(f"- {item}" for item in items), noun)


def _table_or_none(
    rows: Sequence[str], names: Sequence[str], numeric: Iterable[str]
) -> tuple[str, ...]:
    return head(names, numeric=numeric) if rows else ("None.",)


def _course(course: Course, themes: Sequence[str]) -> dict[str, Any]:
    base, newest = course.base, course.newest
    if base is None or newest is None:
        return {"runs": 0, "last_result": base.timestamp if base else None}
    return {
        "runs": len(course.points),
        "not_passing": _failures(course),
        "median_seconds": round(_median_seconds(course), 3),
        "seconds": round(newest.seconds, 3),
        "verdict": newest.verdict,
        "waived": newest.waived,
        "floor": show(newest.floor),
        "commit": newest.commit,
        "measures": {
            measure: {
                "before": show(base.percent(measure)),
                "now": show(newest.percent(measure)),
                "change": show_points(trend.change(base, newest, measure)),
                "counts": newest.measures.get(measure),
            }
            for measure in trend.measures(course.charted, themes)
        },
    }


def _patched(dated: DatedPatch) -> dict[str, Any]:
    return {
        "recorded_at": dated.recorded_at,
        "suite": dated.suite,
        "covered": dated.counts.covered,
        "total": dated.counts.total,
        "percent": show(dated.counts.percent),
    }
