from __future__ import annotations

from pathlib import Path

import pytest

from covernance.config import Suite
from covernance.engine.arguments import PytestArguments
from covernance.engine.passes import Pass, plan_pass

pytestmark = pytest.mark.architecture


def planned(suite: Suite, theme: str = "security", *, color: bool = False, **given: object) -> Pass:
    arguments = PytestArguments(**given)  # type: ignore[arg-type]
    folder, temporary = Path("work/x"), Path("temporary")
    return plan_pass(suite, theme, folder, temporary, arguments, python="python", color=color)


def after(command: tuple[str, ...], option: str) -> list[str]:
    return [command[i + 1] for i, argument in enumerate(command) if argument == option]


def test_a_pass_measures_the_suites_sources_under_the_themes_context(suite: Suite) -> None:
    one = planned(suite)
    assert one.command[:7] == (
        *("python", "-m", "coverage", "run", "--context=security"),
        "--source=apps/api",
        "--data-file=work/x/.coverage",
    )
    assert after(one.command, "-m")[-1] == "security"
    assert one.command[-1] == "tests/unit/api"
    assert (one.record, one.output) == (Path("work/x/record.json"), Path("work/x/output.txt"))


@pytest.mark.reliability
def test_the_context_is_in_the_environment_too_for_multiprocessing_children(suite: Suite) -> None:
    assert planned(suite).environment["COVERAGE_CONTEXT"] == "security"


@pytest.mark.reliability
def test_a_pass_has_a_temporary_folder_of_its_own(suite: Suite) -> None:
    assert planned(suite).environment["PYTEST_DEBUG_TEMPROOT"] == "temporary"


def test_the_unthemed_pass_selects_what_no_theme_selects(suite: Suite) -> None:
    command = planned(suite, "unthemed").command
    assert after(command, "-m")[-1] == "not architecture and not security"


@pytest.mark.security
def test_a_users_expression_can_not_widen_a_theme(suite: Suite) -> None:
    command = planned(suite, expression="slow or fast").command
    assert after(command, "-m")[-1] == "(security) and (slow or fast)"


def test_a_users_paths_replace_the_suites(suite: Suite) -> None:
    command = planned(suite, paths=("tests/unit/api/test_x.py",), rest=("-x",)).command
    assert command[-2:] == ("-x", "tests/unit/api/test_x.py")
    assert "tests/unit/api" not in command


def test_color_is_asked_for_only_where_it_is_shown(suite: Suite) -> None:
    assert "--color=yes" in planned(suite, color=True).command
    assert "--color=yes" not in planned(suite).command
