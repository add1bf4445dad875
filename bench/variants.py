"""The ways to test a workload that are compared."""

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
    """One way to do a piece of work.

    Attributes:
        name: As the results carry it.
        commands: Run one after the other.
        folder: Where they run.
        prepare: Makes it ready, unmeasured; by default, the last variant left all as it must be.
    """

    name: str
    commands: Commands
    folder: Path
    prepare: Callable[[], None] = lambda: None


_PYTHON = sys.executable
_STEERING = ("COVERAGE", "PYTEST", "NOX", "GITHUB", "PYTHONDONTWRITEBYTECODE")


def _bare(work: Workload) -> Commands:
    return [_pytest(work)]


def _xdist(work: Workload) -> Commands:
    return [_pytest(work, "-n", "2")]


def _covered(work: Workload) -> Commands:
    return [_coverage(work)]


def _pytest_cov(work: Workload) -> Commands:
    return [
        _pytest(work, f"--cov={work.source}", "--cov-branch", "--cov-context=test", "--cov-report=")
    ]


def _naive(work: Workload) -> Commands:
    """The plan as it was first written down: passes in a row, then a command for every step."""
    passes = [_coverage(work, f"--context={theme}", select=("-m", theme)) for theme in THEMES]
    steps = ("combine", "html", "json", "xml")
    return [*passes, *((_PYTHON, "-m", "coverage", step) for step in steps)]


def _passes(work: Workload) -> Commands:
    """The themes two at a time, and nothing else."""
    one = shlex.join(_coverage(work, "--parallel-mode", "--context={}", select=("-m", "{}")))
    return [("sh", "-c", f"printf '%s\\n' {' '.join(THEMES)} | xargs -P 2 -I '{{}}' {one}")]


def _ours(work: Workload) -> Commands:
    """A full themed, gated run with every report, nox included, in the environment at hand."""
    return [(_PYTHON, "-m", "nox", "--no-venv", "-s", f"tests_unit_{work.suite}")]


_WAYS: dict[str, Callable[[Workload], Commands]] = {
    "bare": _bare,
    "bare -n 2": _xdist,
    "coverage run": _covered,
    "pytest-cov per test": _pytest_cov,
    "naive": _naive,
    "passes alone": _passes,
    "covernance": _ours,
}


def variants(work: Workload) -> list[Variant]:
    """The ways to test a workload, bare pytest first; all start cold, but the last.

    Python keeps bytecode, as it does where nobody forbids it; there is some when this returns.
    """
    cost(_bare(work), work.folder, environment())
    cold = [
        Variant(name, way(work), work.folder, partial(forget, work)) for name, way in _WAYS.items()
    ]
    return [
        *cold,
        Variant("covernance, after an edit", _ours(work), work.folder, partial(edit, work)),
    ]


def forget(work: Workload) -> None:
    """Remove what an earlier command left, so that each one starts cold."""
    for path in work.folder.glob(".coverage*"):
        if path.name != ".coveragerc":
            path.unlink()
    for name in ("coverage/data", "coverage/html", "htmlcov", ".pytest_cache"):
        shutil.rmtree(work.folder / name, ignore_errors=True)


def edit(work: Workload) -> None:
    """Change one source, as a developer does between two runs."""
    source = min(work.folder.joinpath(work.source).rglob("*.py"))
    with source.open("a", encoding="utf-8") as stream:
        stream.write("# edited\n")


def environment() -> dict[str, str]:
    """The caller's environment without what steers coverage, pytest, nox or bytecode."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(_STEERING)}
    return clean | {"PATH": f"{Path(_PYTHON).parent}{os.pathsep}{os.environ['PATH']}"}


def _pytest(work: Workload, *options: str) -> Sequence[str]:
    return (_PYTHON, "-m", "pytest", "-q", *options, work.tests)


def _coverage(work: Workload, *options: str, select: Sequence[str] = ()) -> Sequence[str]:
    measured = (_PYTHON, "-m", "coverage", "run", f"--source={work.source}", *options)
    return (*measured, "-m", "pytest", "-q", *select, work.tests)
