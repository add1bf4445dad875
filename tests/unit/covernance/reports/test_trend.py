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
        verdict=verdict,
        floor=Fraction(floor),
        measures={measure: Counts(10_000, percent)},
        seconds=1.0,
    )


def test_a_point_keeps_the_total_and_the_themes_that_have_tests(snapshot: Snapshot) -> None:
    point = trend.point(snapshot)
    assert point.timestamp == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert point.measures == {"total": Counts(6, 5, 2, 1), "security": Counts(4, 3, 2, 1)}
    assert point.seconds == 1.0
    assert point.percent("security") == Fraction(200, 3)
    assert point.percent("architecture") is None


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-21", "0001-01-01T00:00:00Z"])
def test_a_time_without_sense_is_refused(snapshot: Snapshot, text: str) -> None:
    with pytest.raises(InputError, match=r"the result of api: .* is not a time"):
        trend.point(with_outcome(snapshot, "passed", recorded_at=text))


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["", "high", "1/0", "NaN"])
def test_a_floor_that_is_no_number_is_refused(snapshot: Snapshot, text: str) -> None:
    with pytest.raises(InputError, match="is no floor"):
        trend.point(msgspec.structs.replace(snapshot, floor=Floor(text, "x")))


def test_a_change_is_exact_and_needs_both_ends() -> None:
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
def test_a_change_is_shown_with_its_sign_rounded_down(points: Fraction | None, shown: str) -> None:
    assert trend.show_points(points) == shown


@pytest.mark.reliability
@given(st.fractions(-100, 100))
def test_a_drop_never_reads_smaller_than_it_is(points: Fraction) -> None:
    assert Fraction(trend.show_points(points).replace("±", "")) <= points


@pytest.mark.reliability
def test_a_test_that_ends_both_ways_on_the_same_sources_is_flaky(snapshot: Snapshot) -> None:
    results = [with_outcome(snapshot, outcome) for outcome in ("passed", "skipped", "failed")]
    assert trend.flaky(results) == [Flaky("api", "t::a")]


@pytest.mark.reliability
@pytest.mark.parametrize(
    "source",
    [{"commit": "1" * 40}, {"config": "0"}, {"commit": None}, {"dirty": True}, {"dirty": None}],
)
def test_other_sources_or_unknown_ones_say_nothing_of_flakiness(
    snapshot: Snapshot, source: dict[str, object]
) -> None:
    results = [with_outcome(snapshot, "passed"), with_outcome(snapshot, "failed", **source)]
    assert trend.flaky(results) == []


def test_what_a_run_marked_as_flaky_is_flaky(snapshot: Snapshot) -> None:
    marked = msgspec.structs.replace(snapshot, flaky=("t::b", "t::a"))
    assert trend.flaky([marked, marked]) == [Flaky("api", "t::a"), Flaky("api", "t::b")]


def test_the_slowest_tests_come_in_order(snapshot: Snapshot) -> None:
    tests = {
        name: TestResult(outcome="passed", seconds=seconds, themes=())
        for name, seconds in (("a", 1.0), ("c", 2.0), ("b", 2.0))
    }
    found = trend.slowest([msgspec.structs.replace(snapshot, tests=tests)], 2)
    assert found == [("api", "b", 2.0), ("api", "c", 2.0)]


def test_a_floor_could_rise_to_what_every_passing_run_reached() -> None:
    points = [at(9_699), at(9_580), at(2_000, verdict="tests-failed"), at(9_999)]
    assert trend.ratchet("api", points) == Ratchet(
        suite="api", floor=Fraction(90), suggested=95, lowest=Fraction(958, 10), runs=3
    )


@pytest.mark.parametrize(
    "points",
    [[], [at(9_090)], [at(9_999, verdict="below-floor")], [at(9_999, measure="security")]],
    ids=["none", "within a point", "not passing", "no total"],
)
def test_a_floor_that_can_not_rise_has_no_suggestion(points: list[Point]) -> None:
    assert trend.ratchet("api", points) is None


def test_the_measures_are_the_total_and_the_themes_seen() -> None:
    points = [at(1), at(1, measure="security")]
    assert trend.measures(points, ("architecture", "security")) == ["total", "security"]
    assert trend.series(points, "security")[0][1] is None
