from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import InputError
from covernance.model.counts import Counts
from covernance.model.snapshot import Floor, Snapshot, TestResult
from covernance.model.verdict import Verdict
from covernance.reports import trend
from covernance.reports.trend import Flaky, Point, Ratchet

pytestmark = pytest.mark.architecture


def with_outcome(snapshot: Snapshot, outcome: str, **source: object) -> Snapshot:
    return msgspec.structs.replace(
        snapshot,
        tests={"t::a": TestResult(outcome=outcome, seconds=0.1, themes=())},
        provenance=msgspec.structs.replace(snapshot.provenance, **source),
    )


def at(percent: int, *, verdict: str = "pass", floor: int = 90, measure: str = "total") -> Point:
    return Point(
        timestamp=datetime(2026, 11, 21, tzinfo=UTC),
        commit=None,
        run_id="1",
        verdict=Verdict(verdict),
        floor=Fraction(floor),
        measures={measure: Counts(10_000, percent)},
        seconds=1.0,
    )


def test_point_has_the_total_and_the_themes_with_tests(snapshot: Snapshot) -> None:
    point = trend.point(snapshot)
    assert point.timestamp == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert point.measures == {"total": Counts(6, 5, 2, 1), "security": Counts(4, 3, 2, 1)}
    assert point.seconds == 1.0
    assert point.percent("security") == Fraction(200, 3)
    assert point.percent("architecture") is None


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-21", "0001-01-01T00:00:00Z"])
def test_invalid_time_is_rejected(snapshot: Snapshot, text: str) -> None:
    with pytest.raises(InputError, match=r"the result of api: .* is not a time"):
        trend.point(with_outcome(snapshot, "passed", recorded_at=text))


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["", "high", "1/0", "NaN"])
def test_invalid_floor_is_rejected(snapshot: Snapshot, text: str) -> None:
    with pytest.raises(InputError, match="is not a valid floor"):
        trend.point(msgspec.structs.replace(snapshot, floor=Floor(text, "x")))


def test_change_is_exact_and_needs_both_ends() -> None:
    assert trend.change(at(9_000), at(9_100), "total") == 1
    assert trend.change(at(9_000), at(9_100), "security") is None


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        (Fraction(0), "±0.00"),
        (Fraction(1, 3), "+0.33"),
        (Fraction(-1, 3), "-0.34"),
        (Fraction(1, 1000), "±0.00"),
        (Fraction(-1, 1000), "-0.01"),
        (Fraction(12), "+12.00"),
        (None, "n/a"),
    ],
)
def test_change_is_shown_with_its_sign_rounded_down(points: Fraction | None, shown: str) -> None:
    assert trend.show_points(points) == shown


@pytest.mark.reliability
@given(st.fractions(-100, 100))
def test_drop_is_never_shown_smaller_than_it_is(points: Fraction) -> None:
    assert Fraction(trend.show_points(points).replace("±", "")) <= points


@pytest.mark.reliability
def test_test_that_passes_and_fails_on_the_same_sources_is_flaky(snapshot: Snapshot) -> None:
    results = [with_outcome(snapshot, outcome) for outcome in ("passed", "skipped", "failed")]
    assert trend.flaky(results) == [Flaky("api", "t::a")]


@pytest.mark.reliability
@pytest.mark.parametrize(
    "source",
    [{"commit": "1" * 40}, {"config": "0"}, {"commit": None}, {"dirty": True}, {"dirty": None}],
)
def test_different_or_unknown_sources_are_not_compared(
    snapshot: Snapshot, source: dict[str, object]
) -> None:
    results = [with_outcome(snapshot, "passed"), with_outcome(snapshot, "failed", **source)]
    assert trend.flaky(results) == []


def test_tests_marked_as_flaky_by_a_run_are_flaky(snapshot: Snapshot) -> None:
    marked = msgspec.structs.replace(snapshot, flaky=("t::b", "t::a"))
    assert trend.flaky([marked, marked]) == [Flaky("api", "t::a"), Flaky("api", "t::b")]


def test_slowest_tests_come_in_order(snapshot: Snapshot) -> None:
    tests = {
        name: TestResult(outcome="passed", seconds=seconds, themes=())
        for name, seconds in (("a", 1.0), ("c", 2.0), ("b", 2.0))
    }
    ranked = trend.slowest([msgspec.structs.replace(snapshot, tests=tests)], 2)
    assert ranked == [("api", "b", 2.0), ("api", "c", 2.0)]


def test_floor_can_rise_to_the_lowest_passing_total() -> None:
    points = [at(9_699), at(9_580), at(2_000, verdict="tests-failed"), at(9_999)]
    assert trend.ratchet("api", points) == Ratchet(
        suite="api", floor=Fraction(90), suggested=95, lowest=Fraction(958, 10), runs=3
    )


@pytest.mark.parametrize(
    "points",
    [[], [at(9_090)], [at(9_999, verdict="below-floor")], [at(9_999, measure="security")]],
    ids=["none", "within a point", "not passing", "no total"],
)
def test_floor_that_can_not_rise_has_no_suggestion(points: list[Point]) -> None:
    assert trend.ratchet("api", points) is None


def test_measures_are_the_total_and_the_recorded_themes() -> None:
    points = [at(1), at(1, measure="security")]
    assert trend.measures(points, ("architecture", "security")) == ["total", "security"]
    assert trend.series(points, "security")[0][1] is None
