from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.config import load
from covernance.engine.shard import Shard
from covernance.errors import Exit, InputError
from covernance.model.suite_result import SuiteResult
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakeProcesses
from tests.unit.covernance.run.runs import Quiet, request
from tests.utils.agents import local_agents
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("json:out.json", "out.json"),
        ("json", "coverage/partial/calc.json"),
        ("html", "coverage/partial/calc-html"),
        ("xml:coverage/calc.xml", "coverage/partial/calc.xml"),
        ("xml:./coverage/../coverage/calc.xml", "coverage/partial/calc.xml"),
    ],
)
def test_report_of_a_partial_run_never_replaces_a_full_one(
    run_calc: Callable[..., SuiteResult], repository: Repository, given: str, written: str
) -> None:
    result = run_calc("-k", "x", f"--cov-report={given}")
    assert result.published == (repository.root / written,)
    assert result.published[0].exists()
    assert not (repository.root / "coverage/calc.xml").exists()


def test_terminal_report_is_returned(run_calc: Callable[..., SuiteResult]) -> None:
    assert "Missing" in run_calc("--cov-report=term-missing").text
    assert run_calc().text == ""


def test_requested_report_of_a_full_run_is_added_to_the_standard_ones(
    run_calc: Callable[..., SuiteResult],
) -> None:
    names = [path.name for path in run_calc("--cov-report=lcov:x.info").published]
    assert names == [
        "calc.json",
        "calc.xml",
        "calc",
        "x.info",
        "calc.junit.xml",
        "calc.snapshot.json",
    ]


@pytest.mark.parametrize(
    ("shard", "expected"), [(Shard(), []), (Shard(1, 2), ["calc-durations.json"])]
)
def test_durations_are_written_only_for_shards(
    run_calc: Callable[..., SuiteResult],
    monkeypatch: pytest.MonkeyPatch,
    shard: Shard,
    expected: list[str],
) -> None:
    written: list[str] = []
    write = "covernance.engine.shard.write_durations"
    monkeypatch.setattr(write, lambda path, _: written.append(path.name))
    run_calc(shard=shard)
    assert written == expected


@pytest.mark.security
@pytest.mark.parametrize(
    "report",
    [
        "html:docs",
        "html:.",
        "html:..",
        "html:coverage/html",
        "html:coverage",
        "html:pyproject.toml",
        "json:coverage/baseline.json",
        "json:coverage/calc.snapshot.json",
        "xml:coverage/calc.json",
        "xml:coverage/data/x.xml",
        "xml:docs",
    ],
)
def test_report_never_overwrites_other_files(
    run_calc: Callable[..., SuiteResult],
    repository: Repository,
    processes: FakeProcesses,
    report: str,
) -> None:
    document = repository.write("docs/important.md", "keep me")
    with pytest.raises(InputError, match=f"--cov-report={report}"):
        run_calc(f"--cov-report={report}")
    assert document.exists()
    assert processes.started == []


def test_report_of_coverage_py_is_replaced_by_the_next(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    for _ in range(2):
        assert run_calc("--cov-report=html:out/html").exit is Exit.PASS
    assert (repository.root / "out/html/index.html").is_file()


@pytest.mark.reliability
def test_one_path_for_the_reports_of_two_suites_is_an_error(
    repository: Repository, processes: FakeProcesses
) -> None:
    (repository.root / "other").mkdir()
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\n',
    )
    table = load(repository.root)
    two_suites = request(table, "--cov-report=xml:one.xml")
    with pytest.raises(InputError, match=r"one path for several suites \(calc, other\)"):
        run_suites(context_of(table), two_suites, local_agents(*table.suites), Quiet())
    assert processes.started == []
