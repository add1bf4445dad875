from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from covernance.config import load
from covernance.engine.record import Collected
from covernance.engine.shard import Shard
from covernance.errors import Exit
from covernance.exceptions.register_markdown import EMPTY, END
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from covernance.model.verdict import Waiver
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import Quiet, record, request
from tests.utils.agents import local_agents
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def _without_tests(processes: FakeProcesses) -> None:
    for theme in ("architecture", "reliability", "security"):
        processes.statuses[theme] = 5
        processes.records[theme] = record(theme, exit=5, collected=Collected(), outcomes={})


def run_two(
    repository: Repository, processes: FakeProcesses, source: str, *pytest_arguments: str
) -> list[SuiteResult]:
    """Run calc and beside it a suite `other` with its own source."""
    repository.write("other/__init__.py", source)
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\n',
    )
    processes.sources["other"] = "other/__init__.py"
    table = load(repository.root)
    asked = request(table, *pytest_arguments)
    return run_suites(context_of(table), asked, local_agents(*table.suites), Quiet())[0]


@pytest.mark.reliability
def test_failed_tests_are_published_with_their_verdict(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    processes.statuses["security"] = 1
    processes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    result = run_calc()
    assert result.exit is Exit.TESTS_FAILED
    assert read(result.published[-1]).reasons == ("failed: t::security",)


@pytest.mark.security
def test_below_the_floor_exits_2(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    processes.arcs = {theme: [(-1, 1)] for theme in processes.arcs}
    result = run_calc(fail_under="51")
    assert (result.snapshot.verdict, result.exit) == ("below-floor", Exit.GATE)
    assert result.snapshot.floor.origin == "--fail-under"


@pytest.mark.security
def test_a_result_records_the_waivers_that_its_verdict_rests_on(
    repository: Repository, run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    row = "| `calc/__init__.py` | calc | | old | @team | 2026-12-31 | rewrite | open |\n"
    register = repository.root / context_of(repository.root).table.exceptions.register
    repository.write(
        str(register.relative_to(repository.root)),
        "# Exceptions\n\n" + EMPTY.replace(END, row + END),
    )
    processes.arcs = {theme: [(-1, 1)] for theme in processes.arcs}
    waiver = Waiver("calc/__init__.py", "@team", date(2026, 12, 31))
    result = run_calc(fail_under="51")
    assert read(result.published[-1]).waived == (waiver,)
    assert run_calc("-k", "x").snapshot.waived == ()


@pytest.mark.security
def test_failing_selection_fails(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    processes.statuses["security"] = 1
    processes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    result = run_calc("-k", "x")
    assert (result.snapshot.verdict, result.exit) == ("tests-failed", Exit.TESTS_FAILED)


@pytest.mark.reliability
def test_no_data_publishes_nothing_and_fails(
    run_calc: Callable[..., SuiteResult], processes: FakeProcesses
) -> None:
    processes.arcs = {}
    result = run_calc(fail_under="0")
    assert (result.snapshot.verdict, result.published) == ("no-data", ())


@pytest.mark.security
@pytest.mark.parametrize(
    ("day", "verdict", "code"),
    [("2026-11-21", "pass", Exit.PASS), ("2026-11-20", "expired-exception", Exit.GATE)],
)
def test_expired_exception_fails_only_its_suite(
    repository: Repository, processes: FakeProcesses, day: str, verdict: str, code: Exit
) -> None:
    row = f"| `other/__init__.py` | other | 50.00 / 90 | old | @team | {day} | rewrite | |"
    repository.write(
        "tests/docs/test_framework_upgrades/coverage_exceptions.md",
        EMPTY.replace(END, f"{row}\n{END}"),
    )
    calc, other = run_two(repository, processes, "x = 1\ny = 2\n")
    assert (calc.snapshot.verdict, calc.exit) == ("pass", Exit.PASS)
    assert (other.snapshot.verdict, other.exit) == (verdict, code)


@pytest.mark.reliability
@pytest.mark.parametrize("arguments", [(), ("-k", "x")])
def test_unparsable_source_fails_only_its_suite_with_no_data(
    repository: Repository, processes: FakeProcesses, arguments: tuple[str, ...]
) -> None:
    calc, other = run_two(repository, processes, "x = 1\ny = (\n", *arguments)
    assert calc.exit is Exit.PASS
    assert (other.snapshot.verdict, other.exit, other.published) == ("no-data", Exit.GATE, ())
    (reason,) = other.snapshot.reasons
    assert "other/__init__.py" in reason
    assert "line 2" in reason


@pytest.mark.security
@pytest.mark.usefixtures("_without_tests")
def test_selection_without_tests_fails(
    run_calc: Callable[..., SuiteResult],
) -> None:
    result = run_calc("-k", "nosuchtest")
    assert (result.snapshot.verdict, result.exit) == ("no-tests", Exit.GATE)


@pytest.mark.reliability
@pytest.mark.usefixtures("_without_tests")
def test_shard_without_tests_is_partial(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    result = run_calc(shard=Shard(3, 3))
    assert (result.snapshot.verdict, result.exit) == ("partial", Exit.PASS)
    assert (repository.root / "coverage/parts/calc-3-of-3/part.json").exists()
