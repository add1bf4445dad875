"""`covernance run` on real pytest and coverage.py, in small repositories."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from covernance.model.counts import Counts
from covernance.model.snapshot import Snapshot, read
from tests.utils.processes import PATIENCE_SECONDS, wait_for_end, wait_for_file
from tests.utils.repository import TABLE, Repository, clean_environment

pytestmark = pytest.mark.reliability


def snapshot(repository: Repository) -> Snapshot:
    return read(repository.root / "coverage" / "calc.snapshot.json")


def reports(repository: Repository) -> dict[Path, bytes]:
    """Every published file with its bytes; work in progress, locks and evidence left out."""
    return {
        path.relative_to(repository.root): path.read_bytes()
        for path in (repository.root / "coverage").rglob("*")
        if path.is_file()
        and ".work" not in path.parts
        and path.name not in {".lock", "evidence.json"}
    }


def test_a_full_run_passes_and_leaves_every_report(repository: Repository) -> None:
    ran = repository.covernance("run")

    assert ran.code == 0, ran.text
    assert "calc: pass: 100.00 % (floor 90 %, from pyproject.toml)" in ran.out
    names = {str(path) for path in reports(repository)}
    assert names >= {
        "coverage/calc.json",
        "coverage/calc.xml",
        "coverage/calc.snapshot.json",
        "coverage/html/calc/index.html",
        "coverage/html/all/index.html",
        "coverage/html/index.html",
        "coverage/baseline.json",
        "coverage/data/calc/.coverage",
    }
    baseline = json.loads((repository.root / "coverage/baseline.json").read_bytes())
    contexts = {
        context
        for file in baseline["files"].values()
        for line in file["contexts"].values()
        for context in line
    }
    assert contexts == {
        f"{theme}{run}"
        for theme in ("architecture", "reliability", "security")
        for run in ("", "|run")
    }
    pages = (repository.root / "coverage/html/calc").glob("*_py.html")
    assert any("architecture|run" in page.read_text(encoding="utf-8") for page in pages)


def test_the_total_equals_coverage_report_of_a_plain_run(repository: Repository) -> None:
    repository.append(
        "calc/__init__.py",
        """

        def never(values):
            while values:
                if values.pop():
                    continue
                else:
                    break
            return [v for v in values if v]
        """,
    )
    repository.write("calc/unimported.py", "import os\n\nif os:\n    x = 1\n")
    assert repository.covernance("run").code == 2
    ours = snapshot(repository).total

    plain = {"COVERAGE_FILE": str(repository.root / "plain" / ".coverage")}
    (repository.root / "plain").mkdir()
    python = (sys.executable, "-m", "coverage")
    repository.command(
        *python, "run", "--branch", "--source=calc", "-m", "pytest", "tests", environ=plain
    )
    repository.command(*python, "combine", environ=plain)
    repository.command(*python, "json", "-o", "plain.json", environ=plain)
    totals = json.loads((repository.root / "plain.json").read_bytes())["totals"]

    assert ours == Counts(
        totals["num_statements"],
        totals["covered_lines"],
        totals["num_branches"],
        totals["covered_branches"],
    )


def test_each_themes_raw_counts_equal_coverage_report_of_its_contexts(
    repository: Repository,
) -> None:
    assert repository.covernance("run").code == 0
    for theme, cell in snapshot(repository).themes.items():
        totals = theirs(repository, rf"^{theme}(\||$)")
        assert cell.raw == totals
        imported = theirs(repository, rf"^{theme}$")
        assert cell.earned == totals.beyond(imported)


def theirs(repository: Repository, contexts: str) -> Counts:
    ran = repository.command(
        *(sys.executable, "-m", "coverage", "json", "--data-file=coverage/data/calc/.coverage"),
        *("-o", "contexts.json", f"--contexts={contexts}"),
    )
    assert ran.code == 0, ran.text
    totals: dict[str, Any] = json.loads((repository.root / "contexts.json").read_bytes())["totals"]
    return Counts(
        totals["num_statements"],
        totals["covered_lines"],
        totals["num_branches"],
        totals["covered_branches"],
    )


def test_89_99_percent_fails_a_floor_of_90_and_never_reads_90(repository: Repository) -> None:
    # 10,000 statements of which 8,999 run: the file's own assignments and one function's body.
    lines = ["def never():\n", *["    x = 1\n"] * 1001, *["y = 1\n"] * 8998]
    repository.write("calc/__init__.py", "".join(lines))
    repository.write(
        "tests/test_calc.py",
        """
        import pytest
        import calc

        @pytest.mark.architecture
        @pytest.mark.reliability
        @pytest.mark.security
        def test_it():
            assert calc.y
        """,
    )
    ran = repository.covernance("run")

    assert ran.code == 2, ran.text
    assert snapshot(repository).total == Counts(10_000, 8_999, 0, 0)
    assert snapshot(repository).verdict == "below-floor"
    assert "89.99 % (floor 90 %)" in ran.out
    assert "1 more statement" in ran.out
    assert "calc/__init__.py: 2-1002" in ran.out


def test_a_theme_with_no_tests_is_no_tests_and_never_a_percentage(repository: Repository) -> None:
    text = (repository.root / "tests/test_calc.py").read_text(encoding="utf-8")
    repository.write("tests/test_calc.py", text.replace("mark.security", "mark.reliability"))
    ran = repository.covernance("run")

    assert ran.code == 2, ran.text
    assert snapshot(repository).verdict == "no-tests"
    row = next(line for line in ran.out.splitlines() if line.startswith("calc   security"))
    assert row.split() == ["calc", "security", "0", "no-tests", "no-tests"]


def test_no_data_is_never_green(repository: Repository) -> None:
    repository.append(".coveragerc", "omit = calc/*\n")
    ran = repository.covernance("run", "--fail-under", "0")

    assert ran.code == 2, ran.text
    assert "\ncalc: no-data: " in ran.out
    assert "\n  the architecture pass recorded no coverage data" in ran.out


def test_no_statements_is_never_green(repository: Repository) -> None:
    repository.write("calc/__init__.py", "")
    repository.write(
        "tests/test_calc.py",
        """
        import pytest
        import calc

        @pytest.mark.architecture
        @pytest.mark.reliability
        @pytest.mark.security
        def test_it():
            assert calc
        """,
    )
    ran = repository.covernance("run", "--fail-under", "0")

    assert ran.code == 2, ran.text
    assert "no statements to cover" in ran.out


def test_a_failing_test_in_one_theme_fails_the_suite_and_shows_once(
    repository: Repository,
) -> None:
    repository.append(
        "tests/test_calc.py",
        """

        @pytest.mark.security
        def test_broken():
            assert divide(1, 1) == 2
        """,
    )
    ran = repository.covernance("run")

    assert ran.code == 1, ran.text
    assert snapshot(repository).verdict == "tests-failed"
    assert ran.out.count("def test_broken") == 1
    assert ran.out.count("= FAILURES =") == 1
    assert "calc · reliability: 1 passed" in ran.out


def test_a_failing_test_with_two_themes_shows_once(repository: Repository) -> None:
    repository.append(
        "tests/test_calc.py",
        """

        @pytest.mark.reliability
        @pytest.mark.security
        def test_broken():
            assert divide(1, 1) == 2
        """,
    )
    ran = repository.covernance("run")

    assert ran.code == 1, ran.text
    assert ran.out.count("def test_broken") == 1
    assert ran.out.count("shown above") == 1


def test_a_test_in_two_themes_runs_in_both_and_counts_once(repository: Repository) -> None:
    text = (repository.root / "tests/test_calc.py").read_text(encoding="utf-8")
    repository.write(
        "tests/test_calc.py",
        text.replace("@pytest.mark.security", "@pytest.mark.security\n@pytest.mark.reliability"),
    )
    assert repository.covernance("run").code == 0

    result = snapshot(repository)
    assert [cell.outcomes.tests for cell in result.themes.values()] == [1, 2, 1]
    assert len(result.tests) == 3
    zero = result.tests["tests/test_calc.py::test_zero_is_refused"]
    assert zero.themes == ("reliability", "security")


def test_an_unthemed_test_runs_counts_and_is_listed(repository: Repository) -> None:
    text = (repository.root / "tests/test_calc.py").read_text(encoding="utf-8")
    text += "\n\ndef test_plain():\n    assert largest([2]) == 2\n"
    repository.write("tests/test_calc.py", text)
    ran = repository.covernance("run")

    assert ran.code == 0, ran.text
    result = snapshot(repository)
    assert result.unthemed == ("tests/test_calc.py::test_plain",)
    assert result.themes["unthemed"].outcomes.passed == 1
    assert len(result.tests) == 4
    assert "tests/test_calc.py::test_plain" in ran.out


def test_a_syntax_error_in_a_test_fails_shows_once_and_keeps_the_last_reports(
    repository: Repository,
) -> None:
    assert repository.covernance("run").code == 0
    before = reports(repository)
    repository.write("tests/test_broken.py", "def test_broken(:\n")
    ran = repository.covernance("run")

    assert ran.code == 1, ran.text
    assert ran.out.count("= ERRORS =") == 1
    assert "reports; those of the last complete run are unchanged" in ran.out
    assert reports(repository) == before


@pytest.mark.parametrize(
    "selection",
    [
        ("--", "-k", "divide"),
        ("--theme", "security"),
        ("--", "tests/test_calc.py::test_divide"),
        ("--", "-m", "reliability"),
        ("--", "--deselect", "tests/test_calc.py::test_divide"),
        ("--", "-k", "divide", "--cov-report=xml:coverage/calc.xml"),
    ],
    ids=" ".join,
)
def test_a_selection_says_so_gates_nothing_and_leaves_the_full_reports(
    repository: Repository, selection: tuple[str, ...]
) -> None:
    assert repository.covernance("run").code == 0
    before = reports(repository)
    ran = repository.covernance("run", "--fail-under=100", *selection)

    assert ran.code == 0, ran.text
    assert "calc: partial run (" in ran.out
    after = reports(repository)
    assert {path: after[path] for path in before} == before
    assert all("partial" in path.parts for path in after.keys() - before.keys())


def test_pytest_covs_report_options_write_the_files_they_name(repository: Repository) -> None:
    ran = repository.covernance(
        *("run", "--", "--cov-report=xml:out/a.xml", "--cov-report=json:out/a.json"),
        *("--cov-report=html:out/html", "--cov-report", "lcov:out/a.info"),
        "--cov-report=term-missing",
    )
    assert ran.code == 0, ran.text
    out = repository.root / "out"
    assert {path.name for path in out.iterdir()} == {"a.xml", "a.json", "html", "a.info"}
    assert (out / "html" / "index.html").is_file()
    assert "Missing" in ran.out


@pytest.mark.needs_plugin("pytest-xdist")
def test_xdist_gives_the_same_counts(repository: Repository) -> None:
    assert repository.covernance("run").code == 0
    alone = snapshot(repository)
    ran = repository.covernance("run", "--", "-n", "2")

    assert ran.code == 0, ran.text
    spread = snapshot(repository)
    assert spread.total == alone.total
    assert {t: (c.raw, c.earned, c.outcomes) for t, c in spread.themes.items()} == {
        t: (c.raw, c.earned, c.outcomes) for t, c in alone.themes.items()
    }
    assert spread.tests.keys() == alone.tests.keys()


def test_what_a_tests_subprocess_executes_is_earned(repository: Repository) -> None:
    repository.write("calc/command.py", "def main():\n    return 0\n\n\nmain()\n")
    repository.append(
        "tests/test_calc.py",
        """

        @pytest.mark.security
        def test_command():
            import subprocess, sys
            subprocess.run([sys.executable, "-m", "calc.command"], check=True)
        """,
    )
    ran = repository.covernance("run")

    assert ran.code == 0, ran.text
    cell = snapshot(repository).files["calc/command.py"].themes["security"]
    assert cell.earned == Counts(3, 3, 0, 0)


def test_a_source_folder_with_a_space_is_measured(tmp_path: Path) -> None:
    table = TABLE.replace('source = ["calc"]', 'source = ["my code/calc"]')
    repository = Repository(tmp_path / "a repository")
    (repository.root / "my code").mkdir()
    (repository.root / "calc").rename(repository.root / "my code" / "calc")
    text = (repository.root / "pyproject.toml").read_text(encoding="utf-8")
    rest = text[text.index("[tool.pytest") :].replace('["."]', '["my code"]')
    repository.write("pyproject.toml", table + rest)
    ran = repository.covernance("run")

    assert ran.code == 0, ran.text
    assert list(snapshot(repository).files) == ["my code/calc/__init__.py"]


def test_two_runs_at_once_both_pass_and_leave_whole_reports(repository: Repository) -> None:
    command = (sys.executable, "-m", "covernance", "run")
    both = [
        subprocess.Popen(
            command,
            cwd=repository.root,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [(process.communicate()[0], process.returncode) for process in both]

    assert [code for _, code in ended] == [0, 0], ended
    assert snapshot(repository).verdict == "pass"
    assert (repository.root / "coverage/html/calc/index.html").is_file()
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


SLOW = """

