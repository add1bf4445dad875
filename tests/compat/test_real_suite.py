"""The tests of a real project, with the oldest and the newest pytest and coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.workloads import prepare
from covernance.model.snapshot import read
from tests.compat.environments import (
    NEWEST,
    OLDEST,
    Combination,
    count_plainly,
    make_environment,
)
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture

COMBINATIONS = [Combination("3.9", OLDEST), Combination("3.13", NEWEST)]


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_jinja2_has_the_totals_of_coverage_py(combination: Combination, tmp_path: Path) -> None:
    python = make_environment(combination, tmp_path / "environment", "markupsafe")
    project = prepare("jinja2", tmp_path)
    repository = Repository.at(project.folder)

    ran = repository.covernance("run", f"--python={python}")

    assert ran.code == 0, ran.text
    result = read(repository.root / f"coverage/{project.suite}.snapshot.json")
    assert len(result.tests) > 500
    assert result.total.executed
    assert result.total == count_plainly(repository, python, project.source)
