"""Each suite's own frozen requirements are enough to import its tests, as its session does."""

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


@pytest.mark.parametrize("suite", load(ROOT).suites, ids=lambda suite: suite.name)
def test_a_suite_s_tests_are_collected_in_its_own_environment(suite: Suite, tmp_path: Path) -> None:
    assert suite.requirements
    python = tmp_path / "bin/python"
    commands: tuple[tuple[str | Path, ...], ...] = (
        (UV, "venv", "--quiet", "--python", sys.executable, tmp_path),
        (UV, "pip", "install", "--quiet", "--require-hashes", "-r", suite.requirements),
        (UV, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."),
        (python, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *suite.tests),
    )
    for command in commands:
        environ = clean_environment() | {"VIRTUAL_ENV": str(tmp_path)}
        environ["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{environ['PATH']}"
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
