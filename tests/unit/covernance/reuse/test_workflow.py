from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path

import msgspec
import pytest

from covernance.config import load
from covernance.engine.shard import Shard
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
from tests.unit.covernance.conftest import FakePasses
from tests.unit.covernance.run.runs import NOW, Quiet, record, request
from tests.utils.agents import local_agents
from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

RunIt = Callable[..., SuiteResult]


@pytest.fixture
def gathered(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the passes are said to have done."""
    said: dict[str, object] = {
        "seen": Seen(),
        "installed": frozenset(),
        "programs": (),
        "refusals": (),
    }
    monkeypatch.setattr(traces, "gather", lambda *_: Gathered(**said))  # type: ignore[arg-type]
    return said


@pytest.fixture
def run_calc(repository: Repository, passes: FakePasses, gathered: dict[str, object]) -> RunIt:
    def run_it(*pytest_arguments: str, **changes: object) -> SuiteResult:
        table = load(repository.root)
        (result,) = run_suites(
            table,
            request(table, *pytest_arguments, **changes),
            local_agents(*table.suites),
            Quiet(),
        )
        return result

    return run_it


def kept(repository: Repository) -> Evidence:
    found = evidence.read(repository.root / "coverage/data/calc/evidence.json")
    assert found
    return found


def source(result: SuiteResult) -> str:
    return result.snapshot.provenance.source


def test_a_green_run_stands_for_the_next_one_and_says_so(
    run_calc: RunIt, repository: Repository
) -> None:
    first = run_calc()
    second = run_calc(now=NOW + timedelta(hours=3))
    assert (source(first), source(second)) == ("measured", "reused")
    assert second.snapshot.provenance.origin is not None
    assert second.snapshot.provenance.origin.recorded_at == "2026-11-21T12:00:00Z"
    assert second.snapshot.provenance.recorded_at == "2026-11-21T15:00:00Z"
    assert second.snapshot.files == first.snapshot.files
    assert read(repository.root / "coverage/calc.snapshot.json") == second.snapshot
    assert source(run_calc(now=NOW + timedelta(days=6))) == "reused"


def test_a_result_does_not_grow_younger_by_reuse(run_calc: RunIt) -> None:
    run_calc()
    assert source(run_calc(now=NOW + timedelta(days=6))) == "reused"
    assert source(run_calc(now=NOW + timedelta(days=8))) == "measured"


def test_fresh_measures(run_calc: RunIt) -> None:
    run_calc()
    assert source(run_calc(reuse=False)) == "measured"


def test_a_scheduled_run_measures_unless_it_is_asked(run_calc: RunIt) -> None:
    environ = {"GITHUB_EVENT_NAME": "schedule"}
    run_calc()
    assert source(run_calc(environ=environ)) == "measured"
    assert source(run_calc(environ=environ, reuse=True)) == "reused"


@pytest.mark.parametrize("arguments", [("-k", "x"), ("--cov-report=xml:a.xml",), ("-x",)])
def test_a_selection_a_report_or_another_argument_is_not_reused(
    run_calc: RunIt, arguments: tuple[str, ...]
) -> None:
    run_calc()
    assert source(run_calc(*arguments)) == "measured"


def test_a_selection_leaves_what_is_kept_alone(run_calc: RunIt, repository: Repository) -> None:
    run_calc()
    before = kept(repository)
    run_calc("-k", "x")
    assert kept(repository) == before


@pytest.mark.security
def test_a_run_that_is_not_green_is_not_kept(
    run_calc: RunIt, passes: FakePasses, repository: Repository
) -> None:
    run_calc()
    passes.statuses["security"] = 1
    passes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    assert run_calc(reuse=False).exit is Exit.TESTS_FAILED
    assert not (repository.root / "coverage/data/calc/evidence.json").exists()
    assert run_calc().exit is Exit.TESTS_FAILED


@pytest.mark.security
def test_a_floor_that_rose_is_held_against_a_fresh_run(run_calc: RunIt, passes: FakePasses) -> None:
    passes.arcs = {theme: [(-1, 1)] for theme in passes.arcs}
    assert run_calc(fail_under="50").exit is Exit.PASS
    assert source(run_calc(fail_under="50")) == "reused"
    result = run_calc(fail_under="51")
    assert (source(result), result.exit) == ("measured", Exit.GATE)


def test_passes_are_told_where_to_note(run_calc: RunIt, passes: FakePasses) -> None:
    run_calc()
    for planned in passes.planned:
        settings = journal.decode(planned.environment[VARIABLE])
        assert settings.file == str(planned.folder / "trace")
        assert any(str(planned.folder).startswith(folder) for folder in settings.own)
    run_calc("-k", "x")
    assert VARIABLE not in passes.planned[-1].environment


def test_what_the_suite_consists_of_is_kept(run_calc: RunIt, repository: Repository) -> None:
    run_calc()
    seen = kept(repository).seen
    assert {"calc/__init__.py", "tests/test_calc.py", "pyproject.toml", ".coveragerc"} <= set(
        seen.read
    )
    assert {"calc", "tests"} <= set(seen.listed)


def test_a_snapshot_lists_what_its_run_depended_on(
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


def test_a_red_run_lists_its_inputs_too(run_calc: RunIt, passes: FakePasses) -> None:
    passes.statuses["security"] = 1
    passes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    result = run_calc()
    assert result.exit is Exit.TESTS_FAILED
    assert result.snapshot.inputs
    assert "calc/__init__.py" in result.snapshot.inputs.read


def test_a_selection_lists_no_inputs(run_calc: RunIt) -> None:
    assert run_calc("-k", "x").snapshot.inputs is None


def test_a_shard_lists_its_inputs_and_leaves_what_is_kept_alone(
    run_calc: RunIt, repository: Repository
) -> None:
    whole = run_calc()
    before = kept(repository)
    run_calc(shard=Shard(1, 2))
    measured = read_part(repository.root / "coverage/parts/calc-1-of-2/part.json")
    assert measured.inputs == whole.snapshot.inputs
    assert kept(repository) == before


def test_another_commit_meanwhile_is_a_refusal(
    run_calc: RunIt, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = chain(["a"], repeat("b"))
    monkeypatch.setattr("covernance.reuse.workflow.read_head", lambda _: next(commits))
    inputs = run_calc().snapshot.inputs
    assert inputs
    assert inputs.refusals == ("another commit was checked out while the suite ran",)


def test_files_that_a_library_opens_are_kept_where_the_table_names_them(
    run_calc: RunIt, repository: Repository
) -> None:
    repository.append("pyproject.toml", '\n[tool.covernance.reuse]\nfiles = ["data"]\n')
    repository.write("data/a", "1")
    run_calc()
    assert "data/a" in kept(repository).seen.read


def test_what_could_not_be_traced_is_kept_and_refused(
    run_calc: RunIt, gathered: dict[str, object], repository: Repository
) -> None:
    gathered["refusals"] = ("it talked to 192.0.2.1:80",)
    run_calc()
    assert kept(repository).refusals == ("it talked to 192.0.2.1:80",)
    assert source(run_calc()) == "measured"


def test_a_program_makes_the_whole_repository_an_input(
    run_calc: RunIt, gathered: dict[str, object], repository: Repository
) -> None:
    repository.write("README.md", "read me")
    gathered["programs"] = ("/usr/bin/git",)
    run_calc()
    found = kept(repository)
    assert "README.md" in found.seen.read
    assert "the commit" in found.settings
    assert not any(path.startswith("coverage/") for path in found.seen.read)
    assert source(run_calc()) == "reused"
    repository.append("README.md", "more")
    assert source(run_calc()) == "measured"


def test_a_repository_that_changed_meanwhile_is_refused_where_a_program_ran(
    run_calc: RunIt,
    gathered: dict[str, object],
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gathered["programs"] = ("/usr/bin/git",)
    states = chain([{"a": (1,)}], repeat({"a": (2,)}))
    monkeypatch.setattr("covernance.reuse.walk.stamps", lambda *_: next(states))
    result = run_calc()
    assert "programs that are not traced" in kept(repository).refusals[0]
    assert result.snapshot.inputs
    assert result.snapshot.inputs.refusals == kept(repository).refusals


def test_an_installed_file_that_changed_meanwhile_is_refused(
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
    assert kept(repository).refusals == (f"{edited} changed while the suite ran",)
    assert {str(same), str(edited)} <= kept(repository).seen.read.keys()


def test_an_environment_that_changed_meanwhile_is_refused(
    run_calc: RunIt, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = iter([{"a": "1"}, {"a": "2"}])
    monkeypatch.setattr(
        "covernance.reuse.workflow.describe_environment", lambda *_: dict(next(described))
    )
    run_calc()
    assert kept(repository).refusals == ("the environment changed while the suite ran",)


@pytest.mark.security
def test_a_snapshot_of_another_suite_does_not_stand_in(
    run_calc: RunIt, repository: Repository
) -> None:
    result = run_calc()
    other = msgspec.structs.replace(result.snapshot, suite="other")
    path = repository.root / "coverage/calc.snapshot.json"
    path.write_bytes(other.encode())
    table = load(repository.root)
    reuse = Reuse(table, {}, (), NOW)
    (reason,) = reuse.find(table.suite("calc"), Path(sys.executable)).reasons
    assert reason == "coverage/calc.snapshot.json: is not the report that the run left"
