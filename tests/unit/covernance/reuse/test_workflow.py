from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import chain, repeat
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from covernance.config import load
from covernance.engine.engine import Measurement, Observer
from covernance.engine.process_engine import ProcessEngine
from covernance.engine.registry import DEFAULT, ENGINES
from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.errors import Exit
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from covernance.reuse import evidence, path_states, traces
from covernance.reuse.evidence import Evidence, Seen
from covernance.reuse.trace_file import VARIABLE
from covernance.reuse.traces import Gathered
from covernance.reuse.workflow import Reuse
from covernance.run.part import read as read_part
from covernance.run.workflow import run_suites
from covernance_agent import journal
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import Quiet, record, request
from tests.utils.agents import local_agents
from tests.utils.contexts import NOW, context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

RunIt = Callable[..., SuiteResult]


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The simulated content of the traces."""
    said: dict[str, object] = {
        "seen": Seen(),
        "installed": frozenset(),
        "programs": (),
        "refusals": (),
    }
    monkeypatch.setattr(traces, "gather", lambda *_: Gathered(**said))  # type: ignore[arg-type]
    return said


@pytest.fixture
def run_calc(
    repository: Repository, processes: FakeProcesses, gathered: dict[str, object]
) -> RunIt:
    def run_it(
        *pytest_arguments: str,
        environ: Mapping[str, str] | None = None,
        now: datetime = NOW,
        **changes: object,
    ) -> SuiteResult:
        table = load(repository.root)
        (result,), _ = run_suites(
            context_of(table, environ, now),
            request(table, *pytest_arguments, **changes),
            local_agents(*table.suites),
            Quiet(),
        )
        return result

    return run_it


def read_evidence(repository: Repository) -> Evidence:
    stored = evidence.read(repository.root / "coverage/data/calc/evidence.json")
    assert stored
    return stored


def source(result: SuiteResult) -> str:
    return result.snapshot.provenance.source


def test_passing_run_is_reused_and_marked(run_calc: RunIt, repository: Repository) -> None:
    first = run_calc()
    second = run_calc(now=NOW + timedelta(hours=3))
    assert (source(first), source(second)) == ("measured", "reused")
    assert second.snapshot.provenance.origin is not None
    assert second.snapshot.provenance.origin.recorded_at == "2026-11-21T12:00:00Z"
    assert second.snapshot.provenance.recorded_at == "2026-11-21T15:00:00Z"
    assert second.snapshot.files == first.snapshot.files
    assert read(repository.root / "coverage/calc.snapshot.json") == second.snapshot
    assert source(run_calc(now=NOW + timedelta(days=6))) == "reused"


def test_reuse_does_not_reset_the_age(run_calc: RunIt) -> None:
    run_calc()
    assert source(run_calc(now=NOW + timedelta(days=6))) == "reused"
    assert source(run_calc(now=NOW + timedelta(days=8))) == "measured"


def test_fresh_option_measures(run_calc: RunIt) -> None:
    run_calc()
    assert source(run_calc(reuse=False)) == "measured"


def test_scheduled_run_measures_unless_reuse_is_requested(run_calc: RunIt) -> None:
    environ = {"GITHUB_EVENT_NAME": "schedule"}
    run_calc()
    assert source(run_calc(environ=environ)) == "measured"
    assert source(run_calc(environ=environ, reuse=True)) == "reused"


@pytest.mark.parametrize("arguments", [("-k", "x"), ("--cov-report=xml:a.xml",), ("-x",)])
def test_partial_run_report_or_changed_argument_is_not_reused(
    run_calc: RunIt, arguments: tuple[str, ...]
) -> None:
    run_calc()
    assert source(run_calc(*arguments)) == "measured"


def test_partial_run_does_not_change_the_evidence(run_calc: RunIt, repository: Repository) -> None:
    run_calc()
    before = read_evidence(repository)
    run_calc("-k", "x")
    assert read_evidence(repository) == before


@pytest.mark.security
def test_failed_run_is_not_stored(
    run_calc: RunIt, processes: FakeProcesses, repository: Repository
) -> None:
    run_calc()
    processes.statuses["security"] = 1
    processes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    assert run_calc(reuse=False).exit is Exit.TESTS_FAILED
    assert not (repository.root / "coverage/data/calc/evidence.json").exists()
    assert run_calc().exit is Exit.TESTS_FAILED


@pytest.mark.security
def test_raised_floor_is_checked_against_a_fresh_run(
    run_calc: RunIt, processes: FakeProcesses
) -> None:
    processes.arcs = {theme: [(-1, 1)] for theme in processes.arcs}
    assert run_calc(fail_under="50").exit is Exit.PASS
    assert source(run_calc(fail_under="50")) == "reused"
    result = run_calc(fail_under="51")
    assert (source(result), result.exit) == ("measured", Exit.GATE)


def test_passes_receive_trace_settings(run_calc: RunIt, processes: FakeProcesses) -> None:
    run_calc()
    for launch in processes.started:
        settings = journal.decode(launch.environment[VARIABLE])
        assert settings.file == str(launch.folder / "trace")
        assert any(str(launch.folder).startswith(folder) for folder in settings.own)
    run_calc("-k", "x")
    assert VARIABLE not in processes.started[-1].environment


@pytest.mark.security
def test_result_of_an_engine_that_traced_nothing_is_not_reused(
    run_calc: RunIt,
    processes: FakeProcesses,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Untraced(ProcessEngine):
        def run(self, measurement: Measurement, observer: Observer) -> list[ThemeResult]:
            return super().run(replace(measurement, trace_variables=None), observer)

    monkeypatch.setitem(ENGINES, DEFAULT, Untraced(processes))
    run_calc()
    assert read_evidence(repository).refusals == ("a pass was not traced",)
    assert source(run_calc()) == "measured"


def test_files_of_the_suite_are_stored(run_calc: RunIt, repository: Repository) -> None:
    run_calc()
    seen = read_evidence(repository).seen
    assert {"calc/__init__.py", "tests/test_calc.py", "pyproject.toml", ".coveragerc"} <= set(
        seen.read
    )
    assert {"calc", "tests"} <= set(seen.listed)


def test_snapshot_lists_the_inputs_of_its_run(
    run_calc: RunIt, gathered: dict[str, object], repository: Repository
) -> None:
    gathered["seen"] = Seen(read={"data.csv": "absent", __file__: path_states.content(__file__)})
    measured = run_calc(environ={"CI": "true"}).snapshot.inputs
    assert measured
    assert {"calc/__init__.py", "tests/test_calc.py", "pyproject.toml"} <= set(measured.read)
    assert {"data.csv", "setup.cfg"} <= set(measured.asked)
    assert measured.refusals == ()
    assert measured.listed == ("calc", "tests")
    reused = run_calc(environ={}).snapshot
    assert (reused.provenance.source, reused.inputs) == ("reused", measured)


def test_failed_run_lists_its_inputs_too(run_calc: RunIt, processes: FakeProcesses) -> None:
    processes.statuses["security"] = 1
    processes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    result = run_calc()
    assert result.exit is Exit.TESTS_FAILED
    assert result.snapshot.inputs
    assert "calc/__init__.py" in result.snapshot.inputs.read


def test_partial_run_lists_no_inputs(run_calc: RunIt) -> None:
    assert run_calc("-k", "x").snapshot.inputs is None


def test_shard_lists_its_inputs_and_does_not_change_the_evidence(
    run_calc: RunIt, repository: Repository
) -> None:
    whole = run_calc()
    before = read_evidence(repository)
    run_calc(shard=Shard(1, 2))
    measured = read_part(repository.root / "coverage/parts/calc-1-of-2/part.json")
    assert measured.inputs == whole.snapshot.inputs
    assert read_evidence(repository) == before


def test_checkout_during_the_run_is_a_refusal(
    run_calc: RunIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = chain(["a"], repeat("b"))
    monkeypatch.setattr("covernance.reuse.workflow.read_head", lambda _: next(commits))
    inputs = run_calc().snapshot.inputs
    assert inputs
    assert inputs.refusals == ("another commit was checked out while the suite ran",)


def test_files_opened_by_libraries_are_stored_if_declared(
    run_calc: RunIt, repository: Repository
) -> None:
    repository.append("pyproject.toml", '\n[tool.covernance.reuse]\nfiles = ["data"]\n')
    repository.write("data/a", "1")
    run_calc()
    assert "data/a" in read_evidence(repository).seen.read


def test_untraceable_event_is_stored_as_a_refusal(
    run_calc: RunIt, gathered: dict[str, object], repository: Repository
) -> None:
    gathered["refusals"] = ("it connected to 192.0.2.1:80",)
    run_calc()
    assert read_evidence(repository).refusals == ("it connected to 192.0.2.1:80",)
    assert source(run_calc()) == "measured"


def test_untraced_program_makes_the_whole_repository_an_input(
    run_calc: RunIt, gathered: dict[str, object], repository: Repository
) -> None:
    repository.write("README.md", "read me")
    gathered["programs"] = ("/usr/bin/git",)
    run_calc()
    found = read_evidence(repository)
    assert "README.md" in found.seen.read
    assert "the commit" in found.settings
    assert not any(path.startswith("coverage/") for path in found.seen.read)
    assert source(run_calc()) == "reused"
    repository.append("README.md", "more")
    assert source(run_calc()) == "measured"


def test_repository_changed_during_an_untraced_program_is_a_refusal(
    run_calc: RunIt,
    gathered: dict[str, object],
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gathered["programs"] = ("/usr/bin/git",)
    states = chain([{"a": (1,)}], repeat({"a": (2,)}))
    monkeypatch.setattr("covernance.reuse.walk.stamps", lambda *_: next(states))
    result = run_calc()
    assert "untraced programs" in read_evidence(repository).refusals[0]
    assert result.snapshot.inputs
    assert result.snapshot.inputs.refusals == read_evidence(repository).refusals


def test_installed_file_changed_during_the_run_is_a_refusal(
    run_calc: RunIt, gathered: dict[str, object], repository: Repository, tmp_path: Path
) -> None:
    same, edited = tmp_path / "same.py", tmp_path / "edited.py"
    stamps = set()
    for module in (same, edited):
        module.touch()
        stamps.add((str(module), path_states.stamp(str(module))))
    edited.write_text("more", encoding="utf-8")
    gathered["installed"] = frozenset(stamps)
    run_calc()
    assert read_evidence(repository).refusals == (f"{edited} changed while the suite ran",)
    assert {str(same), str(edited)} <= read_evidence(repository).seen.read.keys()


def test_environment_changed_during_the_run_is_a_refusal(
    run_calc: RunIt, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = iter([{"a": "1"}, {"a": "2"}])
    monkeypatch.setattr(
        "covernance.reuse.workflow.describe_environment", lambda *_: dict(next(described))
    )
    run_calc()
    assert read_evidence(repository).refusals == ("the environment changed while the suite ran",)


@pytest.mark.security
def test_snapshot_of_another_suite_is_not_reused(run_calc: RunIt, repository: Repository) -> None:
    result = run_calc()
    other = msgspec.structs.replace(result.snapshot, suite="other")
    path = repository.root / "coverage/calc.snapshot.json"
    path.write_bytes(other.encode())
    table = load(repository.root)
    reuse = Reuse(context_of(table), ())
    (reason,) = reuse.find(table.suite("calc"), Path(sys.executable)).reasons
    assert reason == "coverage/calc.snapshot.json: the report was deleted or changed since the run"
