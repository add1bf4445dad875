from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.errors import InputError
from covernance.history.directory import Directory
from covernance.model import snapshot as model
from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot
from covernance.report.digest import DatedPatch
from covernance.report.state import Patch
from covernance.report.trend import Flaky
from covernance.workflows import digest
from covernance.workflows.digest import Request
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

Recorded = Callable[..., Snapshot]
WEEK = Request(branch="main", length=timedelta(days=7))


@pytest.fixture
def table(repository: Repository) -> Table:
    return load(repository.root)


@pytest.fixture
def recorded(snapshot: Snapshot) -> Recorded:
    """The suite's result of a day of November."""

    def made(day: int, executed: int = 95, outcome: str = "passed", **changes: str) -> Snapshot:
        return msgspec.structs.replace(
            snapshot,
            suite=changes.pop("suite", "calc"),
            verdict="pass",
            total=Counts(100, executed),
            tests={"t::a": model.TestResult(outcome=outcome, seconds=day, themes=())},
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


def test_the_span_ends_with_the_newest_result(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(1, 50), recorded(10, 93), recorded(15, 95), recorded(20, 97)])
    found = digest.build(table, store, WEEK)
    assert found.window.until == datetime(2026, 11, 20, 12, tzinfo=UTC)
    (course,) = found.courses
    assert course.base is not None
    assert course.base.moment.day == 10
    assert [point.moment.day for point in course.points] == [15, 20]
    assert found.slowest == (("calc", "t::a", 20.0),)


def test_until_and_branch_choose_what_is_told(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(day) for day in (1, 10, 20)])
    store.add([recorded(9, branch="feature")])
    until = datetime(2026, 11, 12, tzinfo=UTC)
    found = digest.build(table, store, msgspec.structs.replace(WEEK, until=until))
    assert [point.moment.day for point in found.courses[0].points] == [10]
    feature = digest.build(table, store, msgspec.structs.replace(WEEK, branch="feature"))
    assert [point.moment.day for point in feature.courses[0].points] == [9]


@pytest.mark.reliability
def test_a_suite_without_results_in_the_span_is_still_told(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(20, suite="other"), recorded(1)])
    found = digest.build(table, store, WEEK)
    assert [course.suite for course in found.courses] == ["calc"]
    assert found.courses[0].points == ()
    assert found.slowest == ()


@pytest.mark.reliability
def test_a_branch_without_results_is_an_error(table: Table, store: Directory) -> None:
    with pytest.raises(InputError, match="history has no results on branch 'main'"):
        digest.build(table, store, WEEK)


@pytest.mark.reliability
def test_flaky_tests_are_those_of_the_span(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(1, outcome="failed"), recorded(15), recorded(20)])
    assert digest.build(table, store, WEEK).flaky == ()
    store.add([recorded(16, outcome="failed")])
    assert digest.build(table, store, WEEK).flaky == (Flaky("calc", "t::a"),)


def test_patches_of_the_span_are_told_in_order(
    table: Table, store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(20)])
    patches = [
        DatedPatch(f"2026-11-{day:02}T00:00:00Z", Patch("calc", day, 20)) for day in (19, 2, 15)
    ]
    found = digest.build(table, store, msgspec.structs.replace(WEEK, patches=patches))
    assert [dated.patch.covered for dated in found.patches] == [15, 19]


@pytest.mark.reliability
def test_the_same_history_gives_the_same_bytes(
    table: Table, store: Directory, recorded: Recorded, tmp_path: Path
) -> None:
    store.add([recorded(10, 93), recorded(15, 95), recorded(20, 97)])
    first, again = (
        digest.render(digest.build(table, store, WEEK), tmp_path / "out") for _ in range(2)
    )
    assert first == again
    digest.publish(first)
    names = ["coverage-calc.svg", "coverage-weekly.json", "coverage-weekly.md"]
    assert [path.name for path in first] == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    text = (tmp_path / "out" / "coverage-weekly.md").read_text()
    assert "| calc | **raw total** | 93.00 | 97.00 | +4.00 | 90.00 | `pass` |" in text
    assert "(coverage-calc.svg)" in text
    document = json.loads((tmp_path / "out" / "coverage-weekly.json").read_bytes())
    assert document["ratchets"][0]["suggested"] == 95