@pytest.mark.reliability
def test_slow():
    import pathlib, time
    pathlib.Path("started").write_text("now")
    time.sleep(600)
"""


def interrupted(repository: Repository, number: signal.Signals) -> subprocess.Popen[str]:
    """Start a run, wait until its slow test runs, and signal it."""
    process = subprocess.Popen(
        (sys.executable, "-m", "covernance", "run"),
        cwd=repository.root,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for_file(repository.root / "started")
    process.send_signal(number)
    return process


def children_of(repository: Repository) -> list[int]:
    """Processes whose command lines name the repository."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(repository.root) in folder.joinpath("cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_every_child_and_keeps_the_last_reports(
    repository: Repository, number: signal.Signals
) -> None:
    assert repository.covernance("run").code == 0
    before = reports(repository)
    repository.append("tests/test_calc.py", SLOW)
    process = interrupted(repository, number)
    out = process.communicate(timeout=PATIENCE_SECONDS)[0]

    assert process.returncode == 130, out
    assert "interrupted" in out
    assert "Traceback" not in out
    assert children_of(repository) == []
    assert reports(repository) == before
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


def test_after_sigkill_the_last_reports_stand_and_the_next_run_is_clean(
    repository: Repository,
) -> None:
    assert repository.covernance("run").code == 0
    before = reports(repository)
    text = (repository.root / "tests/test_calc.py").read_text(encoding="utf-8")
    repository.append("tests/test_calc.py", SLOW)
    process = interrupted(repository, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert reports(repository) == before
    left = children_of(repository)
    assert left
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    wait_for_end(left)

    repository.write("tests/test_calc.py", text)
    ran = repository.covernance("run")
    assert ran.code == 0, ran.text
    assert not list((repository.root / "coverage/data/.work").glob("run-*"))


@pytest.mark.parametrize(
    ("option", "variables", "origin"),
    [
        ((), {}, "pyproject.toml"),
        ((), {"COVERAGE_FAIL_UNDER": "80"}, "COVERAGE_FAIL_UNDER"),
        (
            (),
            {"COVERAGE_FAIL_UNDER": "80", "COVERAGE_FAIL_UNDER_CALC": "81"},
            "COVERAGE_FAIL_UNDER_CALC",
        ),
        (("--fail-under", "82.5"), {"COVERAGE_FAIL_UNDER_CALC": "81"}, "--fail-under"),
    ],
)
def test_the_verdict_says_which_floor_applied(
    repository: Repository, option: tuple[str, ...], variables: dict[str, str], origin: str
) -> None:
    ran = repository.covernance("run", *option, environ=variables)

    assert ran.code == 0, ran.text
    assert f", from {origin})" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--suite", "clac"), "did you mean 'calc'?"),
        (("run", "--fail-under", "ninety"), "--fail-under: 'ninety' is not a number"),
        (("run", "--fail-under", "101"), "--fail-under: "),
        (("run", "--theme", "speed"), "no such theme: 'speed'"),
        (("run", "--", "--cov-report=pdf"), "'pdf' is not a report format"),
        (("run", "--", "--cov=calc"), "covernance measures instead of pytest-cov"),
        (
            ("run", "--", "--no-such-option"),
            "arguments: unrecognized arguments: --no-such-option",
        ),
        (("run", "--no-such-option"), "No such option"),
        (("nonsense",), "No such command"),
    ],
)
def test_bad_input_is_exit_3_one_message_and_no_traceback(
    repository: Repository, arguments: tuple[str, ...], message: str
) -> None:
    ran = repository.covernance(*arguments)

    assert ran.code == 3, ran.text
    assert message in ran.err
    assert "Traceback" not in ran.text


