from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest

from covernance.config import load
from covernance.errors import ConfigError, Exit, InputError
from covernance.git.base import base_commit
from covernance.integrity.findings import Allowances
from covernance.integrity.workflow import IntegrityReport, find_weakenings, waived
from covernance.model.counts import Counts
from covernance.model.snapshot import FileResult, Snapshot, TestResult
from covernance.patch.workflow import PatchReport, SuitePatch, measure_patch
from tests.utils.repository import TABLE, Repository

pytestmark = pytest.mark.architecture

SOURCE = Path("calc/__init__.py")
NOW = "2026-11-21T12:00:00Z"
EARLIER, LATER = 1_700_000_000, 1_900_000_000
Measure = Callable[..., Snapshot]


@pytest.fixture
def repository(repository: Repository) -> Repository:
    """A repository with one commit on main, that has a branch `feature` checked out."""
    repository.commit_first()
    repository.git("checkout", "--quiet", "-b", "feature")
    return repository


@pytest.fixture
def measure(repository: Repository, snapshot: Snapshot) -> Measure:
    """Stand for a full run of calc: every line of its source ran, except `missing`."""

    def write(
        executed: str = "1-2",
        missing: str = "",
        *,
        dirty: bool = True,
        at: str = NOW,
        tests: dict[str, str] | None = None,
        to: str = "coverage/calc.snapshot.json",
    ) -> Snapshot:
        head = repository.git("rev-parse", "HEAD")
        made = msgspec.structs.replace(
            snapshot,
            suite="calc",
            provenance=msgspec.structs.replace(
                snapshot.provenance, commit=head, dirty=dirty, recorded_at=at
            ),
            files={
                str(SOURCE): FileResult(
                    total=Counts(), themes={}, executed_lines=executed, missing_lines=missing
                )
            },
            tests={
                name: TestResult(outcome=outcome, seconds=0.0, themes=())
                for name, outcome in (tests or {}).items()
            },
        )
        Path(to).parent.mkdir(exist_ok=True)
        Path(to).write_bytes(made.encode())
        return made

    return write


def commit(repository: Repository) -> None:
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--allow-empty", "--message=step")


