from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

from covernance.config import load
from covernance.errors import ConfigError, Exit
from covernance.git.base import find_base_commit
from covernance.history.directory import Directory
from covernance.integrity.findings import Allowances
from covernance.integrity.workflow import IntegrityReport, find_waived_subjects, find_weakenings
from covernance.model.verdict import Waiver
from tests.unit.covernance.exceptions.register_samples import document, line
from tests.unit.covernance.patch.measured import (
    LATER,
    SOURCE,
    Measure,
    edit,
)
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import PYTEST, TABLE, Repository

pytestmark = [pytest.mark.architecture, pytest.mark.usefixtures("feature")]


REGISTER = "tests/docs/test_framework_upgrades/coverage_exceptions.md"


def weakened(
    *snapshots: Path,
    base: str = "main",
    allow: str = "",
    environ: Mapping[str, str] = MappingProxyType({}),
    store: Directory | None = None,
) -> IntegrityReport:
    context = context_of(load(Path.cwd()), environ)
    allowances = Allowances(kinds=frozenset(allow.split(",")))
    commit, agent = find_base_commit(context, base), local_agent(context.table.suites[0])
    return find_weakenings(context, commit, allowances, agent, given=snapshots, store=store)


def list_findings(report: IntegrityReport) -> list[str]:
    return [str(judged.finding) for judged in report.findings]


def test_the_base_is_the_option_then_the_pull_requests_target_then_the_default(
    repository: Repository,
) -> None:
    table = load(repository.root)
    start = repository.git("rev-parse", "main")
    repository.commit()
    head = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", "refs/remotes/origin/release", head)
    assert find_base_commit(context_of(table), None) == start
    assert find_base_commit(context_of(table, {"GITHUB_BASE_REF": ""}), None) == start
    assert find_base_commit(context_of(table, {"GITHUB_BASE_REF": "release"}), None) == head
    assert find_base_commit(context_of(table, {"GITHUB_BASE_REF": "release"}), start) == start


def test_an_unchanged_tree_has_no_findings(repository: Repository, measure: Measure) -> None:
    measure(tests={"tests/test_calc.py::test_a": "passed"}, dirty=False, to="base.json")
    measure(tests={"tests/test_calc.py::test_a": "passed"})
    for report in (weakened(), weakened(Path("base.json"))):
        assert (report.findings, report.unusable, report.exit) == ((), (), Exit.PASS)