@pytest.mark.parametrize("name", [".coveragerc", "setup.cfg", "pyproject.toml", None])
def test_what_a_run_needs_is_laid_over_the_settings_that_are_there(
    repository: Repository, name: str | None
) -> None:
    (repository.root / ".coveragerc").unlink()
    section, omit = "coverage:run", "omit = calc/extra.py"
    if name == "pyproject.toml":
        section, omit = "tool.coverage.run", 'omit = ["calc/extra.py"]'
    elif name == ".coveragerc":
        section = "run"
    if name:
        repository.append(name, f"\n[{section}]\nbranch = false\n{omit}\n")
    repository.write("calc/extra.py", "x = 1\n")
    before = name and (repository.root / name).read_bytes()

    ran = repository.covernance("run", "--fail-under=50")

    assert ran.code == 0, ran.text
    found = snapshot(repository)
    assert found.total.branches == 6
    assert ("calc/extra.py" in found.files) is (name is None)
    assert ran.out.count("branch = false is not used") == bool(name)
    assert (name and (repository.root / name).read_bytes()) == before


def test_a_suite_named_by_the_environment_runs_alone(repository: Repository) -> None:
    ran = repository.covernance("run", environ={"COVERAGE_CONTEXT": "nope"})

    assert ran.code == 3
    assert "COVERAGE_CONTEXT='nope'" in ran.err
    assert repository.covernance("run", environ={"COVERAGE_CONTEXT": "calc"}).code == 0


