from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from covernance.agent.environment import GivenArguments, Prepared
from covernance.engine.arguments import PytestArguments
from covernance.engine.engine import Measurement
from covernance.engine.process_engine import ProcessEngine
from covernance.engine.processes import Ended, Launch, Watcher
from covernance.engine.record import Collected, progress_path
from covernance.engine.shard import Shard
from covernance.errors import InputError, MachineError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot, TestResult
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.engine.measurements import Recorded, measurement
from tests.unit.covernance.run.runs import record
from tests.utils.agents import ENVIRONMENT
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

THEMES = ["architecture", "reliability", "security"]


@pytest.fixture
def planned(repository: Repository, tmp_path: Path) -> Measurement:
    return measurement(repository, tmp_path)


def write_snapshot(repository: Repository, snapshot: Snapshot, **changes: object) -> None:
    """Store the result of an earlier full run."""
    path = Layout(repository.root).snapshot("calc")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.structs.replace(snapshot, suite="calc", **changes).encode())


@pytest.mark.architecture
def test_every_theme_has_a_command_and_a_result(
    planned: Measurement, processes: FakeProcesses
) -> None:
    commands = ProcessEngine(processes).list_commands(planned)
    assert processes.started == []
    results = ProcessEngine(processes).run(planned, Recorded())
    assert [launch.command for launch in processes.started] == commands
    assert [command[4] for command in commands] == [f"--context={theme}" for theme in THEMES]
    assert [(result.suite, result.theme, result.status) for result in results] == [
        ("calc", theme, 0) for theme in THEMES
    ]
    for result in results:
        assert result.record
        assert [*result.record.outcomes] == [f"t::{result.theme}"]
        assert result.output == f"pytest's output of {result.theme}"
        assert result.data_files
        assert result.trace is None


@pytest.mark.architecture
def test_progress_is_reported_by_suite_and_theme(planned: Measurement) -> None:
    class Slow(FakeProcesses):
        def _run(self, launch: Launch, watcher: Watcher) -> Ended:
            watcher.running(launch)
            ended = super()._run(launch, watcher)
            progress_path(launch.folder / "record.json").write_bytes(b"3\n.")
            watcher.running(launch)
            watcher.note("waiting")
            return ended

    observer = Recorded()
    one = msgspec.structs.replace(planned, themes={"calc": ("security",)})
    ProcessEngine(Slow()).run(one, observer)
    assert observer.heard == [
        "calc security None",
        "calc security started",
        "calc security finished",
        "calc security Progress(done=1, tests=3)",
        "waiting",
    ]


@pytest.mark.security
def test_tests_without_a_theme_run_after_collection_found_them(
    planned: Measurement, processes: FakeProcesses
) -> None:
    collected = Collected(selected={"t::security": ("security",)}, unthemed=["t::plain"])
    processes.records["security"] = record("security", collected=collected)
    ran = ProcessEngine(processes).run(planned, Recorded())
    assert [result.theme for result in ran] == [*THEMES, "unthemed"]


@pytest.mark.security
@pytest.mark.parametrize(
    ("changes", "status"), [({"with_unthemed": False}, 0), ({}, 4)], ids=["selection", "rejected"]
)
def test_tests_without_a_theme_do_not_run_in_a_selection_or_after_an_error(
    planned: Measurement, processes: FakeProcesses, changes: dict[str, Any], status: int
) -> None:
    collected = Collected(selected={"t::security": ("security",)}, unthemed=["t::plain"])
    processes.records["security"] = record("security", collected=collected)
    processes.statuses["architecture"] = status
    ran = ProcessEngine(processes).run(msgspec.structs.replace(planned, **changes), Recorded())
    assert [result.theme for result in ran] == THEMES


