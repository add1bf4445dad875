from __future__ import annotations

from collections.abc import Callable

import pytest

from covernance.config import load
from covernance.engine.record import Collected
from covernance.engine.shard import Shard
from covernance.errors import Exit, InputError
from covernance.exceptions.register_markdown import EMPTY, END
from covernance.model.counts import Counts
from covernance.model.snapshot import read
from covernance.model.suite_result import SuiteResult
from covernance.run.workflow import run_suites
from tests.unit.covernance.conftest import FakePasses
from tests.unit.covernance.run.runs import Quiet, record, request
from tests.utils.agents import local_agents
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def run_calc(repository: Repository, passes: FakePasses) -> Callable[..., SuiteResult]:
    def run_it(*pytest_arguments: str, **changes: object) -> SuiteResult:
        table = load(repository.root)
        (result,) = run_suites(
            table,
            request(table, *pytest_arguments, **changes),
            local_agents(*table.suites),
            Quiet(),
        )
        return result

    return run_it


def test_a_full_run_publishes_its_reports_and_last_its_snapshot(
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


@pytest.mark.reliability
@pytest.mark.parametrize(("jobs", "at_once"), [(None, 3), (1, 1), (2, 2)])
def test_passes_run_side_by_side_as_asked_or_as_the_cores_bear(
    run_calc: Callable[..., SuiteResult],
    passes: FakePasses,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int | None,
    at_once: int,
) -> None:
    monkeypatch.setattr("covernance.machine.cpus", lambda: 2)
    run_calc(jobs=jobs)
    assert passes.at_once == at_once


def test_the_unthemed_pass_runs_when_collection_found_unthemed_tests(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    found = Collected(selected={"t::security": ("security",)}, unthemed=["t::plain"])
    passes.records["security"] = record("security", collected=found)
    result = run_calc()
    assert [planned.theme for planned in passes.planned][-1] == "unthemed"
    assert result.snapshot.unthemed == ("t::plain",)


@pytest.mark.reliability
def test_failed_tests_are_published_with_their_verdict(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    passes.statuses["security"] = 1
    passes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    result = run_calc()
    assert result.exit is Exit.TESTS_FAILED
    assert read(result.published[-1]).reasons == ("failed: t::security",)


def test_a_full_run_records_what_ran_of_its_change(
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
def test_a_pass_that_died_keeps_the_last_reports(
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
def test_below_the_floor_exits_2(run_calc: Callable[..., SuiteResult], passes: FakePasses) -> None:
    passes.arcs = {theme: [(-1, 1)] for theme in passes.arcs}
    result = run_calc(fail_under="51")
    assert (result.snapshot.verdict, result.exit) == ("below-floor", Exit.GATE)
    assert result.snapshot.floor.origin == "--fail-under"


@pytest.mark.security
@pytest.mark.parametrize(
    ("arguments", "themes", "reason"),
    [
        (("-k", "x"), None, "-k 'x'"),
        ((), ("security",), "--theme security"),
        (("tests/test_calc.py",), None, "tests/test_calc.py"),
    ],
)
def test_a_selection_is_partial_and_publishes_nothing(
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


@pytest.mark.security
def test_a_failing_selection_fails(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    passes.statuses["security"] = 1
    passes.records["security"] = record("security", exit=1, outcomes={"t::security": "failed"})
    result = run_calc("-k", "x")
    assert (result.snapshot.verdict, result.exit) == ("tests-failed", Exit.TESTS_FAILED)


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
def test_a_report_asked_for_of_a_selection_never_replaces_a_full_one(
    run_calc: Callable[..., SuiteResult], repository: Repository, given: str, written: str
) -> None:
    result = run_calc("-k", "x", f"--cov-report={given}")
    assert result.published == (repository.root / written,)
    assert result.published[0].exists()
    assert not (repository.root / "coverage/calc.xml").exists()


def test_a_terminal_report_is_handed_on(run_calc: Callable[..., SuiteResult]) -> None:
    assert "Missing" in run_calc("--cov-report=term-missing").text
    assert run_calc().text == ""


def test_an_asked_report_of_a_full_run_is_written_beside_the_standard_ones(
    run_calc: Callable[..., SuiteResult],
) -> None:
    names = [path.name for path in run_calc("--cov-report=lcov:x.info").published]
    assert names == ["calc.json", "calc.xml", "calc", "x.info", "calc.snapshot.json"]


@pytest.mark.reliability
def test_no_data_publishes_nothing_and_is_red(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    passes.arcs = {}
    result = run_calc(fail_under="0")
    assert (result.snapshot.verdict, result.published) == ("no-data", ())


def run_two(
    repository: Repository, passes: FakePasses, source: str, *pytest_arguments: str
) -> list[SuiteResult]:
    """Run calc and beside it a suite `other` with a source of its own."""
    repository.write("other/__init__.py", source)
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\n',
    )
    passes.sources["other"] = "other/__init__.py"
    table = load(repository.root)
    asked = request(table, *pytest_arguments)
    return run_suites(table, asked, local_agents(*table.suites), Quiet())


@pytest.mark.security
@pytest.mark.parametrize(
    ("day", "verdict", "code"),
    [("2026-11-21", "pass", Exit.PASS), ("2026-11-20", "expired-exception", Exit.GATE)],
)
def test_an_exception_that_ran_out_yesterday_fails_its_suite_and_no_other(
    repository: Repository, passes: FakePasses, day: str, verdict: str, code: Exit
) -> None:
    row = f"| `other/__init__.py` | other | 50.00 / 90 | old | @team | {day} | rewrite | |"
    repository.write(
        "tests/docs/test_framework_upgrades/coverage_exceptions.md",
        EMPTY.replace(END, f"{row}\n{END}"),
    )
    calc, other = run_two(repository, passes, "x = 1\ny = 2\n")
    assert (calc.snapshot.verdict, calc.exit) == ("pass", Exit.PASS)
    assert (other.snapshot.verdict, other.exit) == (verdict, code)


@pytest.mark.reliability
@pytest.mark.parametrize("arguments", [(), ("-k", "x")])
def test_a_source_that_cannot_be_parsed_is_no_data_of_its_suite_and_of_no_other(
    repository: Repository, passes: FakePasses, arguments: tuple[str, ...]
) -> None:
    calc, other = run_two(repository, passes, "x = 1\ny = (\n", *arguments)
    assert calc.exit is Exit.PASS
    assert (other.snapshot.verdict, other.exit, other.published) == ("no-data", Exit.GATE, ())
    (reason,) = other.snapshot.reasons
    assert "other/__init__.py" in reason
    assert "line 2" in reason


@pytest.mark.reliability
def test_an_argument_that_pytest_refuses_is_bad_input(
    run_calc: Callable[..., SuiteResult], passes: FakePasses, repository: Repository
) -> None:
    passes.statuses["security"] = 4
    with pytest.raises(InputError, match="pytest could not start"):
        run_calc("--bogus")
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


@pytest.fixture
def _without_tests(passes: FakePasses) -> None:
    for theme in ("architecture", "reliability", "security"):
        passes.statuses[theme] = 5
        passes.records[theme] = record(theme, exit=5, collected=Collected(), outcomes={})


@pytest.mark.security
@pytest.mark.usefixtures("_without_tests")
def test_a_selection_that_matches_no_test_is_never_green(
    run_calc: Callable[..., SuiteResult],
) -> None:
    result = run_calc("-k", "nosuchtest")
    assert (result.snapshot.verdict, result.exit) == ("no-tests", Exit.GATE)


@pytest.mark.reliability
@pytest.mark.usefixtures("_without_tests")
def test_a_shard_that_drew_no_test_leaves_the_judging_to_the_whole(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    result = run_calc(shard=Shard(3, 3))
    assert (result.snapshot.verdict, result.exit) == ("partial", Exit.PASS)
    assert (repository.root / "coverage/parts/calc-3-of-3/part.json").exists()


@pytest.mark.parametrize(
    ("shard", "expected"), [(Shard(), []), (Shard(1, 2), ["calc-durations.json"])]
)
def test_durations_are_written_where_something_is_split_by_them(
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
def test_naming_every_theme_is_a_selection_too_for_the_unthemed_are_left_out(
    run_calc: Callable[..., SuiteResult],
) -> None:
    result = run_calc(themes=("architecture", "reliability", "security"))
    assert result.snapshot.verdict == "partial"


@pytest.mark.security
def test_settings_that_narrow_from_elsewhere_make_a_run_partial(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    passes.records["security"] = record("security", narrowed=["--ignore"])
    assert run_calc().partial == ("--ignore",)


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
def test_a_report_never_takes_the_place_of_something_else(
    run_calc: Callable[..., SuiteResult], repository: Repository, passes: FakePasses, report: str
) -> None:
    kept = repository.write("docs/important.md", "keep me")
    with pytest.raises(InputError, match=f"--cov-report={report}"):
        run_calc(f"--cov-report={report}")
    assert kept.exists()
    assert passes.planned == []


def test_a_report_of_coverage_py_is_replaced_by_the_next(
    run_calc: Callable[..., SuiteResult], repository: Repository
) -> None:
    for _ in range(2):
        assert run_calc("--cov-report=html:out/html").exit is Exit.PASS
    assert (repository.root / "out/html/index.html").is_file()


@pytest.mark.security
def test_one_file_for_several_passes_is_refused(
    run_calc: Callable[..., SuiteResult], passes: FakePasses
) -> None:
    with pytest.raises(InputError, match="3 passes would write it"):
        run_calc("--junitxml=junit.xml")
    run_calc("--junitxml=junit.xml", themes=("security",))


@pytest.mark.reliability
def test_a_theme_that_no_suite_has_lists_those_there_are(
    run_calc: Callable[..., SuiteResult],
) -> None:
    with pytest.raises(InputError, match="no theme 'speed'; themes: architecture, reliability"):
        run_calc(themes=("security", "speed"))


@pytest.mark.reliability
def test_one_path_for_the_reports_of_two_suites_is_refused(
    repository: Repository, passes: FakePasses
) -> None:
    (repository.root / "other").mkdir()
    repository.append(
        "pyproject.toml",
        '\n[tool.covernance.suites.other]\nsource = ["other"]\ntests = ["tests"]\n',
    )
    table = load(repository.root)
    asked = request(table, "--cov-report=xml:one.xml")
    with pytest.raises(InputError, match=r"one path for several suites \(calc, other\)"):
        run_suites(table, asked, local_agents(*table.suites), Quiet())
    assert passes.planned == []