def test_a_dry_run_prints_the_commands_and_writes_nothing(repository: Repository) -> None:
    ran = repository.covernance("run", "--dry-run")

    assert ran.code == 0, ran.text
    assert ran.out.count(" -m coverage run --context=") == 3
    assert not (repository.root / "coverage").exists()


def test_combine_refuses_when_a_suite_has_no_data(repository: Repository) -> None:
    ran = repository.covernance("combine")

    assert ran.code == 3
    assert "no data for suite calc" in ran.err


def test_a_pass_that_dies_is_a_failure(repository: Repository) -> None:
    repository.append(
        "tests/test_calc.py",
        "\n\n@pytest.mark.security\ndef test_dies():\n    import os\n    os._exit(0)\n",
    )
    ran = repository.covernance("run")

    assert ran.code == 1, ran.text
    assert "the security pass ended unexpectedly (status 0)" in ran.out


def test_the_suite_runs_from_a_folder_below_the_root(repository: Repository) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "covernance", "run"),
        cwd=repository.root / "calc",
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (repository.root / "coverage/calc.json").is_file()


@pytest.mark.security
@pytest.mark.needs_plugin("pytest-cov")
def test_pytest_cov_is_switched_off(repository: Repository) -> None:
    ran = repository.covernance("run", environ={"PYTEST_ADDOPTS": "--cov=calc"})

    assert ran.code == 0, ran.text
    assert ran.out.count("pytest-cov is switched off") == 1


