from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest

from covernance.agent.client import find_startup_folder
from covernance.agent.environment import GivenArguments, Prepared
from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.passes import plan_pass
from covernance.engine.processes import Launch
from tests.unit.covernance.engine.measurements import measurement
from tests.utils.agents import ENVIRONMENT
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

Plan = Callable[..., Launch]


@pytest.fixture
def plan(suite: Suite, repository: Repository, tmp_path: Path) -> Plan:
    """Plans a pass of the suite `api`.

    `given` is the meaning of the user's arguments, `keys` are those of the table.
    """

    def plan_one(
        theme: str = "security",
        *,
        workers: int = 1,
        rest: tuple[str, ...] = (),
        given: GivenArguments | None = None,
        keys: Mapping[str, object] = MappingProxyType({}),
        **changes: object,
    ) -> Launch:
        measured = measurement(
            repository,
            tmp_path,
            suites=(suite,),
            prepared={"api": Prepared(environment=ENVIRONMENT, settings="settings/coveragerc")},
            arguments=PytestArguments(rest=rest, meaning=given or GivenArguments()),
            environ={"HOME": "/home", "COVERAGE_FILE": "elsewhere", "PYTHONPATH": "own"},
            work=Path("work"),
            temporary=Path("temporary"),
        )
        own = msgspec.structs.replace(suite, **keys)
        planned = plan_pass(own, theme, msgspec.structs.replace(measured, **changes), workers)
        assert (planned.suite, planned.theme) == ("api", theme)
        return planned.launch

    return plan_one


def after(command: tuple[str, ...], option: str) -> list[str]:
    return [command[i + 1] for i, argument in enumerate(command) if argument == option]


def test_a_pass_measures_the_suites_sources_under_the_themes_context(plan: Plan) -> None:
    one = plan()
    assert one.command[:7] == (
        *("/env/bin/python", "-m", "coverage", "run", "--context=security"),
        "--rcfile=settings/coveragerc",
        "--data-file=work/api/security/.coverage",
    )
    assert "--covernance-theme=security" in one.command
    assert after(one.command, "-m") == ["coverage", "pytest"]
    assert one.command[-1] == "tests/unit/api"
    assert one.output == Path("work/api/security/output.txt")
    assert "--covernance-record=work/api/security/record.json" in one.command


@pytest.mark.reliability
def test_the_context_is_in_the_environment_for_multiprocessing_children(plan: Plan) -> None:
    assert plan().environment["COVERAGE_CONTEXT"] == "security"


@pytest.mark.reliability
def test_the_agent_can_be_imported_and_the_callers_measurement_is_not_inherited(
    plan: Plan,
) -> None:
    environment = plan().environment
    assert environment["PYTHONPATH"] == f"{find_startup_folder()}{os.pathsep}own"
    assert environment["HOME"] == "/home"
    assert "COVERAGE_FILE" not in environment


@pytest.mark.reliability
def test_every_pass_has_its_own_temporary_folder(plan: Plan) -> None:
    assert plan().environment["PYTEST_DEBUG_TEMPROOT"] == "temporary/api-security"


@pytest.mark.security
def test_the_tables_selection_is_passed_on_unless_the_user_gives_another(plan: Plan) -> None:
    select = "--covernance-select=not slow"
    assert select in plan(keys={"select": "not slow"}).command
    own = GivenArguments(expression="slow")
    assert select not in plan(keys={"select": "not slow"}, given=own).command


@pytest.mark.security
def test_markers_are_checked_unless_the_user_leaves_tests_out(plan: Plan) -> None:
    check = "--covernance-check-markers"
    assert check in plan().command
    assert check not in plan(given=GivenArguments(paths=("tests/test_one.py",))).command
    assert check not in plan(given=GivenArguments(narrowing=("--lf",))).command


@pytest.mark.security
def test_paths_that_the_table_ignores_are_passed_to_pytest(plan: Plan) -> None:
    assert "--ignore=tests/manual" in plan(keys={"ignore": ("tests/manual",)}).command


@pytest.mark.reliability
def test_a_pass_has_its_own_files_unless_it_is_the_only_one(plan: Plan) -> None:
    place = "--covernance-place=api-security"
    assert place in plan(with_unthemed=True).command
    assert place not in plan(with_unthemed=False, themes={"api": ("security",)}).command


def test_a_users_paths_replace_the_suites(plan: Plan) -> None:
    command = plan(
        rest=("-x", "tests/unit/api/test_x.py"),
        given=GivenArguments(paths=("tests/unit/api/test_x.py",)),
    ).command
    assert "tests/unit/api" not in command
    given = command.index("-x")
    assert command[given : given + 2] == ("-x", "tests/unit/api/test_x.py")


def test_color_is_requested_only_if_it_is_shown(plan: Plan) -> None:
    assert "--color=yes" in plan(color=True).command
    assert "--color=yes" not in plan().command


def test_workers_take_as_many_slots(plan: Plan) -> None:
    alone, spread = plan(), plan(workers=3)
    assert (alone.slots, spread.slots) == (1, 3)
    assert "--numprocesses=3" in spread.command
    assert not any(argument.startswith("--numprocesses") for argument in alone.command)
