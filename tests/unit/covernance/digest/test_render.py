from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.digest.render import (
    DatedPatch,
    Digest,
    Exceptions,
    Window,
    chart_files,
    digest_document,
    draw_course,
    markdown,
)
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Verdict, Waiver
from covernance.reports import trend
from covernance.reports.state import ExceptionDue
from covernance.reports.trend import Flaky, Point
from tests.unit.covernance.reports.orders import reordered, rich
from tests.utils.properties import examples_divided_by

pytestmark = pytest.mark.architecture

UNTIL = datetime(2026, 11, 21, 12, tzinfo=UTC)
WEEK = Window.before(UNTIL, timedelta(days=7))


def point(days_ago: int, executed: int, verdict: str = "pass", seconds: float = 10.0) -> Point:
    return Point(
        timestamp=UNTIL - timedelta(days=days_ago),
        commit="0" * 40,
        run_id=str(days_ago),
        verdict=Verdict(verdict),
        floor=Fraction(90),
        measures={"total": Counts(1_000, executed), "security": Counts(3, 2)},
        seconds=seconds,
    )


@pytest.fixture
def week() -> Digest:
    points = [
        point(20, 100),
        point(8, 950),
        point(6, 940, "tests-failed", 12.0),
        point(0, 961, seconds=14.0),
    ]
    return Digest(
        window=WEEK,
        branch="main",
        themes=("architecture", "security"),
        courses=(
            draw_course("api", points, WEEK),
            draw_course("auth", points[:1], WEEK),
            draw_course("web", [], WEEK),
        ),
        slowest=(("api", "t::slow|er", 3.217),),
        flaky=(Flaky("api", "t::a"),),
        patches=(
            DatedPatch("2026-11-20T00:00:00Z", "api", Counts(4, 3)),
            DatedPatch("2026-11-21T00:00:00Z", "api", Counts(0, 0)),
        ),
        exceptions=Exceptions(
            opened=(ExceptionDue("a.py", "api", "@me", "2026-12-01", 10),),
            resolved=(ExceptionDue("b.py", "api", "@me", "2026-11-19", -2),),
        ),
    )