@pytest.mark.security
def test_every_part_of_a_change_is_checked(repository: Repository) -> None:
    lowered = TABLE.replace("fail-under = 90", "fail-under = 80")
    repository.write("pyproject.toml", lowered + PYTEST)
    edit(Path(".coveragerc"), "omit = calc/*\n")
    edit(SOURCE, "z = 3  # pragma: no cover\nif z:  # pragma: no branch\n    z = 4\n")
    text = Path("tests/test_calc.py").read_text(encoding="utf-8")
    text = text.replace("def test_divide", "def divided").replace("@pytest.mark.security\n", "")
    repository.write(
        "tests/test_calc.py", text.replace("mark.arch", "mark.skip\n@pytest.mark.arch")
    )
    report = weakened()
    assert list_findings(report) == [
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
    assert list_findings(weakened(allow=allowed)) == list_findings(report)


def test_a_deleted_source_weakens_nothing_and_a_deleted_test_file_does(
    repository: Repository,
) -> None:
    SOURCE.unlink()
    assert list_findings(weakened()) == []
    Path("tests/test_calc.py").unlink()
    assert [kind.rpartition(": ")[0].split(": ")[1] for kind in list_findings(weakened())] == [
        "test-deleted"
    ] * 3


def test_with_a_base_snapshot_tests_are_compared_by_what_ran(
    repository: Repository, measure: Measure
) -> None:
    base = {f"tests/test_calc.py::test_a[{number}]": "passed" for number in range(3)}
    measure(tests=base, dirty=False, to="base.json")
    Path("tests/test_calc.py").unlink()
    measure(tests={"tests/test_calc.py::test_a[0]": "skipped"})
    assert list_findings(weakened(Path("base.json"))) == [
        "tests/test_calc.py::test_a: skips-grew: 0 skipped -> 1 skipped",
        "suites.calc: suite-shrank: 3 tests -> 1 test",
        "tests/test_calc.py::test_a: test-deleted: 3 cases -> 1 case",
    ]


@pytest.mark.security
def test_the_stored_result_of_the_base_is_compared(
    repository: Repository, measure: Measure, tmp_path: Path
) -> None:
    store = Directory(tmp_path / "history")
    names = ("test_largest", "test_divide", "test_zero_is_refused")
    before = {f"tests/test_calc.py::{name}": "passed" for name in names}
    store.add([measure(dirty=False, tests=before)])
    text = Path("tests/test_calc.py").read_text(encoding="utf-8")
    Path("tests/test_calc.py").unlink()
    renamed = text.replace("def test_divide", "def test_quotient").replace("== 2", "== 2.5")
    repository.write("tests/test_new.py", renamed.replace("test_largest", "test_maximum"))
    after = ("test_maximum", "test_quotient", "test_zero_is_refused")
    measure(tests={f"tests/test_new.py::{name}": "passed" for name in after})
    report = weakened(store=store)
    assert list_findings(report) == [
        "tests/test_calc.py::test_divide: test-deleted: 1 test -> none"
    ]
    (compared,) = report.compared
    assert (compared.suite, compared.behind) == ("calc", 0)
    assert weakened(store=Directory(tmp_path / "empty")).compared[0].commit is None


@pytest.mark.security
def test_tests_that_are_newer_than_the_stored_result_are_compared_by_their_source(
    repository: Repository, measure: Measure, tmp_path: Path
) -> None:
    store = Directory(tmp_path / "history")
    store.add([measure(dirty=False, tests={})])
    repository.write("tests/test_new.py", "def test_new(): assert 1\n")
    repository.commit("the base")
    repository.git("branch", "--force", "main")
    Path("tests/test_new.py").unlink()
    measure(tests={})
    report = weakened(store=store)
    assert list_findings(report) == ["tests/test_new.py::test_new: test-deleted: 1 test -> none"]
    assert report.compared[0].behind == 1


@pytest.mark.security
def test_compared_suite_without_a_run_fails(repository: Repository, measure: Measure) -> None:
    measure(dirty=False, to="base.json")
    report = weakened(Path("base.json"))
    (unusable,) = report.unusable
    assert (unusable.suite, unusable.verdict, report.exit) == ("calc", "no-data", Exit.GATE)
    measure()
    assert weakened(Path("base.json")).exit is Exit.PASS
    edit(Path("tests/test_calc.py"), "x = 1\n", LATER)
    (unusable,) = weakened(Path("base.json")).unusable
    assert unusable.verdict == "stale"


@pytest.mark.reliability
@pytest.mark.parametrize("text", ["[tool.covernance", "[tool.covernance]\nsuites = 3\n"])
def test_a_base_with_a_broken_table_is_an_error(repository: Repository, text: str) -> None:
    whole = Path("pyproject.toml").read_text(encoding="utf-8")
    repository.write("pyproject.toml", text)
    repository.commit()
    broken = repository.git("rev-parse", "HEAD")
    repository.write("pyproject.toml", whole)
    with pytest.raises(ConfigError, match=rf"^pyproject\.toml at {broken}: "):
        weakened(base="HEAD")


def test_the_first_table_weakens_nothing(repository: Repository) -> None:
    text = Path("pyproject.toml").read_text(encoding="utf-8")
    Path("pyproject.toml").unlink()
    repository.commit()
    repository.write("pyproject.toml", text)
    write_register(repository, line(module=f"`{SOURCE}`", suite="calc"))
    assert list_findings(weakened(base="HEAD")) == []


@pytest.mark.security
def test_the_register_waives_by_file(repository: Repository) -> None:
    edit(SOURCE, "z = 3  # pragma: no cover\n")
    context = context_of(Path.cwd())
    assert find_waived_subjects(context, "main") == ()
    allowances = Allowances(waived=(Waiver(str(SOURCE), "@team", date(2026, 12, 31)),))
    report = find_weakenings(context, "main", allowances, local_agent(context.table.suites[0]))
    waiver = f"{SOURCE} (@team, until 2026-12-31)"
    assert report.findings[0].allowed_by == f"exception register: {waiver}"
    assert report.exit is Exit.PASS


def write_register(repository: Repository, *rows: str, name: str = REGISTER) -> None:
    repository.write(name, document(*rows))


def waived(base: str = "main") -> list[str]:
    return [waiver.path for waiver in find_waived_subjects(context_of(Path.cwd()), base)]


@pytest.mark.security
def test_only_rows_of_the_base_waive(repository: Repository) -> None:
    source = line(module=f"`{SOURCE}`", suite="calc")
    other = line(module="`calc/other.py`", suite="calc")
    repository.write("calc/other.py", "x = 1\n")
    write_register(repository, source)
    assert waived() == []
    assert list_findings(weakened()) == [
        f"{REGISTER}:6: exception-added: none -> {SOURCE} (calc), @a, until 2027-01-01"
    ]
    repository.commit()
    assert waived("HEAD") == [str(SOURCE)]
    write_register(repository, other, source)
    assert waived("HEAD") == [str(SOURCE)]
    (added,) = list_findings(weakened(base="HEAD"))
    assert added.startswith(f"{REGISTER}:6: exception-added: none -> calc/other.py (calc)")
    Path(REGISTER).unlink()
    assert waived("HEAD") == []


@pytest.mark.security
@pytest.mark.parametrize("module", ["calc", "calc/*.py", "./calc/__init__.py", "calc/gone.py"])
def test_a_row_for_anything_but_a_source_file_waives_nothing(
    repository: Repository, module: str
) -> None:
    write_register(repository, line(module=f"`{module}`", suite="calc"))
    repository.commit()
    assert waived("HEAD") == []


@pytest.mark.security
@pytest.mark.parametrize(("old", "new"), [(20, 90), (90, 20)])
def test_a_review_date_must_be_valid_by_the_tables_of_base_and_change(
    repository: Repository, old: int, new: int
) -> None:
    write_register(repository, line(module=f"`{SOURCE}`", suite="calc"))
    usual = Path("pyproject.toml").read_text(encoding="utf-8")
    settings = "[tool.covernance.exceptions]\nreview-days = "
    repository.write("pyproject.toml", f"{usual}\n{settings}{old}\n")
    repository.commit()
    repository.write("pyproject.toml", f"{usual}\n{settings}{new}\n")
    assert waived("HEAD") == []


@pytest.mark.security
def test_rows_of_another_register_are_new(repository: Repository) -> None:
    row = line(module=f"`{SOURCE}`", suite="calc")
    write_register(repository, row.replace("2027-01-01", "2026-12-01"))
    repository.commit()
    repository.append("pyproject.toml", '[tool.covernance.exceptions]\nregister = "mine.md"\n')
    write_register(repository, row, name="mine.md")
    assert "mine.md:6: exception-extended" in "".join(list_findings(weakened(base="HEAD")))


@pytest.mark.security
def test_every_row_is_new_if_the_register_of_the_base_is_damaged(repository: Repository) -> None:
    row = line(module=f"`{SOURCE}`", suite="calc")
    repository.write(REGISTER, "<<<<<<< HEAD\n" + document(row))
    repository.commit()
    write_register(repository, row)
    assert "exception-added" in "".join(list_findings(weakened(base="HEAD")))
    assert waived("HEAD") == []


@pytest.mark.security
def test_overrides_in_ci_files_are_findings(repository: Repository) -> None:
    repository.write(".github/workflows/tests.yml", "run: covernance guard\n")
    repository.write("gate.sh", "covernance patch\n")
    repository.write("README.md", "COVERAGE_SOFT=1\n")
    repository.commit()
    repository.git("branch", "--force", "main")
    repository.write(".github/workflows/tests.yml", "run: covernance guard --soft\n")
    repository.write("Makefile", "export COVERAGE_FAIL_UNDER = 10\n")
    repository.write("README.md", "COVERAGE_SOFT=1\nCOVERAGE_ALLOW=x\n")
    Path("gate.sh").unlink()
    report = weakened()
    assert list_findings(report) == [
        "gate.sh:1: gate-removed: covernance patch -> none",
        ".github/workflows/tests.yml:1: override-added: none -> run: covernance guard --soft",
        "Makefile:1: override-added: none -> export COVERAGE_FAIL_UNDER = 10",
    ]
    assert weakened(allow="override-added,gate-removed").exit is Exit.PASS


@pytest.mark.security
def test_ci_files_above_the_projects_folder_are_compared(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyproject.toml", "calc/__init__.py", "tests/test_calc.py"):
        repository.write(f"project/{name}", (repository.root / name).read_text(encoding="utf-8"))
    repository.write(".github/workflows/tests.yml", "run: covernance guard\n")
    repository.commit()
    repository.git("branch", "--force", "main")
    monkeypatch.chdir(repository.root / "project")
    assert list_findings(weakened()) == []
    repository.write(".github/workflows/tests.yml", "run: covernance guard --soft\n")
    assert list_findings(weakened()) == [
        "../.github/workflows/tests.yml:1: override-added: none -> run: covernance guard --soft"
    ]


@pytest.mark.security
def test_other_owners_of_what_governs_are_a_finding(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("CODEOWNERS", "* @team\n/docs/ @writers\n")
    repository.write(".github/workflows/tests.yml", "on: push\n")
    repository.commit()
    repository.git("branch", "--force", "main")
    repository.write("CODEOWNERS", "* @team\n/docs/ @me\n/calc/ @me\n")
    assert list_findings(weakened()) == []
    repository.write(".github/CODEOWNERS", "* @team\n/.github/ @me\n")
    assert list_findings(weakened()) == [
        "CODEOWNERS: .github/CODEOWNERS and 1 more: governance-changed: @team -> @me",
    ]
    monkeypatch.setitem(sys.modules, "codeowners", None)
    (finding,) = list_findings(weakened())
    assert finding.startswith("CODEOWNERS: governance-changed: none -> codeowners can't be import")


@pytest.mark.security
def test_a_table_that_moved_to_another_folder_is_a_finding(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("calc/__init__.py", "tests/test_calc.py"):
        repository.write(f"sub/{name}", (repository.root / name).read_text(encoding="utf-8"))
    repository.commit()
    repository.git("branch", "--force", "main")
    repository.git("mv", "pyproject.toml", "sub/pyproject.toml")
    monkeypatch.chdir(repository.root / "sub")
    moved = "pyproject.toml: governance-changed: ../pyproject.toml -> pyproject.toml"
    assert list_findings(weakened()) == [moved]
    repository.write("pyproject.toml", TABLE)
    assert list_findings(weakened()) == []
