from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.record import Collected
from covernance.model.effects import Setting
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from covernance.model.verdict import Verdict
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import record
from tests.utils.repository import Repository

pytestmark = pytest.mark.security

RunCalc = Callable[..., SuiteResult]


def test_a_run_records_what_decided_its_result(
    repository: Repository, run_calc: RunCalc, processes: FakeProcesses
) -> None:
    repository.write(".coveragerc", "[run]\nomit = calc/left_out.py\n")
    repository.write("calc/left_out.py", "x = 1\n")
    repository.write("calc/more/hidden.py", "x = 1\n")
    repository.commit_first()
    processes.records["security"] = record(
        "security",
        collected=Collected(selected={"t::security": ("security",)}, deselected=["t::slow"]),
        outcomes={"t::security": "skipped"},
        reasons={"t::security": "no network", "tests/test_x.py": "no numpy"},
    )
    processes.records["architecture"] = record(
        "architecture",
        settings={"python_files": Setting(("test_*.py",), "pyproject.toml")},
        plugins={"pytest-cov": "7.0.0"},
    )
    result = read(run_calc(fail_under="0").published[-1])
    effects = result.effects
    assert effects
    assert (effects.coverage.omit, effects.coverage.file) == (("calc/left_out.py",), ".coveragerc")
    assert effects.pytest == {"python_files": Setting(("test_*.py",), "pyproject.toml")}
    assert effects.plugins == {"pytest-cov": "7.0.0"}
    assert effects.table["fail-under"] == Setting(("90",), "[tool.covernance]")
    assert list(effects.unmeasured) == ["calc/left_out.py", "calc/more/hidden.py"]
    assert effects.deselected == ("t::slow",)
    assert effects.skipped_files == {"tests/test_x.py": "no numpy"}
    assert result.tests["t::security"].reason == "no network"


def test_excluded_lines_are_recorded(repository: Repository, run_calc: RunCalc) -> None:
    repository.write("calc/__init__.py", "x = 1\ny = 2\nif x:  # pragma: no cover\n    y = 3\n")
    result = run_calc(fail_under="0").snapshot
    assert result.files["calc/__init__.py"].excluded_lines == "3-4"


@pytest.mark.reliability
def test_a_source_that_a_test_deletes_is_missed_although_nothing_imported_it(
    repository: Repository, run_calc: RunCalc, processes: FakeProcesses
) -> None:
    repository.write("calc/unused.py", "x = 1\n")
    repository.commit_first()
    processes.during = lambda: (repository.root / "calc/unused.py").unlink(missing_ok=True)
    result = run_calc(fail_under="0").snapshot
    assert result.verdict is Verdict.NO_DATA
    assert "calc/unused.py was deleted while the tests ran" in result.reasons[0]


def test_without_data_no_effects_are_recorded(run_calc: RunCalc, processes: FakeProcesses) -> None:
    processes.arcs = {}
    assert run_calc(fail_under="0").snapshot.effects is None
