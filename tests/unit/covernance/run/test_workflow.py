from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.record import Collected
from covernance.errors import Exit, InputError
from covernance.model.counts import Counts
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import record
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_full_run_publishes_its_snapshot_after_its_reports(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    result = run_calc()
    assert result.exit is Exit.PASS
    assert [path.name for path in result.published] == [
        *("calc.json", "calc.xml", "calc", "calc.junit.xml", "calc.snapshot.json")
    ]
    assert read(result.published[-1]) == result.snapshot
    assert (repository.root / "coverage/data/calc/.coverage").is_file()
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


def test_full_run_records_patch_coverage(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    assert run_calc().snapshot.patch is None
    repository.commit_first()
    base = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.write("calc/__init__.py", "x = 1\ny = 3\n")
    patch = run_calc().snapshot.patch
    assert patch is not None
    assert (patch.base, patch.total) == (base, Counts(1, 1))
    assert patch.themes["security"] == Counts(1, 1)
    assert run_calc("-k", "x").snapshot.patch is None


@pytest.mark.reliability
def test_crashed_pass_leaves_the_last_reports(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses, repository: Repository
) -> None:
    run_calc()
    before = (repository.root / "coverage/calc.snapshot.json").read_bytes()
    processes.records["security"] = None
    result = run_calc()
    assert result.exit is Exit.TESTS_FAILED
    assert result.published == ()
    assert (repository.root / "coverage/calc.snapshot.json").read_bytes() == before


@pytest.mark.security
@pytest.mark.parametrize(
    ("arguments", "themes", "reason"),
    [
        (("-k", "x"), None, "-k 'x'"),
        ((), ("security",), "--theme security"),
        (("tests/test_calc.py",), None, "tests/test_calc.py"),
    ],
)
def test_selection_is_partial_and_publishes_nothing(
    run_calc: Callable[..., SuiteResult],
    arguments: tuple[str, ...],
    themes: tuple[str, ...] | None,
    reason: str,
) -> None:
    result = run_calc(*arguments, themes=themes, fail_under="100")
    assert (result.snapshot.verdict, result.exit) == ("partial", Exit.PASS)
    assert result.partial == (reason,)
    assert result.published == ()


@pytest.mark.security
def test_tests_that_the_project_deselects_are_not_part_of_the_suite(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    gone = ["t::a", "t::b", "t::c"]
    collected = Collected(selected={"t::security": ("security",)}, deselected=gone)
    processes.records["security"] = record("security", collected=collected)
    result = run_calc()
    assert result.partial == ()
    assert result.published


@pytest.mark.reliability
def test_argument_rejected_by_pytest_is_an_input_error(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses, repository: Repository
) -> None:
    processes.statuses["security"] = 4
    with pytest.raises(InputError, match="pytest could not start"):
        run_calc("-x")
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))
