"""Responsible for small governed repositories, on which the real tools run."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.utils.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose one suite passes at 100 %."""
    return Repository(tmp_path / "repository")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests whose suites run with a pytest plugin."""
    marker = "needs_plugin(distribution): suites of this test run with this pytest plugin"
    config.addinivalue_line("markers", marker)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests whose suites need a plugin that the active environment lacks."""
    for marker in item.iter_markers("needs_plugin"):
        for plugin in marker.args:
            if not is_installed(plugin):
                pytest.skip(f"the suites need {plugin}, which is not installed")


@cache
def is_installed(distribution: str) -> bool:
    """Whether the environment in which suites run has a distribution: the active one, or this."""
    active = os.environ.get("VIRTUAL_ENV")
    python = Path(active, "bin/python") if active else Path(sys.executable)
    asking = f"from importlib.metadata import version; version({distribution!r})"
    return subprocess.run([python, "-c", asking], capture_output=True, check=False).returncode == 0
