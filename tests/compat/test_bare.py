"""Whole runs of suites in an environment that has pytest and coverage.py and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compat.environments import NEWEST, UV, Combination, environment_of, make_environment

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
RUNS = [f"tests/integration/test_{name}.py" for name in ("run", "contexts", "guest", "shards")]
"""The integration tests that run suites in the active environment."""
NEEDED = {"iniconfig", "packaging", "pluggy", "pygments"}
"""What pytest itself requires on Linux with a current Python."""


def test_integration_tests_of_runs_pass_where_only_pytest_and_coverage_are(tmp_path: Path) -> None:
    version = f"3.{sys.version_info.minor}"
    environment = tmp_path / "environment"
    python = make_environment(Combination(version, NEWEST), environment)
    listed = (str(UV), "pip", "list", "--format=json", f"--python={python}")
    installed = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    packages = {package["name"].lower() for package in json.loads(installed)}
    assert packages - NEEDED == {"pytest", "coverage"}

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-rs", "-n", "2", "--dist", "loadfile"),
            *("--max-worker-restart=0", f"--basetemp={tmp_path / 'tests'}", *RUNS),
        ],
        cwd=ROOT,
        env=environment_of(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    skipped = re.findall(r"^SKIPPED \[\d+\] \S+: (.*)$", done.stdout, re.MULTILINE)
    assert skipped, "tests with pytest-xdist ran, so this environment was not used"
    assert [reason for reason in skipped if not reason.startswith("the suites need pytest-")] == []
