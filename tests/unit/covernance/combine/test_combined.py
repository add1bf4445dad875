from __future__ import annotations

from pathlib import Path

import pytest
from coverage import CoverageData

from covernance.combine.workflow import combine_suites
from covernance.config import load
from covernance.errors import InputError
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def measure(repository: Repository, suite: str, path: str | None) -> None:
    """Leave the data of a suite of which one file ran, or none."""
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


@pytest.mark.reliability
def test_suites_without_any_data_make_no_baseline(two_suites: Repository) -> None:
    for suite in ("calc", "other"):
        measure(two_suites, suite, None)
    with pytest.raises(InputError, match="the suites' data is empty"):
        combine_suites(load(two_suites.root), {}, print)
    assert not Path("coverage/baseline.json").exists()
