"""The agent's own unit tests, with nothing of the tool in their environment."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.compat.environments import COMBINATIONS, Combination, make_environment
from tests.utils.repository import clean_environment

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
TOOLS = ("hypothesis", "pytest-socket")
"""What the agent's tests need; each environment gets the newest version for its Python."""
REASONS = re.compile(
    "private names of coverage.py|the private names of this coverage.py are not known"
    "|this is the only way of counting|`contexts` uses the public interface too"
    "|these are options of pytest-xdist|python.* is not installed"
)
"""Why a test may be skipped: the fast way of counting is off, or something is not installed."""
SETTINGS = """\
[pytest]
addopts = --import-mode=prepend --strict-markers -p no:cacheprovider
xfail_strict = true
filterwarnings =
    error
    ignore:unclosed database:ResourceWarning
markers = {markers}
"""
"""The project's settings that pytest 7.0 has too.

Since Python 3.13, SQLite warns if a connection is not closed; `coverage.Coverage` can't be closed.
"""


def write_settings(folder: Path) -> Path:
    """Write settings with the project's markers to a folder."""
    project = configparser.RawConfigParser()
    project.read(ROOT / "pytest.ini")
    markers = project["pytest"]["markers"].replace("\n", "\n    ")
    path = folder / "agent.ini"
    path.write_text(SETTINGS.format(markers=markers), encoding="utf-8")
    return path


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_agents_tests_pass(combination: Combination, tmp_path: Path) -> None:
    python = make_environment(combination, tmp_path / "environment", *TOOLS)
    path = os.pathsep.join(map(str, (ROOT, ROOT / "src")))
    storage = {"HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis")}
    done = subprocess.run(
        [
            *(python, "-m", "pytest", "-q", "-rs", "--tb=short"),
            *("-c", write_settings(tmp_path), f"--rootdir={ROOT}"),
            *(f"--basetemp={tmp_path / 'tests'}", "tests/unit/covernance_agent"),
        ],
        cwd=ROOT,
        env=clean_environment() | storage | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d\d passed", done.stdout), done.stdout
    skipped = re.findall(r"^SKIPPED \[\d+\] \S+: (.*)$", done.stdout, re.MULTILINE)
    assert [reason for reason in skipped if not REASONS.fullmatch(reason)] == []