def edit(path: Path, text: str, when: int = EARLIER) -> None:
    """Append to a file, as edited before or after the run of 2026."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)
    os.utime(path, (when, when))


def patched(base: str = "main", **options: int) -> PatchReport:
    table = load(Path.cwd())
    return measure_patch(
        table, table.suites, base_commit(table, base, {}), min_lines=options.get("min_lines", 0)
    )


def only(report: PatchReport) -> SuitePatch:
    (suite,) = report.suites
    return suite


def weakened(*snapshots: Path, base: str = "main", allow: str = "") -> IntegrityReport:
    table = load(Path.cwd())
    allowances = Allowances(kinds=frozenset(allow.split(",")))
    return find_weakenings(table, base_commit(table, base, {}), allowances, snapshots)


def told(report: IntegrityReport) -> list[str]:
    return [str(judged.finding) for judged in report.findings]


def test_lines_that_did_not_run_are_below_the_floor(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\nw = 4\n")
    measure("1-3", "4")
    report = patched()
    assert report.exit is Exit.GATE
    assert only(report).verdict == "below-floor"
    assert only(report).results[0].uncovered == ((str(SOURCE), 4),)
    assert patched(min_lines=3).exit is Exit.PASS
    assert only(patched(min_lines=3)).verdict == "informs"


def test_a_line_within_a_statement_stands_for_it(repository: Repository, measure: Measure) -> None:
    edit(SOURCE, "z = (\n    3\n)\n")
    commit(repository)
    repository.git("branch", "--force", "main")
    SOURCE.write_text("x = 1\ny = 2\nz = (\n    44\n)\n", encoding="utf-8")
    edit(SOURCE, "")
    measure("1-2", "3")
    assert only(patched()).results[0].uncovered == ((str(SOURCE), 3),)


@pytest.mark.parametrize("name", ["README.md", "other/module.py", "tests/test_calc.py"])
def test_what_no_suite_measures_is_no_part_of_the_patch(
    repository: Repository, measure: Measure, name: str
) -> None:
    edit(repository.write(name, "a\n"), "x = 1\n")
    measure()
    assert only(patched()).results[0].counts == Counts()
    assert patched().exit is Exit.PASS


@pytest.mark.security
def test_a_suite_without_a_result_is_never_green(repository: Repository) -> None:
    report = patched()
    assert (only(report).verdict, report.exit) == ("no-data", Exit.GATE)
    assert "covernance run --suite calc" in only(report).reasons[0]


@pytest.mark.security
def test_the_result_of_another_suite_is_an_error(repository: Repository, measure: Measure) -> None:
    made = msgspec.structs.replace(measure(), suite="auth")
    Path("coverage/calc.snapshot.json").write_bytes(made.encode())
    with pytest.raises(InputError, match="'auth', not of 'calc'"):
        patched()


@pytest.mark.security
def test_a_new_source_that_was_never_measured_is_not_covered(
    repository: Repository, measure: Measure
) -> None:
    measure()
    text = '"""Doc."""\n\nimport os\n\nx = [\n    os,\n]\nif TYPE_CHECKING:\n    y = 1\n'
    edit(repository.write("calc/new.py", text), "")
    edit(Path(".coveragerc"), "[report]\nexclude_also = if TYPE_CHECKING\n")
    found = only(patched())
    assert found.unmeasured == ("calc/new.py",)
    assert found.results[0].uncovered == (("calc/new.py", 3), ("calc/new.py", 5))
    assert patched().exit is Exit.GATE


@pytest.mark.reliability
def test_a_new_source_that_is_no_python_counts_by_its_lines(
    repository: Repository, measure: Measure
) -> None:
    measure()
    edit(repository.write("calc/new.py", "def (:\n"), "")
    assert only(patched()).results[0].uncovered == (("calc/new.py", 1),)


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_a_new_source_without_statements_is_nothing(
    repository: Repository, measure: Measure, text: str
) -> None:
    measure()
    edit(repository.write("calc/new.py", text), "")
    assert only(patched()).unmeasured == ()
    assert patched().exit is Exit.PASS


def test_an_omitted_source_is_nothing(repository: Repository, measure: Measure) -> None:
    measure()
    edit(repository.write("calc/new.py", "x = 1\n"), "")
    edit(Path(".coveragerc"), "omit = calc/new.py\n")
    assert patched().exit is Exit.PASS


@pytest.mark.security
@pytest.mark.parametrize("path", [SOURCE, Path("tests/test_calc.py")])
def test_a_result_from_before_the_last_edit_is_stale(
    repository: Repository, measure: Measure, path: Path
) -> None:
    measure()
    edit(path, "z = 3\n", LATER)
    report = patched()
    assert (only(report).verdict, report.exit) == ("stale", Exit.GATE)
    assert only(report).reasons[0] == f"{path} was edited after the suite was measured"


@pytest.mark.security
def test_a_result_of_a_clean_commit_holds_for_the_files_as_they_were(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\n", LATER)
    commit(repository)
    measure("1-3", dirty=False)
    assert only(patched()).verdict == "pass"
    assert only(patched()).results[0].counts == Counts(statements=1, executed=1)
    edit(SOURCE, "w = 4\n", EARLIER)
    assert only(patched()).verdict == "stale"
    repository.git("checkout", "--quiet", str(SOURCE))
    edit(Path("README.md"), "x\n", LATER)
    assert only(patched()).verdict == "pass"
    Path("tests/test_calc.py").unlink()
    assert only(patched()).verdict == "stale"


@pytest.mark.reliability
def test_a_result_of_a_commit_that_is_not_here_goes_by_time(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\n")
    made = measure("1-3", dirty=False)
    elsewhere = msgspec.structs.replace(made.provenance, commit="1" * 40)
    moved = msgspec.structs.replace(made, provenance=elsewhere)
    Path("coverage/calc.snapshot.json").write_bytes(moved.encode())
    assert only(patched()).verdict == "pass"
    edit(SOURCE, "", LATER)
    assert only(patched()).verdict == "stale"


@pytest.mark.reliability
def test_a_result_with_a_damaged_time_is_an_error(repository: Repository, measure: Measure) -> None:
    measure(at="yesterday")
    edit(SOURCE, "z = 3\n")
    with pytest.raises(InputError, match="'yesterday' is no time"):
        patched()


def test_the_floor_and_the_least_lines_come_from_the_table(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = 3\nw = 4\n")
    repository.write("pyproject.toml", TABLE + "patch-fail-under = 50\n")
    measure("1-3", "4")
    table = load(Path.cwd())
    report = measure_patch(table, table.suites, "main")
    assert only(report).results[0].floor == 50
    assert only(report).verdict == "pass"
    strict = measure_patch(
        table, table.suites, "main", fail_under=load(Path.cwd()).suites[0].fail_under
    )
    assert only(strict).verdict == "informs"


def test_the_base_is_the_option_then_the_pull_requests_target_then_the_default(
    repository: Repository,
) -> None:
    table = load(repository.root)
    start = repository.git("rev-parse", "main")
    commit(repository)
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", "refs/remotes/origin/release", head)
    assert base_commit(table, None, {}) == start
    assert base_commit(table, None, {"GITHUB_BASE_REF": ""}) == start
    assert base_commit(table, None, {"GITHUB_BASE_REF": "release"}) == head
    assert base_commit(table, start, {"GITHUB_BASE_REF": "release"}) == start


def test_an_unchanged_tree_has_no_findings(repository: Repository, measure: Measure) -> None:
    measure(tests={"tests/test_calc.py::test_a": "passed"}, to="base.json")
    measure(tests={"tests/test_calc.py::test_a": "passed"})
    for report in (weakened(), weakened(Path("base.json"))):
        assert (report.findings, report.unusable, report.exit) == ((), (), Exit.PASS)


@pytest.mark.security
def test_every_part_of_a_change_is_looked_at(repository: Repository) -> None:
    repository.write("pyproject.toml", TABLE.replace("fail-under = 90", "fail-under = 80"))
    edit(Path(".coveragerc"), "omit = calc/*\n")
    edit(SOURCE, "z = 3  # pragma: no cover\nif z:  # pragma: no branch\n    z = 4\n")
    text = Path("tests/test_calc.py").read_text(encoding="utf-8")
    text = text.replace("def test_divide", "def divided").replace("@pytest.mark.security\n", "")
    repository.write(
        "tests/test_calc.py", text.replace("mark.arch", "mark.skip\n@pytest.mark.arch")
    )
    report = weakened()
    assert told(report) == [
        "coverage.py: omit: exclusion-added: none -> calc/*",
        "fail-under: floor-lowered: 90 -> 80",
        "tests/test_calc.py::test_zero_is_refused: marker-removed: security -> none",
        "calc/__init__.py:3: pragma-added: 0 × no cover -> 1 × no cover",
        "calc/__init__.py:4: pragma-added: 0 × no branch -> 1 × no branch",
        "tests/test_calc.py::test_largest: skips-grew: 0 skipped -> 1 skipped",
        "tests/test_calc.py::test_divide: test-deleted: 1 test -> none",
    ]
    assert report.exit is Exit.GATE
    allowed = ",".join({judged.finding.kind for judged in report.findings})
    assert weakened(allow=allowed).exit is Exit.PASS
    assert told(weakened(allow=allowed)) == told(report)


def test_a_pragma_in_a_renamed_file_is_not_new(repository: Repository) -> None:
    edit(SOURCE, "z = 3  # pragma: no cover\n")
    commit(repository)
    repository.git("branch", "--force", "main")
    SOURCE.rename("calc/renamed.py")
    repository.write("tool.py", "x = 1  # pragma: no cover\n")
    repository.write("calc/notes.txt", "x = 1  # pragma: no cover\n")
    assert told(weakened()) == []


def test_a_deleted_source_weakens_nothing_and_a_deleted_test_file_does(
    repository: Repository,
) -> None:
    SOURCE.unlink()
    assert told(weakened()) == []
    Path("tests/test_calc.py").unlink()
    assert [kind.rpartition(": ")[0].split(": ")[1] for kind in told(weakened())] == [
        "test-deleted"
    ] * 3


def test_with_a_result_of_the_base_tests_are_compared_as_they_ran(
    repository: Repository, measure: Measure
) -> None:
    base = {f"tests/test_calc.py::test_a[{number}]": "passed" for number in range(3)}
    measure(tests=base, to="base.json")
    measure(tests={"tests/test_calc.py::test_a[0]": "skipped"})
    Path("tests/test_calc.py").unlink()
    assert told(weakened(Path("base.json"))) == [
        "tests/test_calc.py::test_a: skips-grew: 0 skipped -> 1 skipped",
        "suites.calc: suite-shrank: 3 tests -> 1 tests",
        "tests/test_calc.py::test_a: test-deleted: 3 cases -> 1 cases",
    ]


@pytest.mark.security
def test_a_suite_that_is_compared_and_was_not_run_is_never_green(
    repository: Repository, measure: Measure
) -> None:
    measure(to="base.json")
    report = weakened(Path("base.json"))
    (found,) = report.unusable
    assert (found.suite, found.verdict, report.exit) == ("calc", "no-data", Exit.GATE)
    measure()
    assert weakened(Path("base.json")).exit is Exit.PASS
    edit(Path("tests/test_calc.py"), "x = 1\n", LATER)
    (found,) = weakened(Path("base.json")).unusable
    assert found.verdict == "stale"


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["[tool.covernance", "[tool.covernance]\nsuites = 3\n"])
def test_a_base_with_a_broken_table_is_an_error(repository: Repository, text: str) -> None:
    whole = Path("pyproject.toml").read_text(encoding="utf-8")
    repository.write("pyproject.toml", text)
    commit(repository)
    broken = repository.git("rev-parse", "HEAD")
    repository.write("pyproject.toml", whole)
    with pytest.raises(ConfigError, match=rf"^pyproject\.toml at {broken}: "):
        weakened(base="HEAD")


def test_the_first_table_weakens_nothing(repository: Repository) -> None:
    text = Path("pyproject.toml").read_text(encoding="utf-8")
    Path("pyproject.toml").unlink()
    commit(repository)
    repository.write("pyproject.toml", text)
    assert told(weakened(base="HEAD")) == []


@pytest.mark.security
def test_the_register_waives_by_file(repository: Repository) -> None:
    edit(SOURCE, "z = 3  # pragma: no cover\n")
    table = load(Path.cwd())
    assert waived(table, date(2026, 11, 21)) == frozenset()
    allowances = Allowances(subjects=frozenset({str(SOURCE)}))
    report = find_weakenings(table, "main", allowances)
    assert report.findings[0].allowed_by == f"exception register: {SOURCE}"
    assert report.exit is Exit.PASS
