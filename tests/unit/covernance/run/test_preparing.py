from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from covernance.agent.client import Agent
from covernance.agent.environment import Prepared
from covernance.config import load
from covernance.engine.arguments import split_reports
from covernance.errors import MachineError
from covernance.gate.floors import AppliedFloor, Exceptions
from covernance.judgement import Judgement
from covernance.run.preparing import interpret, list_unused_floors, prepare
from tests.unit.covernance.run.runs import MEANINGS
from tests.utils.agents import ENVIRONMENT, LocalAgent
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


class Broken(Agent):
    """An agent in an environment without pytest."""

    def _run(self, request: Path, answer: Path) -> str:
        raise MachineError("pytest is missing; install it")


def test_each_suite_has_its_own_settings(repository: Repository, tmp_path: Path) -> None:
    table = load(repository.root)
    prepared = prepare(table.suites, {"calc": LocalAgent()}, tmp_path)
    assert prepared["calc"].environment.executable == ENVIRONMENT.executable
    assert list((tmp_path / "calc").iterdir())


def test_a_higher_floor_of_coverage_pys_settings_is_said_once_with_the_floors_in_force() -> None:
    floors = {"api": 90, "auth": 100, "logs": 80, "calc": 0}
    values = {"api": 99.5, "auth": 99.5, "logs": 99.5, "calc": 0}
    prepared = {
        name: Prepared(environment=ENVIRONMENT, fail_under=value) for name, value in values.items()
    }
    judgements = {
        name: Judgement(AppliedFloor(Decimal(floor), "the table"), Exceptions())
        for name, floor in floors.items()
    }
    assert list_unused_floors(prepared, judgements) == [
        "coverage.py's fail_under = 99.5 is not used; floors in force: api 90 %, logs 80 %"
    ]


@pytest.mark.reliability
def test_arguments_are_interpreted_by_the_first_environment_that_can(
    repository: Repository,
) -> None:
    (calc,) = load(repository.root).suites
    broken = msgspec.structs.replace(calc, name="broken")
    agents = {"broken": Broken(Path("python")), "calc": LocalAgent()}
    arguments = split_reports(("-k", "sign"))
    assert interpret(arguments, (broken, calc), agents, {}).meaning.narrowing == ("-k 'sign'",)
    with pytest.raises(MachineError, match="pytest is missing"):
        interpret(arguments, (broken,), agents, {})


@pytest.mark.reliability
def test_incomplete_environment_error_names_the_suite(
    repository: Repository, tmp_path: Path
) -> None:
    table = load(repository.root)
    with pytest.raises(MachineError, match=r"^calc: pytest is missing; install it$"):
        prepare(table.suites, {"calc": Broken(Path("python"))}, tmp_path)


def test_without_arguments_the_agent_is_not_started(repository: Repository) -> None:
    table = load(repository.root)
    arguments = split_reports(())
    assert interpret(arguments, table.suites, {"calc": Broken(Path("python"))}, {}) is arguments


def test_arguments_are_interpreted_by_pytest(repository: Repository) -> None:
    table = load(repository.root)
    arguments = split_reports(("-k", "sign"))
    meaning = interpret(arguments, table.suites, {"calc": LocalAgent()}, {}).meaning
    assert meaning.narrowing == ("-k 'sign'",)


@pytest.mark.security
def test_the_variable_for_arguments_is_interpreted_too(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k sign")
    table = load(repository.root)
    meaning = interpret(split_reports(()), table.suites, {"calc": LocalAgent()}, os.environ).meaning
    assert meaning.narrowing == ("-k 'sign'",)


@pytest.mark.parametrize("given", MEANINGS, ids=" ".join)
def test_sample_arguments_mean_what_pytest_reads(
    repository: Repository, given: tuple[str, ...]
) -> None:
    repository.write("tests/test_calc.py", "")
    table = load(repository.root)
    meaning = interpret(split_reports(given), table.suites, {"calc": LocalAgent()}, {}).meaning
    assert meaning == MEANINGS[given]