def test_longest_theme_starts_first(
    repository: Repository, snapshot: Snapshot, planned: Measurement, processes: FakeProcesses
) -> None:
    cell = snapshot.themes["security"]
    seconds = {"architecture": 1.0, "reliability": 2.0, "security": 9.0}
    themes = {
        theme: msgspec.structs.replace(cell, seconds=number) for theme, number in seconds.items()
    }
    write_snapshot(repository, snapshot, themes=themes)
    ProcessEngine(processes).run(planned, Recorded())
    assert [launch.folder.name for launch in processes.started] == [*reversed(THEMES)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_jobs_limit_the_slots(planned: Measurement, processes: FakeProcesses, jobs: int) -> None:
    ProcessEngine(processes).run(msgspec.structs.replace(planned, jobs=jobs), Recorded())
    assert processes.at_once == jobs


@pytest.mark.parametrize("interactive", [False, True])
def test_terminal_is_passed_on_for_interactive_arguments(
    planned: Measurement, processes: FakeProcesses, *, interactive: bool
) -> None:
    arguments = PytestArguments(meaning=GivenArguments(interactive=interactive))
    asked = msgspec.structs.replace(planned, arguments=arguments)
    ProcessEngine(processes).run(asked, Recorded())
    assert processes.interactive is interactive


@pytest.mark.security
def test_trace_names_its_file_and_the_process(
    planned: Measurement, processes: FakeProcesses
) -> None:
    traced = msgspec.structs.replace(
        planned, trace_variables=lambda suite, file: {"TRACE": f"{suite} {file}"}
    )
    results = ProcessEngine(processes).run(traced, Recorded())
    for result, launch in zip(results, processes.started, strict=True):
        assert result.trace
        assert launch.environment["TRACE"] == f"calc {result.trace.file}"
        assert result.trace.parent == os.getpid()
        assert result.trace.arguments == launch.command[1:]


def test_shard_is_split_by_the_given_durations(
    planned: Measurement, processes: FakeProcesses
) -> None:
    split = {
        "shard": Shard(1, 2),
        "durations": {"calc": {"t::a": 1.5}},
        "prepared": {
            "calc": Prepared(environment=ENVIRONMENT, settings="rc", plugins=("pytest_split",))
        },
    }
    ProcessEngine(processes).run(msgspec.structs.replace(planned, **split), Recorded())
    path = planned.work / "calc-durations.json"
    assert path.read_bytes() == b'{"t::a":1.5}'
    for launch in processes.started:
        assert f"--durations-path={path}" in launch.command


@pytest.mark.architecture
def test_contexts_of_tests_are_requested_from_the_plugin(planned: Measurement) -> None:
    def requested(measured: Measurement) -> set[bool]:
        commands = ProcessEngine().list_commands(measured)
        return {"--covernance-contexts=test" in command for command in commands}

    assert requested(planned) == {False}
    assert requested(msgspec.structs.replace(planned, contexts="test")) == {True}


@pytest.fixture
def parallel(repository: Repository, snapshot: Snapshot, tmp_path: Path) -> Measurement:
    """A suite whose theme `security` takes long and may use pytest-xdist."""
    table = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    suite = "[tool.covernance.suites.calc]\n"
    assert suite in table
    repository.write("pyproject.toml", table.replace(suite, f"{suite}xdist = true\n"))
    test = TestResult(outcome="passed", seconds=1000.0, themes=("security",))
    write_snapshot(repository, snapshot, tests={"t::a": test})
    return measurement(repository, tmp_path, jobs=5)


def spread(measured: Measurement) -> Sequence[str]:
    return [
        argument
        for command in ProcessEngine().list_commands(measured)
        for argument in command
        if argument.startswith("--numprocesses=")
    ]


def test_long_theme_gets_the_idle_cores(parallel: Measurement) -> None:
    with pytest.raises(MachineError, match="xdist = true needs pytest-xdist"):
        spread(parallel)
    capable = Prepared(environment=ENVIRONMENT, settings="rc", plugins=("xdist",))
    able = msgspec.structs.replace(parallel, prepared={"calc": capable})
    assert spread(able) == ["--numprocesses=3"]


@pytest.mark.parametrize("given", ["spreads", "interactive"])
def test_users_own_arguments_decide_about_workers(parallel: Measurement, given: str) -> None:
    arguments = PytestArguments(meaning=GivenArguments(**{given: True}))  # type: ignore[arg-type]
    assert spread(msgspec.structs.replace(parallel, arguments=arguments)) == []


@pytest.mark.security
def test_damaged_record_is_an_error(planned: Measurement) -> None:
    class Damaging(FakeProcesses):
        def _run(self, launch: Launch, watcher: Watcher) -> Ended:
            launch.folder.mkdir(parents=True)
            (launch.folder / "record.json").write_bytes(b"{")
            ended = Ended(launch, 0, 0.1)
            watcher.ended(ended)
            return ended

    with pytest.raises(InputError, match=r"record\.json: is not the record of a pass"):
        ProcessEngine(Damaging()).run(planned, Recorded())
