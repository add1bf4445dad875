"""Environments of every Python of this machine, with a chosen pytest and coverage.py."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from covernance.model.counts import Counts
from tests.utils.repository import Repository

UV = Path(sys.prefix) / "bin/uv"
VERSIONS = [f"3.{minor}" for minor in range(9, 16)]
NEWEST = ("coverage", "pytest")
OLDEST = ("coverage==7.10.0", "pytest==7.0.1")


class Combination(NamedTuple):
    """A Python, and what is installed into an environment of it."""

    python: str
    packages: tuple[str, ...]

    def __str__(self) -> str:
        """As the test's id."""
        return " ".join((self.python, *self.packages))


COMBINATIONS = [
    *(Combination(version, NEWEST) for version in VERSIONS),
    Combination("3.9", OLDEST),
    Combination("3.11", OLDEST),  # pytest 7.0 does not start on newer Pythons
    Combination("3.9", ("coverage==7.10.0", "pytest==7.4.4")),
    Combination("3.13", ("coverage==7.10.0", "pytest")),
    Combination("3.12", ("coverage<7.17", "pytest")),  # the newest whose private names are unused
]


def find_python(version: str) -> Path | None:
    """The Python of a version that pyenv has, or PATH; pyenv's own are shims on PATH."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    if found := next(versions.glob(f"{version}.*/bin/python{version}"), None):
        return found
    on_path = shutil.which(f"python{version}")
    return Path(on_path) if on_path else None


def environment_of(folder: Path) -> dict[str, str]:
    """The variables with which uv and the tool use the environment in a folder.

    nox sets UV_PYTHON to the Python of its own session, which uv prefers.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "UV_PYTHON"}
    return {**inherited, "VIRTUAL_ENV": str(folder)}


def make_environment(wanted: Combination, folder: Path, *tools: str) -> Path:
    """Create an environment with the packages, and with tools if any; returns its interpreter.

    The test is skipped if this machine has no such Python.
    """
    interpreter = find_python(wanted.python)
    if interpreter is None:
        pytest.skip(f"Python {wanted.python} is not on this machine")
    environ = environment_of(folder)
    make = (str(UV), "venv", "--quiet", "--python", str(interpreter), str(folder))
    subprocess.run(make, env=environ, check=True)
    install = (str(UV), "pip", "install", "--quiet", *wanted.packages, *tools)
    subprocess.run(install, env=environ, check=True)
    return folder / "bin/python"


def count_plainly(repository: Repository, python: Path, source: str) -> Counts:
    """What a plain run of the same tests under the environment's coverage.py counts."""
    folder = repository.root / "plain"
    folder.mkdir()
    plain = {"COVERAGE_FILE": str(folder / ".coverage")}
    coverage = (str(python), "-m", "coverage")
    for command in (
        ("run", "--branch", f"--source={source}", "-m", "pytest", "tests"),
        ("combine",),
        ("json", "-o", "plain/report.json"),
    ):
        ran = repository.command(*coverage, *command, environ=plain)
        assert ran.code == 0, ran.text
    totals = json.loads((folder / "report.json").read_bytes())["totals"]
    return Counts(
        totals["num_statements"],
        totals["covered_lines"],
        totals["num_branches"],
        totals["covered_branches"],
    )