def rows(text: str, title: str) -> list[list[str]]:
    block = text.split(f"## {title}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_period_excludes_its_start_and_includes_its_end() -> None:
    assert WEEK.holds(UNTIL)
    assert not WEEK.holds(UNTIL - timedelta(days=7))
    assert WEEK.holds(UNTIL - timedelta(days=7) + timedelta(seconds=1))
    assert not WEEK.holds(UNTIL + timedelta(seconds=1))


def test_course_starts_from_the_last_result_before_the_period() -> None:
    points = [point(20, 1), point(7, 2), point(3, 3), point(-1, 4)]
    course = draw_course("api", points, WEEK)
    assert course.base == points[1]
    assert course.newest == points[2]
    assert course.charted == points[1:3]


def test_course_without_an_earlier_result_starts_from_its_first() -> None:
    points = [point(3, 3), point(1, 4)]
    course = draw_course("api", points, WEEK)
    assert course.base == points[0]
    assert course.charted == points


def test_coverage_shows_before_now_and_the_change(week: Digest) -> None:
    text = markdown(week, {})
    assert "Results on `main`, 2026-11-14 12:00 to 2026-11-21 12:00 UTC." in text
    assert rows(text, "Coverage") == [
        ["api", "**raw total**", "95.00", "96.10", "+1.10", "90.00", "`pass`"],
        ["api", "security, earned", "66.66", "66.66", "±0.00", "", ""],
        ["auth", "no run in this period, last result 2026-11-01", "", "", "", "", ""],
        ["web", "no run in this period, no result yet", "", "", "", "", ""],
    ]


@pytest.mark.security
def test_waived_files_of_the_newest_result_are_shown(week: Digest) -> None:
    waiver = Waiver("a.py", "@team", date(2026, 12, 31))
    newest = msgspec.structs.replace(point(0, 961), waived=(waiver,))
    older = msgspec.structs.replace(point(3, 950), waived=(waiver, waiver))
    courses = (draw_course("api", [older, newest], WEEK),)
    digest = msgspec.structs.replace(week, courses=courses)
    text = markdown(digest, {})
    assert rows(text, "Coverage")[0][-1] == "`pass`, 1 file waived"
    assert rows(text, "Waived files") == [["`a.py`", "api", "`@team`", "`2026-12-31`"]]
    assert json.loads(digest_document(digest))["suites"]["api"]["waived"] == [
        {"path": "a.py", "owner": "@team", "until": "2026-12-31"}
    ]
    assert "Waived files" not in markdown(week, {})


def test_runs_failures_and_run_times_are_shown(week: Digest) -> None:
    assert rows(markdown(week, {}), "Runs, failures and run times") == [
        ["api", "2", "1 `tests-failed`", "13.0", "+3.0", "14.0"]
    ]


def test_every_other_topic_has_a_section(week: Digest) -> None:
    text = markdown(week, {"api": "coverage-api.svg"})
    assert rows(text, "Patch coverage") == [
        ["`2026-11-21T00:00:00Z`", "api", "0", "0", "n/a"],
        ["`2026-11-20T00:00:00Z`", "api", "3", "4", "75.00"],
    ]
    assert "## Flaky tests\n\n- api: `t::a`\n" in text
    assert rows(text, "Slowest tests") == [["3.22", "api", "`t::slow¦er`"]]
    assert rows(text, "Exceptions") == [
        ["opened", "`a.py`", "api", "`@me`", "`2026-12-01`", "10 days left"],
        ["resolved", "`b.py`", "api", "`@me`", "`2026-11-19`", ""],
    ]
    assert rows(text, "Floors that could be raised") == [["api", "90.00", "**96**", "96.10", "1"]]
    assert "- ![Coverage of api over time](coverage-api.svg)" in text


@pytest.mark.reliability
def test_empty_sections_show_none() -> None:
    text = markdown(Digest(window=WEEK, branch="main", themes=(), courses=()), {})
    assert text.count("\nNone.\n") == 7


def test_json_has_the_same_content(week: Digest) -> None:
    document = json.loads(digest_document(week))
    assert document["since"] == "2026-11-14T12:00:00Z"
    api = document["suites"]["api"]
    assert api["measures"]["total"] == {
        "before": "95.00",
        "now": "96.10",
        "change": "+1.10",
        "counts": {"statements": 1_000, "executed": 961, "branches": 0, "taken": 0},
    }
    assert (api["runs"], api["median_seconds"], api["not_passing"]) == (2, 13, {"tests-failed": 1})
    assert document["suites"]["auth"] == {"runs": 0, "last_result": "2026-11-01T12:00:00Z"}
    assert document["suites"]["web"] == {"runs": 0, "last_result": None}
    assert document["patches"][0]["percent"] == "75.00"
    assert document["flaky"] == [{"suite": "api", "test": "t::a"}]
    assert document["slowest"] == [{"suite": "api", "test": "t::slow|er", "seconds": 3.217}]
    assert document["ratchets"][0]["suggested"] == 96
    assert document["exceptions"]["opened"][0]["module"] == "a.py"


def test_suite_with_results_has_a_chart(week: Digest) -> None:
    files = chart_files(week)
    assert sorted(files) == ["api", "auth"]
    name, drawn = files["api"]
    assert name == "coverage-api.svg"
    assert b"api: coverage in percent" in drawn


@pytest.mark.reliability
def test_same_digest_gives_the_same_bytes(week: Digest) -> None:
    again = msgspec.structs.replace(week)
    assert markdown(again, {}) == markdown(week, {})
    assert digest_document(again) == digest_document(week)
    assert chart_files(again) == chart_files(week)


@pytest.mark.reliability
@examples_divided_by(4)
@given(st.randoms(use_true_random=False))
def test_order_of_mappings_does_not_matter(snapshot: Snapshot, order: random.Random) -> None:
    def build_digest(snapshot: Snapshot) -> Digest:
        return Digest(
            window=WEEK,
            branch="main",
            themes=("architecture", "security"),
            courses=(draw_course("api", [trend.point(snapshot)], WEEK),),
            slowest=tuple(trend.slowest([snapshot], 2)),
            flaky=tuple(trend.flaky([snapshot])),
        )

    first, second = build_digest(rich(snapshot)), build_digest(reordered(rich(snapshot), order))
    assert markdown(second, {}) == markdown(first, {})
    assert digest_document(second) == digest_document(first)
    assert second.courses == first.courses


@pytest.mark.security
def test_untrusted_names_are_escaped(week: Digest) -> None:
    hostile = msgspec.structs.replace(week, flaky=(Flaky("api", "<script>@all`"),), branch="<b>|")
    text = markdown(hostile, {})
    assert "- api: `` <script>@all` ``" in text
    assert "Results on `<b>¦`" in text
