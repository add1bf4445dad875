from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.history.retention import select_for_removal
from covernance.history.store import Entry, select_entries
from tests.unit.covernance.history.samples import COMMIT

START = datetime(2026, 11, 16, 12, tzinfo=UTC)  # a Monday


def on_day(day: int, *, branch: str | None = "main", suite: str = "api") -> Entry:
    moment = (START + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Entry(moment, suite, COMMIT, f"run-{day}", branch)


HISTORIES = st.lists(
    st.builds(
        on_day,
        st.integers(0, 60),
        branch=st.sampled_from(["main", "feature", None]),
        suite=st.sampled_from(["api", "auth"]),
    ),
    unique=True,
)
KEEP = st.integers(1, 5)


@pytest.mark.architecture
def test_the_newest_results_of_a_branch_remain() -> None:
    entries = [on_day(day, branch="feature") for day in range(5)]
    assert select_for_removal(entries, keep=2, default_branch="main") == entries[:3]


@pytest.mark.architecture
def test_suites_and_branches_are_counted_separately() -> None:
    entries = [
        on_day(0, branch="feature"),
        on_day(1, branch=None),
        on_day(2, branch="feature", suite="auth"),
        on_day(3, branch="other"),
    ]
    assert select_for_removal(entries, keep=1, default_branch="main") == []


@pytest.mark.architecture
def test_one_result_per_week_of_the_default_branch_remains() -> None:
    entries = [on_day(day) for day in range(21)]
    gone = select_for_removal(entries, keep=1, default_branch="main")
    assert [entry for entry in entries if entry not in gone] == [on_day(6), on_day(13), on_day(20)]


@pytest.mark.reliability
def test_calendar_weeks_span_the_new_year() -> None:
    thursday = Entry("2026-12-31T12:00:00Z", "api", COMMIT, "a", "main")
    friday = Entry("2027-01-01T12:00:00Z", "api", COMMIT, "b", "main")
    monday = Entry("2027-01-04T12:00:00Z", "api", COMMIT, "c", "main")
    assert select_for_removal([thursday, friday, monday], keep=1, default_branch="main") == [
        thursday
    ]


@pytest.mark.reliability
@given(HISTORIES, KEEP)
def test_pruning_again_deletes_nothing(entries: list[Entry], keep: int) -> None:
    gone = select_for_removal(entries, keep=keep, default_branch="main")
    left = [entry for entry in entries if entry not in gone]
    assert select_for_removal(left, keep=keep, default_branch="main") == []


@pytest.mark.security
@given(HISTORIES, KEEP)
def test_weekly_and_newest_results_are_never_deleted(entries: list[Entry], keep: int) -> None:
    gone = set(select_for_removal(entries, keep=keep, default_branch="main"))
    for entry in gone:
        line = select_entries(
            e for e in entries if (e.suite, e.branch) == (entry.suite, entry.branch)
        )
        assert line.index(entry) < len(line) - keep
        if entry.branch == "main":
            week = datetime.fromisoformat(entry.recorded_at).isocalendar()[:2]
            same = [
                e for e in line if datetime.fromisoformat(e.recorded_at).isocalendar()[:2] == week
            ]
            assert entry != same[-1]


@pytest.mark.reliability
@given(HISTORIES, KEEP)
def test_the_selection_does_not_depend_on_the_order(entries: list[Entry], keep: int) -> None:
    backwards = select_for_removal(entries[::-1], keep=keep, default_branch="main")
    assert backwards == select_for_removal(entries, keep=keep, default_branch="main")
