"""The compared ways to test a workload."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from bench.process import cost
from bench.themes import THEMES
from bench.workloads import Workload

Commands = Sequence[Sequence[str]]


class Variant(msgspec.Struct, frozen=True):
    """One way to test a workload.

    Attributes:
        name: Name in the results.
        commands: Commands to run one after another.
        folder: Working directory of the commands.
        prepare: Called before each run, without being measured; does nothing by default.
    """

    name: str
    commands: Commands
    folder: Path
    prepare: Callable[[], None] = lambda: None


_PYTHON = sys.executable
_REMOVED_PREFIXES = ("COVERAGE", "PYTEST", "NOX", "GITHUB", "PYTHONDONTWRITEBYTECODE")


def _bare(work: Workload) -> Commands:
    return [_pytest(work)]


def _xdist(work: Workload) -> Commands:
    return [_pytest(work, "-n", "2")]


def _coverage_run(work: Workload) -> Commands:
    return [_coverage(work)]


def _pytest_cov(work: Workload) -> Commands:
    return [
        _pytest(work, f"--cov={work.source}", "--cov-branch", "--cov-context=test", "--cov-report=")
    ]


def _naive(work: Workload) -> Commands:
    """The plan's literal form: one pass per theme in sequence, then one command per step."""
    passes = [_coverage(work, f"--context={theme}", select=("-m", theme)) for theme in THEMES]
    steps = ("combine", "html", "json", "xml")
    return [*passes, *((_PYTHON, "-m", "coverage", step) for step in steps)]


def _passes(work: Workload) -> Commands:
    """Only the passes of the themes, two at a time."""
    single_pass = shlex.join(
        _coverage(work, "--parallel-mode", "--context={}", select=("-m", "{}"))
    )
    return [("sh", "-c", f"printf '%s\\n' {' '.join(THEMES)} | xargs -P 2 -I '{{}}' {single_pass}")]


def _covernance(work: Workload) -> Commands:
    """A full themed run with nox, gate and all reports, in the current environment."""
    return [(_PYTHON, "-m", "nox", "--no-venv", "-s", f"tests_unit_{work.suite}")]


_COMMANDS_BY_NAME: dict[str, Callable[[Workload], Commands]] = {
    "bare": _bare,
    "bare -n 2": _xdist,
    "coverage run": _coverage_run,
    "pytest-cov per test": _pytest_cov,
    "naive": _naive,
    "passes alone": _passes,
    "covernance": _covernance,
}


def variants(work: Workload) -> list[Variant]:
    """Return the ways to test a workload, bare pytest first; all but the last start cold.

    Python's bytecode cache is on, as it is by default, and is already filled when this returns.
    """
    cost(_bare(work), work.folder, environment())
    cold_variants = [
        Variant(name, build_commands(work), work.folder, partial(forget, work))
        for name, build_commands in _COMMANDS_BY_NAME.items()
    ]
    return [
        *cold_variants,
        Variant("covernance, after an edit", _covernance(work), work.folder, partial(edit, work)),
    ]


def forget(work: Workload) -> None:
    """Remove the results of earlier commands, so that each command starts cold."""
    for path in work.folder.glob(".coverage*"):
        if path.name != ".coveragerc":
            path.unlink()
    for name in ("coverage/data", "coverage/html", "htmlcov", ".pytest_cache"):
        shutil.rmtree(work.folder / name, ignore_errors=True)


def edit(work: Workload) -> None:
    """Change one source file, like a developer between two runs."""
    source = min(work.folder.joinpath(work.source).rglob("*.py"))
    with source.open("a", encoding="utf-8") as stream:
        stream.write("# edited\n")


def environment() -> dict[str, str]:
    """Return the environment without variables that affect coverage, pytest, nox or bytecode."""
    cleaned = {
        name: text for name, text in os.environ.items() if not name.startswith(_REMOVED_PREFIXES)
    }
    return cleaned | {"PATH": f"{Path(_PYTHON).parent}{os.pathsep}{os.environ['PATH']}"}


def _pytest(work: Workload, *options: str) -> Sequence[str]:
    return (_PYTHON, "-m", "pytest", "-q", *options, work.tests)


def _coverage(work: Workload, *options: str, select: Sequence[str] = ()) -> Sequence[str]:
    coverage_run = (_PYTHON, "-m", "coverage", "run", f"--source={work.source}", *options)
    return (*coverage_run, "-m", "pytest", "-q", *select, work.tests)