def test_a_selection_by_pytest_addopts_is_partial_too(repository: Repository) -> None:
    ran = repository.covernance("run", environ={"PYTEST_ADDOPTS": "-k divide"})

    assert ran.code == 0, ran.text
    assert "partial run (-k 'divide')" in ran.out


@pytest.mark.needs_plugin("pytest-xdist")
def test_a_long_pass_runs_its_tests_on_idle_cores_and_tells_the_same(
    repository: Repository,
) -> None:
    suite = "[tool.covernance.suites.calc]\n"
    repository.write("pyproject.toml", TABLE.replace(suite, f"{suite}xdist = true\n"))
    assert repository.covernance("run").code == 0
    before = snapshot(repository)
    slow = {
        name: msgspec.structs.replace(test, seconds=60.0) if "security" in test.themes else test
        for name, test in before.tests.items()
    }
    kept = msgspec.structs.replace(before, tests=slow)
    (repository.root / "coverage/calc.snapshot.json").write_bytes(kept.encode())
    ran = repository.covernance("run", "--fresh", "--jobs=4", "--verbose")

    assert ran.code == 0, ran.text
    assert ran.out.count("created: 2/2 workers") == 1
    after = snapshot(repository)
    assert (after.total, after.files) == (before.total, before.files)
    outcomes = [{name: test.outcome for name, test in one.tests.items()} for one in (before, after)]
    assert outcomes[0] == outcomes[1]
