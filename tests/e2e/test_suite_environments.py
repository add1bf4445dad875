"""A suite's frozen requirements are enough to import its tests, and hold nothing of the tool's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from covernance.config import Suite, load
from tests.utils.repository import clean_environment

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]
UV = Path(sys.prefix) / "bin/uv"
OWN = (UV, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
"""The tool's own tests import it."""

OF_THE_TOOL = {"covernance", "jinja2", "markdown-it-py", "nox", "rich", "unidiff"}
"""What the tool needs and no component does."""


@pytest.mark.parametrize("suite", load(ROOT).suites, ids=lambda suite: suite.name)
def test_a_suite_s_tests_are_collected_in_its_own_environment(suite: Suite, tmp_path: Path) -> None:
    assert suite.requirements
    python = tmp_path / "bin/python"
    commands: tuple[tuple[str | Path, ...], ...] = (
        (UV, "venv", "--quiet", "--python", sys.executable, tmp_path),
        (UV, "pip", "install", "--quiet", "--require-hashes", "-r", suite.requirements),
        *([OWN] if suite.name == "covernance" else []),
        (python, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *suite.tests),
    )
    for command in commands:
        environ = clean_environment() | {"VIRTUAL_ENV": str(tmp_path)}
        environ["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{environ['PATH']}"
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.security
@pytest.mark.parametrize("suite", load(ROOT).suites, ids=lambda suite: suite.name)
def test_a_component_s_requirements_hold_nothing_of_the_tool_s(suite: Suite) -> None:
    assert suite.requirements
    lines = (ROOT / suite.requirements).read_text(encoding="utf-8").splitlines()
    names = {line.partition("==")[0] for line in lines if "==" in line}
    assert {"coverage", "pytest"} <= names
    of_component = set() if suite.name == "logging" else {"jinja2"}  # Flask needs it
    if suite.name != "covernance":
        assert not names & (OF_THE_TOOL - of_component)
