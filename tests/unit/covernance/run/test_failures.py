"""A suite that can't be measured does not lose the results of the others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from covernance.agent.client import Agent
from covernance.config import load
from covernance.engine.record import Collected
from covernance.errors import CovernanceError, Exit, InputError, MachineError
from covernance.layout import Layout
from covernance.model.suite_result import SuiteResult
from covernance.run.failures import Failures, describe_failures
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.conftest import Notes
from tests.unit.covernance.run.runs import record, request
from tests.utils.agents import local_agents
from tests.utils.contexts import context_of
from tests.utils.repository import TABLE, Repository

pytestmark = pytest.mark.reliability

OTHER = """
[tool.covernance.suites.other]
source = ["other"]
tests = ["other_tests"]
themes = ["speed"]
"""


@pytest.fixture
def two(repository: Repository, processes: FakeProcesses) -> Repository:
    """A repository with a second suite, whose only theme is `speed`."""
    table = TABLE.replace('"security"]', '"security", "speed"]')
    table = table.replace(
        'tests = ["tests"]', 'tests = ["tests"]\nthemes = ["architecture", "security"]'
    )
    repository.write("pyproject.toml", table + OTHER)
    repository.write("other/__init__.py", "x = 1\ny = 2\n")
    repository.write("other_tests/test_other.py", "x = 1\n")
    processes.arcs["speed"] = processes.arcs["security"]
    processes.sources["other"] = "other/__init__.py"
    return repository


class Broken(Agent):
    """An agent in an environment without pytest."""

    def _run(self, request: Path, answer: Path) -> str:
        raise MachineError("pytest is missing; install it")


def run(
    repository: Repository, agents: Mapping[str, Agent] | None = None
) -> tuple[list[SuiteResult], Failures]:
    table = load(repository.root)
    found = dict(local_agents(*table.suites)) | dict(agents or {})
    return run_suites(context_of(table), request(table), found, Notes())


def check_calc(repository: Repository, results: list[SuiteResult]) -> None:
    (result,) = results
    assert (result.snapshot.suite, result.exit) == ("calc", Exit.PASS)
    assert Layout(repository.root).snapshot("calc") in result.published
    assert not Layout(repository.root).snapshot("other").exists()


def test_a_suite_whose_pytest_rejects_its_arguments_does_not_lose_the_others(
    two: Repository, processes: FakeProcesses
) -> None:
    processes.statuses["speed"] = 4
    collected = Collected(selected={"t::security": ("security",)}, unthemed=["t::plain"])
    processes.records["security"] = record("security", collected=collected)
    plain = {"collected": Collected(selected={"t::plain": ()}), "outcomes": {"t::plain": "passed"}}
    processes.records["unthemed"] = record("unthemed", **plain)
    processes.arcs["unthemed"] = processes.arcs["security"]
    results, failures = run(two)
    check_calc(two, results)
    assert results[0].snapshot.unthemed == ("t::plain",)
    assert processes.started[-1].name == "calc · unthemed"
    assert describe_failures(failures) == ["other: pytest could not start; its message is above"]


def test_a_suite_whose_environment_lacks_pytest_does_not_stop_the_others(two: Repository) -> None:
    results, failures = run(two, {"other": Broken(Path("python"))})
    check_calc(two, results)
    assert describe_failures(failures) == ["other: pytest is missing; install it"]


def test_a_marker_that_there_is_not_ends_only_its_suite(
    two: Repository, processes: FakeProcesses
) -> None:
    processes.records["speed"] = record("speed", unknown_markers=["speed"])
    results, failures = run(two)
    check_calc(two, results)
    (message,) = describe_failures(failures)
    assert "'speed' is a marker of no test of suite other" in message


def test_a_file_that_two_suites_overwrite_ends_both(
    two: Repository, processes: FakeProcesses
) -> None:
    for theme in ("speed", "security"):
        processes.records[theme] = record(theme, overwritten=[("--my-report", "out.html")])
    with pytest.raises(InputError, match=r"^calc, other: --my-report out\.html: 2 passes have"):
        run(two)


def test_without_any_result_the_error_names_every_suite(
    two: Repository, processes: FakeProcesses
) -> None:
    processes.statuses["security"] = 4
    with pytest.raises(CovernanceError) as caught:
        run(two, {"other": Broken(Path("python"))})
    assert str(caught.value).splitlines() == [
        "other: pytest is missing; install it",
        "calc: pytest could not start; its message is above",
    ]
