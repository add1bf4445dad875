"""Trends: the results of a suite in the order they were recorded, and how they changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from math import fsum

import msgspec

from covernance.errors import InputError
from covernance.model import timestamp
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.model.testing import is_flaky, rank_slowest
from covernance.model.verdict import Verdict, Waiver

TOTAL = "total"
"""The name of a suite's raw total among its measures; the others are the earned themes."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a snapshot that trends use.

    Attributes:
        timestamp: The time at which it was recorded.
        commit: The commit, or None if it is unknown.
        run_id: The id of the run.
        verdict: The suite's verdict.
        floor: The floor that was applied, in percent.
        measures: The raw total, and the earned counts of each theme.
        seconds: The total wall time of all passes.
        waived: The files that were below their floor by an exception.
    """

    timestamp: datetime
    commit: str | None
    run_id: str
    verdict: Verdict
    floor: Fraction
    measures: dict[str, Counts]
    seconds: float
    waived: tuple[Waiver, ...] = ()

    def percent(self, measure: str) -> Fraction | None:
        """A measure's exact percentage; None if there is nothing to cover or no such theme."""
        counts = self.measures.get(measure)
        return counts.percent if counts else None


class Flaky(msgspec.Struct, frozen=True, order=True):
    """A test that was seen to pass and to fail with the same sources and configuration."""

    suite: str
    test: str


class Ratchet(msgspec.Struct, frozen=True, kw_only=True):
    """A floor that could be raised to `suggested`, which each of the last `runs` runs reached."""

    suite: str
    floor: Fraction
    suggested: int
    lowest: Fraction
    runs: int


def floor(text: str, where: str) -> Fraction:
    """Parse the floor in a snapshot; `where` names the snapshot in the error.

    Raises:
        InputError: The text is not a number.
    """
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        msg = f"{where}: {text!r} is not a valid floor; run the suite again"
        raise InputError(msg) from None


def point(snapshot: Snapshot) -> Point:
    """Convert a snapshot to a point of a trend.

    Raises:
        InputError: The snapshot's time or floor can't be read.
    """
    source = snapshot.provenance
    return Point(
        timestamp=timestamp.read(source.recorded_at, f"the result of {snapshot.suite}"),
        commit=source.commit,
        run_id=source.run_id,
        verdict=snapshot.verdict,
        floor=floor(snapshot.floor.percent, f"the result of {snapshot.suite}"),
        measures={
            TOTAL: snapshot.total,
            **{
                theme: cell.earned for theme, cell in snapshot.themes.items() if cell.outcomes.tests
            },
        },
        seconds=fsum(cell.seconds for cell in snapshot.themes.values()),
        waived=snapshot.waived,
    )


def change(before: Point, after: Point, measure: str) -> Fraction | None:
    """The rise of a measure in percentage points, or None if either point lacks it."""
    old, new = before.percent(measure), after.percent(measure)
    return None if old is None or new is None else new - old


def flaky(snapshots: Iterable[Snapshot]) -> list[Flaky]:
    """The tests marked as flaky, or that both passed and failed on equal, committed sources."""
    marked: set[Flaky] = set()
    outcomes: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for snapshot in snapshots:
        source = snapshot.provenance
        marked |= {Flaky(snapshot.suite, test) for test in snapshot.flaky}
        if source.commit is None or source.dirty is not False:
            continue
        for test, result in snapshot.tests.items():
            key = (snapshot.suite, test, source.commit, source.config)
            outcomes[key].add(result.outcome)
    mixed = {Flaky(suite, test) for (suite, test, *_), seen in outcomes.items() if is_flaky(seen)}
    return sorted(marked | mixed)


def slowest(snapshots: Iterable[Snapshot], most: int) -> list[tuple[str, str, float]]:
    """The tests that took longest, as (suite, test, seconds)."""
    durations = (
        ((snapshot.suite, test), result.seconds)
        for snapshot in snapshots
        for test, result in snapshot.tests.items()
    )
    return [(suite, test, seconds) for (suite, test), seconds in rank_slowest(durations, most)]


def ratchet(suite: str, points: Sequence[Point]) -> Ratchet | None:
    """Suggest raising the floor to the lowest passing total, rounded down to a whole percentage.

    The current floor is that of the newest run; None if the suggestion is not above it. Runs that
    did not pass are ignored.
    """
    totals = [
        total
        for point in points
        if point.verdict == Verdict.PASS and (total := point.percent(TOTAL))
    ]
    if not totals:
        return None
    lowest, current = min(totals), points[-1].floor
    suggested = lowest // 1
    if suggested <= current:
        return None
    return Ratchet(suite=suite, floor=current, suggested=suggested, lowest=lowest, runs=len(totals))


def show_points(points: Fraction | None) -> str:
    """Format a change with its sign and two decimals, rounded down.

    A drop is never shown smaller than it is, nor a gain larger.
    """
    if points is None:
        return "n/a"
    hundredths = points.numerator * 100 // points.denominator
    sign = "+" if hundredths > 0 else "-" if hundredths < 0 else "±"
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def series(points: Sequence[Point], measure: str) -> list[tuple[datetime, Fraction | None]]:
    """Return a measure over time, for a chart."""
    return [(point.timestamp, point.percent(measure)) for point in points]


def measures(points: Sequence[Point], themes: Sequence[str]) -> list[str]:
    """Return the total, then the themes that any of the points has, in the table's order."""
    return [TOTAL, *(theme for theme in themes if any(theme in p.measures for p in points))]
