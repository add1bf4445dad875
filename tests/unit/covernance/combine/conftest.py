"""Responsible for suites to combine: two in the table, with data made by hand."""

from __future__ import annotations

import pytest
from coverage import CoverageData

from tests.utils.repository import Repository


def measure(repository: Repository, suite: str, path: str | None) -> None:
    """Write the data of a suite in which one file ran, or none."""
    target = repository.root / "coverage/data" / suite / ".coverage"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    data = CoverageData(basename=str(target))
    data.set_context("security|run")
    data.add_arcs({path: [(-1, 1), (1, -1)]} if path else {})
    data.write()
    data.close()


@pytest.fixture
def two_suites(repository: Repository) -> Repository:
    repository.write("other/__init__.py", "z = 1\n")
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\n',
    )
    measure(repository, "calc", "calc/__init__.py")
    return repository
