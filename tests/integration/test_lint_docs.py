"""The check that documents name commands that exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lint_docs import Command, Known, commands, known, problems
from tests.utils.repository import clean_environment

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
THERE = Known(ROOT, frozenset({"tests_unit_api", "lint"}), frozenset({"test", "lint"}))


def found(code: str) -> list[str]:
    return [problem.text for problem in problems(f"| a | `{code}` |", THERE)]


@pytest.mark.parametrize(
    "code",
    [
        'make test ARGS="-k tenant"',
        "make test-<suite>-unit",
        "nox -s tests_unit_api -s lint -- -s anything",
        "pipx run nox -s lint",
        "COVERAGE_FAIL_UNDER=100 make lint",
        "covernance",
        "covernance exceptions",
        "covernance exceptions sync --dry-run",
        "covernance history show",
        "covernance collect not/there",
        "covernance <command>",
        "covernance guard --help",
        "python -m covernance run --suite api -- --any-option-of-pytest",
        "covernance combine && make lint",
        "python -m apps.hub",
        "bash .ci/run",
        "scripts/coverage_baseline.sh --suite api --fail-under=95",
        "python scripts/coverage/update_exceptions.py --dry-run",
        "make's help, in prose",
        "makefile",
        "git push --no-such-option",
    ],
)
def test_what_exists_is_no_problem(code: str) -> None:
    assert found(code) == []


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("make gone", "the Makefile has no target 'gone'"),
        ("make lint gone", "the Makefile has no target 'gone'"),
        ("nox -s lint -s gone", "nox has no session 'gone'"),
        ("A=1 pipx run nox -s gone", "nox has no session 'gone'"),
        ("covernance gone", "there is no command `covernance gone`"),
        ("covernance history gone", "there is no command `covernance history gone`"),
        ("covernance guard --gone", "No such option '--gone'."),
        ("covernance run --jobs many", "Invalid value for '--jobs' / '-j'"),
        ("covernance combine extra", "Got unexpected extra argument (extra)"),
        ("python -m apps.gone serve", "python -m can't run 'apps.gone'"),
        ("scripts/gone.sh --suite api", "there is no scripts/gone.sh"),
        ("bash .ci/gone", "there is no .ci/gone"),
        (
            "scripts/coverage_baseline.sh --gone=1",
            "scripts/coverage_baseline.sh has no option --gone",
        ),
    ],
)
def test_what_does_not_exist_is_named(code: str, problem: str) -> None:
    assert len(found(code)) == 1
    assert found(code)[0].startswith(problem)


def test_commands_are_read_from_spans_and_from_shell_blocks_with_their_lines() -> None:
    text = """# Title

Some `make lint` text.

| a | b |
|---|---|
| x | `nox -s lint` |

```console
$ A=1 make test  # says why
output
```

```toml
make = "no command"
```
"""
    assert [command for command in commands(text) if command.words[0] in ("make", "nox")] == [
        Command(3, ("make", "lint")),
        Command(7, ("nox", "-s", "lint")),
        Command(10, ("make", "test")),
    ]


def test_the_repository_is_asked_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as many a CI does
    there = known(ROOT)
    assert {"tests_unit_api", "lint", "lock"} <= there.sessions
    assert {"help", "lint", "test-api-unit"} <= there.targets


def test_a_problem_fails_the_check_and_says_where(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(
        ("git", "clone", "--quiet", str(ROOT), str(clone)), env=clean_environment(), check=True
    )
    script = clone / "scripts/lint_docs.py"
    script.write_bytes((ROOT / "scripts/lint_docs.py").read_bytes())
    command = (sys.executable, str(script))
    assert subprocess.run(command, env=clean_environment(), check=False).returncode == 0
    (clone / "new.md").write_text("# New\n\n`make gone`\n", encoding="utf-8")
    done = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == "new.md:3: the Makefile has no target 'gone'\n"
