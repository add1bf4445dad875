from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from covernance.collect.command import command
from covernance.config import load
from covernance.errors import Exit, InputError
from covernance.layout import Layout
from covernance.matrix import jobs
from covernance.matrix.jobs import Plan, Planned
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


@pytest.fixture
def plan(repository: Repository) -> Path:
    """A plan of the one suite."""
    table = load(repository.root)
    plan = Plan(commit=None, config=table.digest(), jobs=(Planned("calc"),))
    return jobs.write(plan, Layout(table.root))


def call(*arguments: object, **environ: str) -> Result:
    return CliRunner().invoke(
        command, [str(argument) for argument in arguments], env=environ, standalone_mode=False
    )


def test_missing_results_are_named_and_fail(plan: Path, tmp_path: Path) -> None:
    result = call(tmp_path / "never-made")
    assert result.return_value is Exit.GATE
    assert result.stderr == "collect: no result from these planned jobs: calc\n"


@pytest.mark.reliability
def test_soft_does_not_replace_a_missing_result(plan: Path, tmp_path: Path) -> None:
    for result in (call(tmp_path, "--soft"), call(tmp_path, COVERAGE_SOFT="1")):
        assert result.return_value is Exit.GATE
        assert "no result from these planned jobs: calc" in result.stderr
        assert "--soft does not replace a missing result: calc" in result.stderr


def test_collect_without_a_plan_is_an_error(repository: Repository, tmp_path: Path) -> None:
    result = call(tmp_path)
    assert isinstance(result.exception, InputError)
    assert "coverage/plan.json" in str(result.exception)


@pytest.mark.architecture
def test_plan_can_be_read_from_another_file(plan: Path, tmp_path: Path) -> None:
    moved = plan.rename(tmp_path / "moved.json")
    assert "no result from these planned jobs: calc" in call(tmp_path, "--plan", moved).stderr
