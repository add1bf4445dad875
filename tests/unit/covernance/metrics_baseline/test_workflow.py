from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from covernance.config import Table, load
from covernance.engine.processes import Ended, Launch, Watcher
from covernance.engine.record import RECORD
from covernance.engine.slots import Slots
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.metrics_baseline.render import Metrics
from covernance.metrics_baseline.workflow import Request, measure, plan, publish
from covernance.model.snapshot import Snapshot
from covernance_agent.record import write_record
from tests.unit.covernance.conftest import free
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class FakePytest:
    """A fake pytest that writes the record of each process.

    Attributes:
        failing: The tests that fail, for each repetition.
        status: pytest's exit status, if it does not follow from the outcomes.
    """

    def __init__(self) -> None:
        self.failing: list[set[str]] = []
        self.status: int | None = None
        self.started: list[Launch] = []

    def __call__(
        self, launches: Sequence[Launch], *, slots: Slots, watcher: Watcher
    ) -> list[Ended]:
        (launch,) = launches
        assert free(slots) == 1
        watcher.started(launch)
        failing = self.failing.pop(0) if self.failing else set()
        launch.folder.mkdir(parents=True)
        launch.output.write_text("".join(f"line {number}\n" for number in range(30)))
        tests = [f"t.py::{name}" for name in ("a", "b")]
        write_record(
            launch.folder / RECORD,
            {
                "exit": int(bool(failing)),
                "collected": {},
                "outcomes": {test: "failed" if test[-1] in failing else "passed" for test in tests},
                "seconds": dict.fromkeys(tests, 0.5),
                "collection_errors": [],
            },
        )
        self.started.append(launch)
        status = int(bool(failing)) if self.status is None else self.status
        ended = Ended(launch, status, float(len(self.started)))
        watcher.ended(ended)
        return [ended]


@pytest.fixture
def pytest_runs(monkeypatch: pytest.MonkeyPatch) -> FakePytest:
    fake = FakePytest()
    monkeypatch.setattr("covernance.metrics_baseline.workflow.run_processes", fake)
    return fake


@pytest.fixture
def table(repository: Repository, snapshot: Snapshot) -> Table:
    """Two suites, each with a snapshot."""
    repository.write("other/__init__.py", "")
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\n',
    )
    table = load(repository.root)
    for suite in table.suites:
        path = Layout(table.root).snapshot(suite.name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(msgspec.structs.replace(snapshot, suite=suite.name).encode())
    return table


PYTHONS = dict.fromkeys(("calc", "other"), Path("/env/bin/python"))

Measure = Callable[..., Metrics]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def measured(table: Table, pytest_runs: FakePytest, lines: list[str]) -> Measure:
    def measure_suites(*names: str, seeds: tuple[int, ...] = (7, 8)) -> Metrics:
        suites = tuple(table.suite(name) for name in names) or table.suites
        request = Request(suites=suites, seeds=seeds, interpreters=PYTHONS)
        return measure(context_of(table), request, lines.append)

    return measure_suites


@pytest.mark.architecture
def test_every_suite_runs_once_per_seed(measured: Measure, pytest_runs: FakePytest) -> None:
    metrics = measured()
    assert [launch.name for launch in pytest_runs.started] == [
        "calc · repetition 1",
        "calc · repetition 2",
        "other · repetition 1",
        "other · repetition 2",
    ]
    assert {name: len(suite.repetitions) for name, suite in metrics.suites.items()} == {
        "calc": 2,
        "other": 2,
    }
    assert metrics.recorded_at == "2026-11-21T12:00:00Z"


def test_progress_shows_each_repetition_and_its_seed(measured: Measure, lines: list[str]) -> None:
    measured("calc")
    assert lines == [
        "calc: repetition 1 of 2, seed 7: 2 passed in 1.0 s",
        "calc: repetition 2 of 2, seed 8: 2 passed in 2.0 s",
    ]


def test_flaky_and_broken_tests_are_separate(measured: Measure, pytest_runs: FakePytest) -> None:
    pytest_runs.failing = [{"a", "b"}, {"b"}]
    suite = measured("calc").suites["calc"]
    assert suite.flaky == {"t.py::a": {"failed": 1, "passed": 1}}
    assert suite.broken == ("t.py::b",)


@pytest.mark.security
@pytest.mark.parametrize("status", [2, 3, 4, 5, -9])
def test_unfinished_repetition_is_an_error_and_writes_nothing(
    measured: Measure, pytest_runs: FakePytest, table: Table, status: int
) -> None:
    pytest_runs.status = status
    message = rf"calc: repetition 1 .*seed 7, status {status}.*nothing was written"
    with pytest.raises(InputError, match=message) as caught:
        measured()
    assert str(caught.value).endswith("line 29")
    assert "line 9\n" not in str(caught.value)
    assert list(Layout(table.root).work.glob("run-*")) == []


@pytest.mark.security
def test_suite_without_a_snapshot_is_an_error_before_anything_runs(
    measured: Measure, pytest_runs: FakePytest, table: Table
) -> None:
    Layout(table.root).snapshot("other").unlink()
    with pytest.raises(InputError, match=r"other\.snapshot\.json: .*run the suite first"):
        measured()
    assert pytest_runs.started == []


@pytest.mark.architecture
def test_metrics_of_all_suites_are_the_baseline(measured: Measure, table: Table) -> None:
    paths = publish(context_of(table), measured())
    assert paths == (
        table.root / "docs/metrics/baseline.json",
        table.root / "docs/metrics/baseline.md",
    )
    assert list(json.loads(paths[0].read_bytes())["suites"]) == ["calc", "other"]
    assert paths[1].read_text().startswith("# Test metrics baseline\n")


@pytest.mark.security
def test_metrics_of_some_suites_do_not_replace_the_baseline(
    measured: Measure, table: Table
) -> None:
    whole = publish(context_of(table), measured())
    before = [path.read_bytes() for path in whole]
    paths = publish(context_of(table), measured("calc"))
    assert paths[0] == table.root / "coverage/partial/metrics-baseline.json"
    assert [path.read_bytes() for path in whole] == before


@pytest.mark.architecture
def test_plan_runs_nothing(table: Table, pytest_runs: FakePytest, tmp_path: Path) -> None:
    request = Request(suites=table.suites, seeds=(1,), interpreters=PYTHONS)
    assert [repetition.seed for repetition in plan(context_of(table), request, tmp_path)] == [1, 1]
    assert pytest_runs.started == []
