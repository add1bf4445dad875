from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.record import Collected
from covernance.errors import ConfigError, InputError
from covernance.model.suite_result import SuiteResult
from covernance.results import read_results
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.conftest import Notes
from tests.unit.covernance.run.runs import record
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.mark.reliability
@pytest.mark.parametrize(("jobs", "at_once"), [(None, 3), (1, 1), (2, 2)])
def test_parallel_passes_follow_the_option_or_the_cores(
    run_calc: Callable[..., SuiteResult],
    processes: FakeProcesses,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int | None,
    at_once: int,
) -> None:
    monkeypatch.setattr("covernance.machine.count_cpus", lambda: 2)
    run_calc(jobs=jobs)
    assert processes.at_once == at_once


def test_unthemed_pass_runs_when_collection_found_unthemed_tests(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    collected = Collected(selected={"t::security": ("security",)}, unthemed=["t::plain"])
    processes.records["security"] = record("security", collected=collected)
    result = run_calc()
    assert processes.started[-1].name == "calc · unthemed"
    assert result.snapshot.unthemed == ("t::plain",)


@pytest.mark.security
def test_naming_every_theme_is_partial_because_unthemed_tests_are_left_out(
    run_calc: Callable[..., SuiteResult],
) -> None:
    result = run_calc(themes=("architecture", "reliability", "security"))
    assert result.snapshot.verdict == "partial"


@pytest.mark.security
def test_a_file_that_several_passes_overwrite_is_an_error_before_anything_is_published(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses, repository: Repository
) -> None:
    overwritten = [("--my-report", "out.html")]
    processes.records["security"] = record("security", overwritten=overwritten)
    assert run_calc().published
    processes.records["reliability"] = record("reliability", overwritten=overwritten)
    with pytest.raises(InputError, match=r"--my-report out\.html: 2 passes have overwritten"):
        run_calc(fail_under="99")


@pytest.mark.security
def test_unknown_markers_are_an_error_that_names_the_key_and_the_most_similar_marker(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    unknown = {"unknown_markers": ["architecture", "slwo"], "known_markers": ["slow"]}
    for theme in ("architecture", "reliability", "security"):
        collected = Collected(unthemed=["t::plain"])
        processes.records[theme] = record(theme, collected=collected, **unknown)
    with pytest.raises(ConfigError) as caught:
        run_calc()
    first, second = str(caught.value).splitlines()
    assert first.startswith("pyproject.toml: [tool.covernance] themes: 'architecture' ")
    assert second.startswith("pyproject.toml: [tool.covernance] suites.calc.select: 'slwo' ")
    assert "(did you mean 'slow'?)" in second
    assert [launch.name for launch in processes.started if "unthemed" in launch.name] == []


def test_what_passes_changed_is_shown_once(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses, observer: Notes
) -> None:
    for theme in ("security", "reliability"):
        processes.records[theme] = record(theme, notes=["pytest-cov is switched off"])
    run_calc()
    assert observer.notes.count("pytest-cov is switched off") == 1


@pytest.mark.reliability
def test_unknown_theme_lists_the_known_themes(
    run_calc: Callable[..., SuiteResult],
) -> None:
    with pytest.raises(
        InputError, match="no such theme: 'speed'; themes: architecture, reliability"
    ):
        run_calc(themes=("security", "speed"))


@pytest.mark.security
def test_a_result_is_of_the_commit_and_tree_at_the_start_of_the_run(
    run_calc: Callable[..., SuiteResult],
    processes: FakeProcesses,
    repository: Repository,
    observer: Notes,
) -> None:
    start = repository.commit_first()
    tree = repository.git("rev-parse", "HEAD^{tree}")

    def commit() -> None:
        repository.write("notes.txt", "x")
        repository.commit()

    processes.during = commit
    source = run_calc().snapshot.provenance
    assert (source.commit, source.tree, source.dirty) == (start, tree, True)
    assert any("another commit was checked out" in note for note in observer.notes)


@pytest.mark.security
@pytest.mark.parametrize("name", ["calc/__init__.py", "tests/test_calc.py", ".coveragerc"])
def test_a_file_that_changes_during_the_run_makes_the_result_stale(
    run_calc: Callable[..., SuiteResult],
    processes: FakeProcesses,
    repository: Repository,
    observer: Notes,
    name: str,
) -> None:
    repository.commit_first()
    processes.during = lambda: repository.append(name, "\n")
    assert run_calc().snapshot.provenance.dirty is True
    assert f"calc: {name} changed while the suite ran; run it again" in observer.notes
    (result,) = read_results(context_of(repository.root)).values()
    assert result is not None
    assert (result.verdict, result.reasons[0]) == ("stale", f"{name} changed while the suite ran")


def test_what_tests_write_elsewhere_leaves_the_result_clean(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses, repository: Repository
) -> None:
    repository.commit_first()
    processes.during = lambda: repository.write("out/report.txt", "x")
    assert run_calc().snapshot.provenance.dirty is False
    (result,) = read_results(context_of(repository.root)).values()
    assert result is not None
    assert result.verdict == "pass"
