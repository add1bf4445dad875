from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from covernance.cli import cli
from covernance.errors import ConfigError, Exit
from covernance.report_formats import FORMATS
from tests.unit.covernance.conftest import FakeProcesses
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

SECOND = """
[tool.covernance.suites.second]
source = ["second"]
tests = ["tests"]
"""


@pytest.fixture(autouse=True)
def _two_suites(repository: Repository) -> None:
    repository.write("second/__init__.py", "")
    repository.append("pyproject.toml", SECOND)


def call(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(cli, ["run", *arguments], env=environ, standalone_mode=False)


def planned(*arguments: str, **environ: str) -> list[str]:
    """The commands that would run."""
    ran = call("--dry-run", *arguments, **environ)
    assert ran.exception is None, ran.exception
    return ran.stdout.splitlines()


def test_help_lists_every_report_format() -> None:
    _, _, listed = call("--help").stdout.partition("Formats of --cov-report: ")
    assert " ".join(listed.split()) == ", ".join(FORMATS) + "."


def test_dry_run_prints_commands_and_runs_nothing(processes: FakeProcesses) -> None:
    commands = planned()
    assert len(commands) == 2 * 3
    assert all(" -m coverage run --context=" in command for command in commands)
    assert processes.started == []


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (("--suite", "calc"), 3),
        (("--suite", "calc", "--suite", "second"), 6),
        (("--suite", "calc, second,calc"), 6),
        (("--theme", "security"), 2),
        (("--suite", "calc", "--tags", "security,reliability"), 2),
    ],
)
def test_suites_and_themes_are_repeated_or_listed(arguments: tuple[str, ...], number: int) -> None:
    assert len(planned(*arguments)) == number


def test_suite_comes_from_the_environment_unless_an_option_is_given() -> None:
    assert len(planned(COVERAGE_CONTEXT="calc")) == 3
    assert len(planned("--suite", "calc,second", COVERAGE_CONTEXT="calc")) == 6


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        (["--suite", "clac"], {}, r"there is no suite 'clac' \(did you mean"),
        ([], {"COVERAGE_CONTEXT": "clac"}, "COVERAGE_CONTEXT='clac': there is no suite 'clac'"),
        ([], {"COVERAGE_CONTEXT": " "}, "COVERAGE_CONTEXT=' ': names no suite; name one, or unset"),
        ([], {"COVERAGE_CONTEXT": ","}, "COVERAGE_CONTEXT=',': names no suite"),
        (["--suite", ","], {}, "--suite: names no suite; name one, or leave"),
    ],
)
def test_unknown_suite_is_an_error_that_names_its_origin(
    arguments: list[str], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        raise call("--dry-run", *arguments, **environ).exception or AssertionError


def test_exit_code_is_that_of_the_worst_suite(processes: FakeProcesses) -> None:
    processes.arcs = {theme: [(-1, 1)] for theme in processes.arcs}
    assert call("--suite", "calc").return_value is Exit.GATE
    ran = call("--suite", "calc", "--soft")
    assert ran.return_value is Exit.PASS
    assert "SOFT" in ran.stderr


@pytest.mark.security
@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        (("--theme", "security"), {}, Exit.PASS),
        (("--theme", "security"), {"CI": "false"}, Exit.PASS),
        (("--theme", "security"), {"CI": "true"}, Exit.GATE),
        (("--theme", "security", "--partial-ok"), {"CI": "true"}, Exit.PASS),
        (("--theme", "security"), {"CI": "true", "COVERAGE_PARTIAL_OK": "1"}, Exit.PASS),
        (("--shard", "1/2"), {"CI": "true"}, Exit.PASS),
    ],
)
def test_a_partial_run_in_ci_fails_unless_it_is_declared(
    processes: FakeProcesses, arguments: tuple[str, ...], environ: dict[str, str], expected: Exit
) -> None:
    ran = call("--suite", "calc", *arguments, **{"CI": "", **environ})
    assert ran.return_value is expected
    assert ("--partial-ok" in ran.stderr) == (expected is Exit.GATE)
