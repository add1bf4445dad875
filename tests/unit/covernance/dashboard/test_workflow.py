from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from covernance.context import Context
from covernance.dashboard.workflow import History, history, publish, render_files
from covernance.errors import MachineError
from covernance.history.directory import Directory
from covernance.model.snapshot import Snapshot, TestResult
from covernance.reports.state import State
from covernance.reports.trend import Flaky

pytestmark = pytest.mark.architecture

Recorded = Callable[..., Snapshot]


@pytest.fixture
def recorded(snapshot: Snapshot) -> Recorded:
    """The suite's result on a day of November."""

    def made(day: int, outcome: str = "passed", branch: str = "main") -> Snapshot:
        return msgspec.structs.replace(
            snapshot,
            suite="calc",
            tests={"t::a": TestResult(outcome=outcome, seconds=1, themes=())},
            provenance=msgspec.structs.replace(
                snapshot.provenance,
                recorded_at=f"2026-11-{day:02}T12:00:00Z",
                run_id=str(day),
                branch=branch,
            ),
        )

    return made


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "history")


def state(current: Snapshot | None) -> State:
    return State(themes=("security",), suites={"calc": current})


def days(past: History) -> list[int]:
    return [point.timestamp.day for point in past.points["calc"]]


def test_trend_ends_with_the_current_result(store: Directory, recorded: Recorded) -> None:
    store.add([recorded(2), recorded(1), recorded(3)])
    assert days(history(store, "main", state(recorded(4)))) == [1, 2, 3, 4]


def test_current_result_counts_once_and_later_results_are_ignored(
    store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(1), recorded(2), recorded(3)])
    assert days(history(store, "main", state(recorded(2)))) == [1, 2]


def test_trend_without_a_current_result_comes_from_history(
    store: Directory, recorded: Recorded
) -> None:
    store.add([recorded(1), recorded(2, branch="feature")])
    assert days(history(store, "main", state(None))) == [1]


def test_trend_has_a_maximum_length(store: Directory, recorded: Recorded) -> None:
    store.add([recorded(day) for day in range(1, 9)])
    assert days(history(store, "main", state(recorded(9)), most=3)) == [6, 7, 8, 9]


@pytest.mark.reliability
def test_test_that_passed_and_failed_is_flaky(store: Directory, recorded: Recorded) -> None:
    store.add([recorded(1, outcome="failed")])
    past = history(store, "main", state(recorded(2)))
    assert past.flaky == (Flaky("calc", "t::a"),)


def test_badges_metrics_and_the_page_are_published(context: Context, recorded: Recorded) -> None:
    layout = context.layout
    content = render_files(context, state(recorded(1)), History({}, ()))
    publish(context.layout, content)
    written = [
        layout.folder / "badges" / "calc.svg",
        layout.folder / "badges" / "calc-security.svg",
        layout.folder / "metrics.prom",
        layout.html / "index.html",
    ]
    assert list(content) == written
    assert all(path.read_bytes() == content[path] for path in written)
    assert "<h1>repository: coverage</h1>" in written[-1].read_text()


@pytest.mark.reliability
def test_unchanged_files_are_not_written_and_edited_ones_are_restored(
    context: Context, recorded: Recorded
) -> None:
    content = render_files(context, state(recorded(1)), History({}, ()))
    publish(context.layout, content)
    same, edited, *_ = content
    before = same.stat().st_ino
    edited.write_bytes(bytes(len(content[edited])))
    publish(context.layout, content)
    assert same.stat().st_ino == before
    assert edited.read_bytes() == content[edited]


def test_badges_of_removed_suites_and_themes_are_deleted(
    context: Context, recorded: Recorded
) -> None:
    folder = context.layout.folder / "badges"
    folder.mkdir(parents=True)
    (folder / "gone.svg").touch()
    (folder / "notes.txt").touch()
    publish(context.layout, render_files(context, state(recorded(1)), History({}, ())))
    assert sorted(path.name for path in folder.iterdir()) == [
        "calc-security.svg",
        "calc.svg",
        "notes.txt",
    ]


@pytest.mark.reliability
def test_same_results_give_the_same_bytes(context: Context, recorded: Recorded) -> None:
    first, again = (render_files(context, state(recorded(1)), History({}, ())) for _ in range(2))
    assert first == again


@pytest.mark.reliability
def test_folder_that_can_not_be_written_is_an_error(context: Context) -> None:
    with pytest.raises(MachineError, match="can't be written"):
        publish(context.layout, {context.root / "pyproject.toml" / "x": b""})


def test_page_links_to_existing_reports(context: Context, recorded: Recorded) -> None:
    html = context.layout.html
    for folder in (html / "all", html / "calc", html / "calc" / "security"):
        folder.mkdir(parents=True)
        (folder / "index.html").touch()
    content = render_files(context, state(recorded(1)), History({}, ()))
    page = content[html / "index.html"].decode()
    assert 'href="all/index.html"' in page
    assert 'href="calc/index.html"' in page
    assert 'href="calc/security/index.html"' in page
