from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.digest.render import DatedPatch
from covernance.digest.workflow import Request, build, publish, render
from covernance.errors import InputError
from covernance.exceptions.register_markdown import EMPTY, END
from covernance.history.directory import Directory
from covernance.model.counts import Counts
from covernance.model.snapshot import PatchCounts, Snapshot, TestResult
from covernance.reports.trend import Flaky
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

Recorded = Callable[..., Snapshot]
WEEK = Request(branch="main", length=timedelta(days=7))


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def recorded(snapshot: Snapshot) -> Recorded:
    """The suite's result on a day of November."""

    def made(day: int, executed: int = 95, outcome: str = "passed", **changes: str) -> Snapshot:
        return msgspec.structs.replace(
            snapshot,
            suite=changes.pop("suite", "calc"),
            verdict="pass",
            total=Counts(100, executed),
            tests={"t::a": TestResult(outcome=outcome, seconds=day, themes=())},
            provenance=msgspec.structs.replace(
                snapshot.provenance,
                recorded_at=f"2026-11-{day:02}T12:00:00Z",
                run_id=str(day),
                **changes,
            ),
        )

    return made


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "history")


def test_period_ends_with_the_newest_result(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(1, 50), recorded(10, 93), recorded(15, 95), recorded(20, 97)])
    digest = build(table, store, WEEK)
    assert digest.window.until == datetime(2026, 11, 20, 12, tzinfo=UTC)
    (course,) = digest.courses
    assert course.base is not None
    assert course.base.timestamp.day == 10
    assert [point.timestamp.day for point in course.points] == [15, 20]
    assert digest.slowest == (("calc", "t::a", 20.0),)


def test_until_and_branch_select_the_results(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(day) for day in (1, 10, 20)])
    store.add([recorded(9, branch="feature")])
    until = datetime(2026, 11, 12, tzinfo=UTC)
    digest = build(table, store, msgspec.structs.replace(WEEK, until=until))
    assert [point.timestamp.day for point in digest.courses[0].points] == [10]
    feature = build(table, store, msgspec.structs.replace(WEEK, branch="feature"))
    assert [point.timestamp.day for point in feature.courses[0].points] == [9]


@pytest.mark.reliability
def test_suite_without_results_in_the_period_is_included(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(20, suite="other"), recorded(1)])
    digest = build(table, store, WEEK)
    assert [course.suite for course in digest.courses] == ["calc"]
    assert digest.courses[0].points == ()
    assert digest.slowest == ()


@pytest.mark.reliability
def test_branch_without_results_is_an_error(table: Table, store: Directory) -> None:
    with pytest.raises(InputError, match="history: no results on branch 'main'"):
        build(table, store, WEEK)


@pytest.mark.reliability
def test_flaky_tests_are_those_of_the_period(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(1, outcome="failed"), recorded(15), recorded(20)])
    assert build(table, store, WEEK).flaky == ()
    store.add([recorded(16, outcome="failed")])
    assert build(table, store, WEEK).flaky == (Flaky("calc", "t::a"),)


def test_patches_of_the_period_are_in_order(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    brought = {2: Counts(20, 2), 15: Counts(15, 12, 5, 3), 18: Counts(), 20: Counts(20, 19)}
    for day, counts in brought.items():
        patch = PatchCounts(base="0" * 40, total=counts, themes={})
        store.add([msgspec.structs.replace(recorded(day), patch=patch)])
    store.add([recorded(19)])
    assert build(table, store, WEEK).patches == (
        DatedPatch("2026-11-15T12:00:00Z", "calc", brought[15]),
        DatedPatch("2026-11-20T12:00:00Z", "calc", brought[20]),
    )


def test_exceptions_opened_resolved_and_expiring_are_read_from_the_register(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(20)])
    register = table.root / table.exceptions.register
    register.parent.mkdir(parents=True)
    rows = {
        "opened.py": ("2027-02-01", "open since 2026-11-14"),
        "long.py": ("2027-02-01", "open since 2026-11-13"),
        "later.py": ("2027-02-01", "open since 2026-11-21"),
        "written.py": ("2027-02-01", ""),
        "due.py": ("2026-11-25", "open since 2026-10-01"),
        "past.py": ("2026-11-19", "open since 2026-10-01"),
        "healed.py": ("2026-11-22", "resolved (abc) on 2026-11-20"),
        "old.py": ("2026-11-22", "resolved (abc) on 2026-11-01"),
    }
    lines = [
        f"| `{name}` | calc | 50.00 / 90 | old | @team | {review} | rewrite | {status} |"
        for name, (review, status) in rows.items()
    ]
    register.write_text(EMPTY.replace(END, "\n".join([*lines, END])))
    exceptions = build(table, store, WEEK).exceptions
    assert [row.module for row in exceptions.opened] == ["opened.py"]
    assert [row.module for row in exceptions.resolved] == ["healed.py"]
    assert [(row.module, row.days_left) for row in exceptions.expiring] == [
        ("past.py", -1),
        ("due.py", 5),
    ]


@pytest.mark.reliability
def test_same_history_gives_the_same_bytes(
    table: Table, store: Directory, recorded: Recorded, tmp_path: Path
) -> None:
    store.add([recorded(10, 93), recorded(15, 95), recorded(20, 97)])
    first, again = (render(build(table, store, WEEK), tmp_path / "out") for _ in range(2))
    assert first == again
    publish(first)
    names = ["coverage-calc.svg", "coverage-weekly.json", "coverage-weekly.md"]
    assert [path.name for path in first] == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    text = (tmp_path / "out" / "coverage-weekly.md").read_text()
    assert "| calc | **raw total** | 93.00 | 97.00 | +4.00 | 90.00 | `pass` |" in text
    assert "(coverage-calc.svg)" in text
    document = json.loads((tmp_path / "out" / "coverage-weekly.json").read_bytes())
    assert document["ratchets"][0]["suggested"] == 95
