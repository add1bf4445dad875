from __future__ import annotations

import os
from pathlib import Path

import pytest

from covernance.agent.client import find_startup_folder
from covernance.agent.environment import GivenArguments, Prepared
from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.passes import Pass, plan_pass
from tests.utils.agents import ENVIRONMENT

pytestmark = pytest.mark.architecture


def planned(
    suite: Suite,
    theme: str = "security",
    *,
    color: bool = False,
    workers: int = 1,
    rest: tuple[str, ...] = (),
    **given: object,
) -> Pass:
    return plan_pass(
        suite,
        theme,
        Path("work/x"),
        Path("temporary"),
        PytestArguments(rest=rest, meaning=GivenArguments(**given)),  # type: ignore[arg-type]
        prepared=Prepared(environment=ENVIRONMENT, settings="settings/coveragerc"),
        environ={"HOME": "/home", "COVERAGE_FILE": "elsewhere", "PYTHONPATH": "own"},
        workers=workers,
        color=color,
    )


def after(command: tuple[str, ...], option: str) -> list[str]:
    return [command[i + 1] for i, argument in enumerate(command) if argument == option]


def test_a_pass_measures_the_suites_sources_under_the_themes_context(suite: Suite) -> None:
    one = planned(suite).launch
    assert one.command[:7] == (
        *("/env/bin/python", "-m", "coverage", "run", "--context=security"),
        "--rcfile=settings/coveragerc",
        "--data-file=work/x/.coverage",
    )
    assert after(one.command, "-m")[-1] == "security"
    assert one.command[-1] == "tests/unit/api"
    assert one.output == Path("work/x/output.txt")
    assert "--covernance-record=work/x/record.json" in one.command


@pytest.mark.reliability
def test_the_context_is_in_the_environment_for_multiprocessing_children(suite: Suite) -> None:
    assert planned(suite).launch.environment["COVERAGE_CONTEXT"] == "security"


@pytest.mark.reliability
def test_the_agent_can_be_imported_and_the_callers_measurement_is_not_inherited(
    suite: Suite,
) -> None:
    environment = planned(suite).launch.environment
    assert environment["PYTHONPATH"] == f"{find_startup_folder()}{os.pathsep}own"
    assert environment["HOME"] == "/home"
    assert "COVERAGE_FILE" not in environment


@pytest.mark.reliability
def test_every_pass_has_its_own_temporary_folder(suite: Suite) -> None:
    assert planned(suite).launch.environment["PYTEST_DEBUG_TEMPROOT"] == "temporary"


def test_the_unthemed_pass_selects_tests_without_a_theme(suite: Suite) -> None:
    command = planned(suite, "unthemed").launch.command
    assert after(command, "-m")[-1] == "not architecture and not security"


@pytest.mark.security
def test_a_users_expression_can_not_extend_a_theme(suite: Suite) -> None:
    command = planned(suite, expression="slow or fast").launch.command
    assert after(command, "-m")[-1] == "(security) and (slow or fast)"


def test_a_users_paths_replace_the_suites(suite: Suite) -> None:
    command = planned(
        suite, paths=("tests/unit/api/test_x.py",), rest=("-x", "tests/unit/api/test_x.py")
    ).launch.command
    assert "tests/unit/api" not in command
    given = command.index("-x")
    assert command[given : given + 2] == ("-x", "tests/unit/api/test_x.py")


def test_color_is_requested_only_if_it_is_shown(suite: Suite) -> None:
    assert "--color=yes" in planned(suite, color=True).launch.command
    assert "--color=yes" not in planned(suite).launch.command


def test_workers_take_as_many_slots(suite: Suite) -> None:
    alone, spread = planned(suite).launch, planned(suite, workers=3).launch
    assert (alone.slots, spread.slots) == (1, 3)
    assert "--numprocesses=3" in spread.command
    assert not any(argument.startswith("--numprocesses") for argument in alone.command)
