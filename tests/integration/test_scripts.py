"""The scripts that name a command, with interpreters that have and lack what the tool needs."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.utils.repository import clean_environment

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]
BARE = (str(Path(sys.base_prefix, "bin", "python3")), "-S")
"""An interpreter without any package."""

DISTRIBUTIONS = {"markdown_it": "markdown-it-py"}
"""Packages whose distribution has another name."""

SCRIPTS = {
    "scripts/ci/coverage_summary.py": "covernance summary",
    "scripts/coverage/generate_digest.py": "covernance digest",
    "scripts/coverage/regression_guard.py": "covernance guard",
    "scripts/coverage/update_exceptions.py": "covernance exceptions sync",
    "scripts/tool.py": "covernance",
}
"""The scripts, and the commands that they run."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which no environment was made."""
    shutil.copytree(ROOT / "scripts", tmp_path / "checkout/scripts")
    shutil.copytree(ROOT / "src", tmp_path / "checkout/src")
    return tmp_path / "checkout"


def run(script: Path, *python: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: value
        for name, value in clean_environment().items()
        if name not in {"VIRTUAL_ENV", "COVERNANCE_PYTHON"}
    }
    return subprocess.run(
        [*python, str(script), "--help"],
        env=environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("script", "command"), SCRIPTS.items())
def test_a_script_runs_its_command_with_an_interpreter_that_has_what_it_needs(
    checkout: Path, script: str, command: str
) -> None:
    for python, variables in (
        ((sys.executable,), {}),
        (BARE, {"COVERNANCE_PYTHON": sys.executable}),
        (BARE, {"VIRTUAL_ENV": sys.prefix}),
    ):
        done = run(checkout / script, *python, **variables)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"Usage: {command} [OPTIONS]")


def test_the_checkouts_own_environment_comes_before_the_active_one(checkout: Path) -> None:
    own = checkout / ".venv/bin/python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\necho own >&2\nexec {sys.executable} "$@"\n')
    own.chmod(0o755)
    done = run(checkout / "scripts/tool.py", *BARE, VIRTUAL_ENV=sys.prefix)
    assert (done.returncode, done.stderr) == (0, "own\nown\n")


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_such_an_interpreter_one_line_says_how_to_make_it(
    checkout: Path, script: str
) -> None:
    done = run(checkout / script, *BARE, COVERNANCE_PYTHON="/nowhere/python")
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"covernance: {Path(BARE[0])} lacks what it needs; run 'make tools' in ")


def test_a_script_looks_for_all_that_the_tool_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {re.split(r"[<>=]", dependency)[0] for dependency in project["dependencies"]}
    needed = runpy.run_path(str(ROOT / "scripts/tool.py"))["NEEDED"]
    assert {DISTRIBUTIONS.get(name, name.replace("_", "-")) for name in needed} == required


def test_setting_up_tries_the_next_python_where_a_shim_has_nothing_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in (("python3.19", "exit 127"), ("python3.12", "exit 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    started: list[str] = []
    monkeypatch.setattr(os, "execv", lambda path, _arguments: started.append(path))
    bootstrap = runpy.run_path(str(ROOT / "scripts/bootstrap.py"))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or later"):
        bootstrap["_restart_with_newer_python"]()
    assert started == [str(tmp_path / "python3.12")]
