from __future__ import annotations

import msgspec
import pytest

from covernance.model.counts import Counts
from covernance.model.snapshot import Cell, Outcomes, Snapshot
from covernance.reports.state import Drop, State, days, describe_trouble

pytestmark = pytest.mark.architecture


def state(snapshot: Snapshot, **verdicts: str | None) -> State:
    """A state of suites with these verdicts; None means no result."""
    return State(
        themes=("security",),
        suites={
            name: msgspec.structs.replace(snapshot, suite=name, verdict=verdict)
            if verdict
            else None
            for name, verdict in verdicts.items()
        },
    )


def test_failing_and_missing_suites_come_first(
    snapshot: Snapshot,
) -> None:
    current = state(snapshot, a="pass", b="below-floor", c=None, d="pass")
    assert [name for name, _ in current.worst_first] == ["b", "c", "a", "d"]
    assert current.passing == 2
    assert [snapshot.suite for snapshot in current.present] == ["a", "b", "d"]


@pytest.mark.reliability
def test_without_any_result_nothing_is_newest(snapshot: Snapshot) -> None:
    current = state(snapshot, a=None)
    assert (current.newest, current.commits, current.passing) == (None, 0, 0)
    assert current.columns == ("security",)


def test_newest_result_is_the_one_recorded_last(snapshot: Snapshot) -> None:
    def at(suite: str, recorded_at: str, commit: str) -> Snapshot:
        source = msgspec.structs.replace(
            snapshot.provenance, recorded_at=recorded_at, commit=commit
        )
        return msgspec.structs.replace(snapshot, suite=suite, provenance=source)

    results = [
        at("a", "2026-11-21T12:00:00Z", "1"),
        at("b", "2026-11-22T12:00:00Z", "2"),
        at("c", "2026-11-20T12:00:00Z", "2"),
    ]
    current = State(themes=(), suites={result.suite: result for result in results})
    assert current.newest == results[1]
    assert current.commits == 2


def test_unthemed_pass_is_a_column_if_a_suite_has_one(snapshot: Snapshot) -> None:
    themes = snapshot.themes | {"unthemed": snapshot.themes["security"]}
    with_it = msgspec.structs.replace(snapshot, themes=themes)
    assert State(themes=("security",), suites={"a": with_it}).columns == ("security", "unthemed")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (Outcomes(), "no tests"),
        (Outcomes(tests=2, passed=2), ""),
        (Outcomes(tests=3, failed=2, errors=1), "2 failed, 1 in error"),
    ],
)
def test_trouble_describes_problems_with_the_tests(outcomes: Outcomes, expected: str) -> None:
    cell = Cell(outcomes=outcomes, seconds=0, raw=Counts(), earned=Counts())
    assert describe_trouble(cell) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (0, "today"),
        (1, "1 day left"),
        (2, "2 days left"),
        (-1, "1 day overdue"),
        (-3, "3 days overdue"),
    ],
)
def test_days_describe_the_time_until_a_review_date(left: int, expected: str) -> None:
    assert days(left) == expected


@pytest.mark.reliability
def test_drop_to_nothing_is_a_drop_by_the_whole_percentage() -> None:
    assert Drop("a", "total", Counts(4, 3), Counts()).points == 75
    assert Drop("a", "total", Counts(4, 3), Counts(4, 1)).points == 50
