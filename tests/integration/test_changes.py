"""`covernance patch` and `covernance integrity` on real runs and real git repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.utils.repository import TABLE, Repository

pytestmark = pytest.mark.reliability

SOURCE = "calc/__init__.py"


@pytest.fixture
def repository(repository: Repository) -> Repository:
    """The repository with one commit on main, and `feature` checked out."""
    repository.git("init", "--quiet", "--initial-branch=main")
    commit(repository)
    repository.git("checkout", "--quiet", "-b", "feature")
    return repository


def commit(repository: Repository) -> None:
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=step")


def test_uncommitted_lines_that_no_test_runs_are_listed_where_they_stand(
    repository: Repository,
) -> None:
    repository.append(
        SOURCE,
        """

        def clamp(value, low, high):
            if value < low:
                return low
            return min(
                value,
                high,
            )
        """,
    )
    assert repository.covernance("run").code == 2
    ran = repository.covernance("patch", "--min-lines", "1")
    assert ran.code == 2, ran.text
    text = (repository.root / SOURCE).read_text(encoding="utf-8").splitlines()
    listed = [
        text[int(line.split(":")[1]) - 1].strip()
        for line in ran.out.splitlines()
        if line.startswith(f"  {SOURCE}:")
    ]
    assert listed == ["if value < low:", "return low", "return min("]
    assert "calc: below-floor: 16.66 % (floor 90 %); 1 of 6 changed" in ran.out


def test_a_tested_change_passes_committed_or_not(repository: Repository) -> None:
    repository.append(SOURCE, "\n\ndef twice(value):\n    return 2 * value\n")
    repository.append(
        "tests/test_calc.py",
        """

        @pytest.mark.reliability
        def test_twice():
            from calc import twice
            assert twice(2) == 4
        """,
    )
    assert repository.covernance("run").code == 0
    ran = repository.covernance("patch", "--min-lines", "1")
    assert ran.code == 0, ran.text
    assert "calc: pass: 100.00 %" in ran.out
    assert "calc × reliability: informs: 100.00 %; 1 of 1" in ran.out
    assert "calc × security: informs: 0.00 %; 0 of 1" in ran.out
    commit(repository)
    assert repository.covernance("run").code == 0
    assert (
        repository.covernance("patch", "--min-lines", "1").out.splitlines()[1:]
        == (ran.out.splitlines()[1:])
    )


def test_an_edit_after_the_run_is_stale_until_the_next(repository: Repository) -> None:
    assert repository.covernance("run").code == 0
    commit_before = repository.git("rev-parse", "HEAD")
    repository.append(SOURCE, "\nLIMIT = 3\n")
    ran = repository.covernance("patch", "--format", "json")
    assert ran.code == 2
    document = json.loads(ran.out)
    assert (document["base"], document["suites"][0]["verdict"]) == (commit_before, "stale")
    assert repository.covernance("run").code == 0
    assert repository.covernance("patch").code == 0


def test_a_renamed_module_with_an_odd_name_counts_by_its_new_lines(
    repository: Repository,
) -> None:
    module = repository.write("calc/plain.py", "".join(f"A{n} = {n}\n" for n in range(20)))
    commit(repository)
    repository.git("branch", "--force", "main")
    odd = 'calc/a b/b "é".py'
    (repository.root / odd).parent.mkdir()
    shutil.move(module, repository.root / odd)
    repository.write("calc/a b/__init__.py", "")
    repository.append(odd, "def never():\n    return 1\n")
    assert repository.covernance("run").code in (0, 2)
    ran = repository.covernance("patch", "--min-lines", "1")
    assert f"  {odd}:22: did not run" in ran.out, ran.text
    assert "0 of 2 changed lines and branches ran" in ran.out


@pytest.mark.security
def test_lowering_a_floor_in_a_branch_is_reported(repository: Repository) -> None:
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    repository.write("pyproject.toml", text.replace("fail-under = 90", "fail-under = 80"))
    commit(repository)
    ran = repository.covernance("integrity")
    assert ran.code == 2
    assert "fail-under: floor-lowered: 90 -> 80" in ran.out
    allowed = repository.covernance("integrity", environ={"COVERAGE_ALLOW": "floor-lowered"})
    assert allowed.code == 0
    assert "fail-under: floor-lowered: 90 -> 80 (allowed by label)" in allowed.out


@pytest.mark.security
@pytest.mark.parametrize(
    "excluded", ["LIMIT = 3  # pragma: no cover", 'HINT = "use # pragma: no cover"']
)
def test_a_new_pragma_is_reported_with_its_line_in_a_string_too(
    repository: Repository, excluded: str
) -> None:
    repository.append(SOURCE, f"{excluded}\n")
    ran = repository.covernance("integrity")
    assert ran.code == 2
    line = len((repository.root / SOURCE).read_text(encoding="utf-8").splitlines())
    assert f"{SOURCE}:{line}: pragma-added: 0 × no cover -> 1 × no cover" in ran.out


@pytest.mark.security
def test_a_deleted_test_is_found_by_source_and_by_what_ran(repository: Repository) -> None:
    assert repository.covernance("run").code == 0
    base = repository.root.parent / "base.json"
    shutil.copy(repository.root / "coverage/calc.snapshot.json", base)
    tests = repository.root / "tests/test_calc.py"
    text = tests.read_text(encoding="utf-8")
    kept, marker, _ = text.partition("@pytest.mark.security")
    assert marker
    tests.write_text(kept, encoding="utf-8")
    by_source = repository.covernance("integrity")
    assert by_source.code == 2
    deleted = "tests/test_calc.py::test_zero_is_refused: test-deleted: 1 test -> none"
    assert deleted in by_source.out
    stale = repository.covernance("integrity", "--base-snapshot", str(base))
    assert stale.code == 2
    assert "calc: stale: tests/test_calc.py was edited after" in stale.out
    assert repository.covernance("run").code == 2
    ran = repository.covernance("integrity", "--base-snapshot", str(base))
    assert ran.code == 2
    assert deleted in ran.out
    assert "suites.calc: suite-shrank: 3 tests -> 2 tests" in ran.out
    assert repository.covernance("integrity", "--allow", "test-deleted").code == 0


def test_without_a_repository_the_message_says_so(tmp_path: Path) -> None:
    ran = Repository(tmp_path / "plain").covernance("patch")
    assert ran.code == 3
    assert "this folder is not in a git repository; run this inside one" in ran.err
    assert "fatal" not in ran.err
    assert "Traceback" not in ran.err


def test_a_table_in_a_folder_of_the_repository_sees_its_own_part(tmp_path: Path) -> None:
    whole = Repository(tmp_path / "whole")
    whole.git("init", "--quiet", "--initial-branch=main")
    part = Repository(whole.root / "part", {"pyproject.toml": TABLE})
    commit(whole)
    whole.append(SOURCE, "x = 1  # pragma: no cover\n")
    part.append(SOURCE, "x = 1  # pragma: no cover\n")
    ran = part.covernance("integrity")
    assert ran.out.count("pragma-added") == 1, ran.text
    line = len((part.root / SOURCE).read_text(encoding="utf-8").splitlines())
    assert f"{SOURCE}:{line}: pragma-added" in ran.out
