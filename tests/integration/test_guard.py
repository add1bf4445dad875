"""`covernance guard` on real git, real runs and kept results."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.utils.repository import Repository

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kept(repository: Repository) -> Repository:
    """A repository whose first commit on main was measured and kept, and a branch on it."""
    repository.git("init", "--quiet", "--initial-branch=main")
    commit(repository, "start")
    measure(repository)
    assert repository.covernance("history", "add").code == 0
    repository.git("switch", "--quiet", "--create", "feature")
    return repository


def commit(repository: Repository, message: str) -> None:
    repository.git("add", ".")
    repository.git("commit", "--quiet", f"--message={message}")


def measure(repository: Repository) -> None:
    ran = repository.covernance("run", "--fail-under", "0")
    assert ran.code in {0, 2}, ran.text


def without(repository: Repository, path: str, first: str, last: str) -> None:
    """Cut a file from the line that begins with `first` up to the one that begins with `last`."""
    kept: list[str] = []
    cutting = False
    for line in (repository.root / path).read_text(encoding="utf-8").splitlines():
        cutting = line.startswith(first) or (cutting and not line.startswith(last))
        if not cutting:
            kept.append(line)
    repository.write(path, "\n".join(kept) + "\n")


def test_a_deleted_test_is_named_with_the_drop_the_file_and_the_lines(kept: Repository) -> None:
    without(kept, "tests/test_calc.py", "def test_largest", "@pytest.mark.reliability")
    kept.append(
        "tests/test_calc.py",
        "\n\n@pytest.mark.architecture\ndef test_nothing():\n    assert largest\n",
    )
    commit(kept, "delete a test")
    measure(kept)
    ran = kept.covernance("guard")

    assert ran.code == 2, ran.text
    assert "calc: dropped, compared with " in ran.out
    assert "(the base)" in ran.out
    assert "total fell by " in ran.out
    assert "total: calc/__init__.py: " in ran.out
    assert "8-12" in ran.out
    assert "deleted test: tests/test_calc.py::test_largest" in ran.out


def test_code_that_was_only_removed_with_its_test_is_no_drop(kept: Repository) -> None:
    kept.append(
        "calc/__init__.py", "\n\ndef never(a):\n    if a:\n        return 1\n    return 2\n"
    )
    commit(kept, "an uncovered function")
    measure(kept)
    assert kept.covernance("history", "add").code == 0
    kept.git("switch", "--quiet", "main")
    kept.git("merge", "--quiet", "--ff-only", "feature")
    kept.git("switch", "--quiet", "--create", "removal")
    without(kept, "calc/__init__.py", "def largest", "def never")
    without(kept, "tests/test_calc.py", "def test_largest", "@pytest.mark.reliability")
    kept.append(
        "tests/test_calc.py",
        "\n\ndef test_nothing():\n    assert divide\n",
    )
    text = (kept.root / "tests/test_calc.py").read_text(encoding="utf-8")
    kept.write("tests/test_calc.py", text.replace("divide, largest", "divide"))
    commit(kept, "remove covered code and its test")
    measure(kept)
    ran = kept.covernance("guard", "--format", "json")

    (result,) = json.loads(ran.out)
    total = result["numbers"][0]
    assert (total["measure"], total["over"]) == ("total", False), ran.text
    assert total["before"] == total["after"]


def test_without_a_base_the_verdict_is_no_baseline_and_only_a_bootstrap_passes(
    repository: Repository,
) -> None:
    repository.git("init", "--quiet", "--initial-branch=main")
    commit(repository, "start")
    measure(repository)
    ran = repository.covernance("guard")
    assert ran.code == 2, ran.text
    assert "calc: no-baseline" in ran.out
    ran = repository.covernance("guard", "--bootstrap")
    assert ran.code == 0, ran.text
    assert "no-baseline, accepted by --bootstrap" in ran.out


def test_without_a_run_the_verdict_is_no_data(repository: Repository) -> None:
    repository.git("init", "--quiet", "--initial-branch=main")
    commit(repository, "start")
    ran = repository.covernance("guard", "--bootstrap")
    assert ran.code == 2, ran.text
    assert "calc: no-data" in ran.out


def test_the_nearest_ancestor_stands_in_for_a_merge_base_without_a_result(
    kept: Repository,
) -> None:
    kept.git("switch", "--quiet", "main")
    for number in range(2):
        kept.write("notes.txt", str(number))
        commit(kept, f"note {number}")
    kept.git("switch", "--quiet", "--create", "later")
    kept.write("notes.txt", "later")
    commit(kept, "a note on a branch")
    measure(kept)
    ran = kept.covernance("guard")
    assert ran.code == 0, ran.text
    assert "(2 commits before the base)" in ran.out


def test_a_soft_start_reports_without_failing_and_says_so_loudly(
    repository: Repository,
) -> None:
    repository.git("init", "--quiet", "--initial-branch=main")
    commit(repository, "start")
    measure(repository)
    for soft in (repository.covernance("guard", "--soft"), None):
        ran = soft or repository.covernance("guard", environ={"COVERAGE_SOFT": "1"})
        assert ran.code == 0, ran.text
        assert "calc: no-baseline" in ran.out
        assert ran.err.startswith("SOFT: a gate failed")


def test_a_soft_start_lets_no_failing_test_through(repository: Repository) -> None:
    repository.append("tests/test_calc.py", "\n\ndef test_bad():\n    assert False\n")
    ran = repository.covernance("run", "--soft")
    assert ran.code == 1, ran.text
    assert "SOFT" not in ran.text


def test_a_soft_start_lets_a_low_total_through(repository: Repository) -> None:
    repository.append("calc/__init__.py", "\n\ndef never(a):\n    return a + a\n")
    repository.append("calc/__init__.py", "\n\ndef never_either(a):\n    return a + a\n")
    ran = repository.covernance("run", "--soft", "--fail-under", "100")
    assert ran.code == 0, ran.text
    assert "calc: below-floor" in ran.out
    assert "SOFT: a gate failed" in ran.err


def test_lines_that_flap_between_runs_of_one_commit_are_named_and_not_red(
    kept: Repository,
) -> None:
    kept.append(".gitignore", "flip\n")
    kept.append(
        "tests/test_calc.py",
        """

        @pytest.mark.security
        def test_flaps():
            import pathlib
            if pathlib.Path("flip").exists():
                assert largest([2, 1]) == 2
        """,
    )
    commit(kept, "a test that flaps")
    kept.write("flip", "")
    measure(kept)
    assert kept.covernance("history", "add").code == 0
    (kept.root / "flip").unlink()
    measure(kept)
    ran = kept.covernance("guard")
    assert ran.code == 0, ran.text
    assert "unstable (security): calc/__init__.py: 8-12" in ran.out


def test_the_script_that_plans_name_is_the_same_command(kept: Repository) -> None:
    script = str(ROOT / "scripts/coverage/regression_guard.py")
    ran = kept.command(sys.executable, script, "--format", "json")
    assert [result["suite"] for result in json.loads(ran.out)] == ["calc"]


FUNCTION = """

def {name}(value):
    one = value
    two = one
    three = two
    four = three
    return four
"""
CALL = """

@pytest.mark.{theme}
def test_{name}():
    from calc import {name}
    assert {name}(1) == 1
"""


def test_a_change_is_held_to_what_ran_of_the_change_before_it(kept: Repository) -> None:
    kept.append("calc/__init__.py", FUNCTION.format(name="tried"))
    for theme in ("architecture", "reliability", "security"):
        kept.append("tests/test_calc.py", CALL.format(name="tried", theme=theme))
    commit(kept, "a function with its tests")
    kept.git("switch", "--quiet", "main")
    kept.git("merge", "--quiet", "--ff-only", "feature")
    measure(kept)
    assert kept.covernance("history", "add").code == 0
    kept.git("switch", "--quiet", "--create", "second")
    kept.append("calc/__init__.py", FUNCTION.format(name="untried"))
    commit(kept, "a function without a test")
    measure(kept)
    ran = kept.covernance("guard")

    assert ran.code == 2, ran.text
    reasons = [line.strip() for line in ran.out.splitlines() if "patch fell by" in line]
    assert reasons == ["patch fell by 83.34 points (limit 2), from 100.00 % to 16.66 %"]
