from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.engine.record import Collected
from covernance.errors import Exit, InputError
from covernance.model.counts import Counts
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from tests.unit.covernance.conftest import FakePasses
from tests.unit.covernance.run.runs import record
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_full_run_publishes_its_reports_and_last_its_snapshot(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    result = run_calc()
    assert result.exit is Exit.PASS
    assert [path.name for path in result.published] == [
        *("calc.json", "calc.xml", "calc", "calc.snapshot.json")
    ]
    assert read(result.published[-1]) == result.snapshot
    assert (repository.root / "coverage/data/calc/.coverage").is_file()
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


def test_full_run_records_what_ran_of_its_change(
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
def test_pass_that_died_keeps_the_last_reports(
    run_calc: Callable[..., SuiteResult], passes: FakePasses, repository: Repository
) -> None:
    run_calc()
    before = (repository.root / "coverage/calc.snapshot.json").read_bytes()
    passes.records["security"] = None
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
def test_what_a_plugin_deselects_makes_a_run_partial(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    gone = ["t::a", "t::b", "t::c"]
    collected = Collected(selected={"t::security": ("security",)}, deselected=gone)
    passes.records["security"] = record("security", collected=collected)
    assert run_calc().partial == ("3 tests deselected by pytest's options or plugins",)


@pytest.mark.reliability
def test_argument_that_pytest_refuses_is_bad_input(
    run_calc: Callable[..., SuiteResult], passes: FakePasses, repository: Repository
) -> None:
    passes.statuses["security"] = 4
    with pytest.raises(InputError, match="pytest could not start"):
        run_calc("--bogus")
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


@pytest.mark.security
def test_settings_that_narrow_from_elsewhere_make_a_run_partial(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    passes.records["security"] = record("security", narrowed=["--ignore"])
    assert run_calc().partial == ("--ignore",)
