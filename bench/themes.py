"""Configure a project without themes for covernance: a table, and a theme for every test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

THEMES = ("architecture", "reliability", "security")

_TABLE = """\
[tool.covernance]
themes = ["architecture", "reliability", "security"]
fail-under = 0

[tool.covernance.suites.project]
source = ["{source}"]
tests = ["tests"]

[tool.pytest.ini_options]
pythonpath = ["{path}", "."]
addopts = "-p no:randomly -p no:hypothesispytest"
markers = ["architecture", "reliability", "security", "stress"]
filterwarnings = ["default"]
"""

_COVERAGERC = """\
[run]
branch = true
relative_files = true
patch = subprocess
context = ${COVERAGE_CONTEXT-}
"""

_CONFTEST = """\
from zlib import crc32

import pytest

collect_ignore = {ignored}
THEMES = ("architecture", "reliability", "security")


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item):
    item.add_marker(THEMES[crc32(item.nodeid.encode()) % len(THEMES)])
"""

_NOXFILE = """\
from pathlib import Path

import nox

from covernance import sessions
from covernance.config import load

nox.options.sessions = sessions.define(load(Path(__file__).parent), lambda session, suite: None)
"""


def govern(folder: Path, source: str, *, path: str = ".") -> None:
    """Write a table with one suite, `project`, and a noxfile to a project.

    Args:
        folder: The project's folder.
        source: The measured source folder.
        path: The folder that the tests need on sys.path.
    """
    folder.joinpath("pyproject.toml").write_text(_TABLE.format(source=source, path=path))
    folder.joinpath(".coveragerc").write_text(_COVERAGERC)
    folder.joinpath("noxfile.py").write_text(_NOXFILE)


def spread(folder: Path, *, ignored: Sequence[str] = ()) -> None:
    """Assign a theme to every test, by a hash of its name; skip the ignored files."""
    folder.joinpath("conftest.py").write_text(_CONFTEST.format(ignored=list(ignored)))
