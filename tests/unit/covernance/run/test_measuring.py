from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.record import Collected
from covernance.errors import InputError
from covernance.model.suite_result import SuiteResult
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import record

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
def test_one_file_for_several_passes_is_an_error(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    with pytest.raises(InputError, match="3 passes would write it"):
        run_calc("--junitxml=junit.xml")
    run_calc("--junitxml=junit.xml", themes=("security",))


@pytest.mark.reliability
def test_unknown_theme_lists_the_known_themes(
    run_calc: Callable[..., SuiteResult],
) -> None:
    with pytest.raises(
        InputError, match="no such theme: 'speed'; themes: architecture, reliability"
    ):
        run_calc(themes=("security", "speed"))
