"""The exception register on real runs, and on processes that are killed while they write it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from covernance.exceptions.register_markdown import EMPTY
from tests.utils.repository import Repository, clean_environment

pytestmark = pytest.mark.reliability

SCRIPT = Path(__file__).parents[2] / "scripts/coverage/update_exceptions.py"
REGISTER = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
UNTESTED = """\
def halve(number):
    if number % 2:
        return None
    return number // 2
"""
TEST = """\
import pytest
from calc.half import halve


@pytest.mark.architecture
def test_halve():
    assert halve(4) == 2
    assert halve(3) is None
"""
KILLED = """\
import os, signal, sys
from covernance import files
from covernance.cli import main

steps = int(sys.argv[1])

def trace(frame, event, argument):
    global steps
    if frame.f_code is not files.write_atomic.__code__:
        return None
    if event in ("line", "return"):
        steps -= 1
        if not steps:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace

sys.settrace(trace)
main(("exceptions", "sync"))
"""


@pytest.fixture
def measured(repository: Repository) -> Repository:
    """A repository that was run in full, with a file that no test covers and an empty register."""
    repository.write("calc/half.py", UNTESTED)
    repository.write(REGISTER, f"# Exceptions\n\n{EMPTY}\n\nThe end.\n")
    repository.write(".github/CODEOWNERS", "* @everyone\n/calc/half.py @halves\n")
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("add", ".")
    repository.git("commit", "--quiet", "--message=An untested file")
    assert (repository.root / REGISTER).is_file()
    assert repository.covernance("run").code == 2
    return repository


def text(repository: Repository) -> str:
    return (repository.root / REGISTER).read_text(encoding="utf-8")


def fill_in(repository: Repository, old: str, new: str) -> None:
    """Edit a cell as a person does."""
    assert old in text(repository)
    repository.write(REGISTER, text(repository).replace(old, new))


def review(repository: Repository) -> str:
    listed = repository.covernance("exceptions", "list", "--format", "json")
    (debt,) = json.loads(listed.out)["rows"]
    return str(debt["row"]["review"])


@pytest.mark.architecture
def test_a_file_is_excepted_expires_and_recovers(measured: Repository) -> None:
    shown = measured.command(sys.executable, str(SCRIPT), "--dry-run")
    assert shown.code == 0, shown.text
    assert "+| `calc/half.py` | calc | 0.00 / 90 | **TODO: rationale** | @halves |" in shown.out
    assert measured.git("status", "--porcelain") == ""

    assert measured.command(sys.executable, str(SCRIPT)).code == 0
    assert measured.command(sys.executable, str(SCRIPT), "--dry-run").out == (
        f"{REGISTER}: no change\n"
    )
    unfilled = measured.covernance("exceptions", "check")
    assert unfilled.code == 2
    assert "incomplete: fill in rationale" in unfilled.out

    fill_in(measured, "**TODO: rationale**", "Waits for \\| `odd` numbers")
    assert measured.covernance("exceptions", "check").code == 0

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    fill_in(measured, review(measured), yesterday.isoformat())
    expired = measured.covernance("exceptions", "check")
    assert expired.code == 2
    assert f"expired on {yesterday}" in expired.out

    measured.write("tests/test_half.py", TEST)
    measured.git("add", ".")
    measured.git("commit", "--quiet", "--message=Test it")
    run = measured.covernance("run")
    assert run.code == 2
    assert "calc: expired-exception: 100.00 %" in run.out
    assert measured.covernance("exceptions", "sync").code == 0
    commit = measured.git("rev-parse", "HEAD")[:10]
    assert f"| 100.00 / 90 | Waits for \\| `odd` numbers | @halves | {yesterday} |" in text(
        measured
    )
    assert f"| resolved ({commit}) on " in text(measured)
    assert measured.covernance("exceptions", "check").code == 0
    assert measured.covernance("run").code == 0


def test_a_kill_at_any_step_of_the_write_leaves_the_old_register_or_the_new(
    measured: Repository,
) -> None:
    old = text(measured)
    seen = []
    for steps in range(1, 100):
        measured.write(REGISTER, old)
        ended = measured.command(sys.executable, "-c", KILLED, str(steps))
        seen.append(text(measured))
        if ended.code == 0:
            break
        assert ended.code == -signal.SIGKILL, ended.text
    new = seen[-1]
    assert "`calc/half.py`" in new
    assert set(seen) == {old, new}
    assert seen == sorted(seen, key=[old, new].index)
    assert measured.covernance("exceptions", "sync").code == 0
    assert text(measured) == new


def test_writers_at_once_do_not_undo_each_other(measured: Repository) -> None:
    command = (sys.executable, "-m", "covernance", "exceptions", "sync")

    def sync(_number: int) -> int:
        return subprocess.run(
            command,
            cwd=measured.root,
            env=clean_environment(),
            capture_output=True,
            check=False,
        ).returncode

    with ThreadPoolExecutor(4) as writers:
        assert set(writers.map(sync, range(4))) == {0}
    assert text(measured).count("`calc/half.py`") == 1


@pytest.mark.security
def test_a_register_in_conflict_is_refused_by_name_and_line(measured: Repository) -> None:
    conflict = f"<<<<<<< HEAD\n{text(measured)}"
    measured.write(REGISTER, conflict)
    for arguments in (("sync",), ("sync", "--dry-run"), ("check",), ("list",)):
        refused = measured.covernance("exceptions", *arguments)
        assert refused.code == 3
        assert refused.err.startswith(f"covernance: {REGISTER}:1: unresolved merge conflict")
    assert text(measured) == conflict
