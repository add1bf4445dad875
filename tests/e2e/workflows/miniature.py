"""A small governed repository with this repository's own workflows: three suites, seconds to run.

Its `make tools` links the environment that the tests run in, and its sessions run there, so that a
job costs what it measures and installs nothing. The table, the sessions, the commands and the
workflows are the real ones.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from covernance.config import ExceptionSettings
from tests.utils.repository import COVERAGERC, PYTEST, Repository

ROOT = Path(__file__).parents[3]
SUITES = ("api", "auth", "logs")

_TABLE = """\
[tool.covernance]
themes = ["architecture", "reliability", "security"]
fail-under = 90
"""

_SUITE = """\

[tool.covernance.suites.{name}]
source = ["{name}"]
tests = ["tests/{name}"]
"""

_NOXFILE = """\
import sys
from pathlib import Path

import nox
from covernance import sessions
from covernance.config import load

nox.options.default_venv_backend = "none"
HELPER = (sys.executable, "-m", "covernance", "run")
sessions.define(load(Path(__file__).parent), lambda session, suite: None, HELPER)


@nox.session
def lint(session):
    session.run(sys.executable, "-m", "compileall", "-q", ".", external=True)


@nox.session
def integration(session):
    session.run(sys.executable, "-m", "covernance", "--version", external=True)
"""

_REGISTER = """\
# Coverage exceptions

<!-- covernance:exceptions:begin -->
| module | suite | current / floor | rationale | owner | review date | remediation plan | status |
|---|---|---|---|---|---|---|---|
<!-- covernance:exceptions:end -->
"""

_MAKEFILE = f"""\
.PHONY: tools
tools:
\t@ln -sfn {sys.prefix} .venv
"""

_IGNORED = """\
.venv
.pytest_cache/
.ruff_cache/
__pycache__/
/coverage/
.coverage*
!.coveragerc
"""

SOURCE = '''\
"""Numbers."""


def divide(a, b):
    """Divide."""
    if b == 0:
        raise ValueError("division by zero")
    return a / b


def largest(values):
    """The largest value."""
    best = None
    for value in values:
        if best is None or value > best:
            best = value
    return best


def clamp(value, low, high):
    """Keep a value within limits."""
    if value < low:
        return low
    if value > high:
        return high
    return value
'''

TESTS = """\
import pytest
from {name}_parts import clamp, divide, largest


@pytest.mark.architecture
def test_largest():
    assert largest([1, 3, 2]) == 3
    assert largest([]) is None


@pytest.mark.reliability
def test_divide():
    assert divide(4, 2) == 2


@pytest.mark.reliability
def test_clamp():
    assert [clamp(value, 1, 3) for value in (0, 2, 4)] == [1, 2, 3]


@pytest.mark.security
def test_zero_is_refused():
    with pytest.raises(ValueError, match="zero"):
        divide(1, 0)
"""


def create(
    folder: Path, *, suites: Sequence[str] = SUITES, shards: dict[str, int] | None = None
) -> Repository:
    """Write the miniature into a folder.

    Args:
        folder: The root; a git repository or not.
        suites: Those of the table.
        shards: How many shards a suite has, where it is not one.
    """
    table = _TABLE + "".join(_suite(name, (shards or {}).get(name, 1)) for name in suites)
    files = {
        "pyproject.toml": table + PYTEST.replace('["."]', json.dumps([*suites])),
        ".coveragerc": COVERAGERC,
        ".gitignore": _IGNORED,
        "README.md": "A project.\n",
        "noxfile.py": _NOXFILE,
        "Makefile": _MAKEFILE,
        ExceptionSettings().register: _REGISTER,
    }
    for name in suites:
        files[f"{name}/{name}_parts.py"] = SOURCE
        files[f"tests/{name}/test_{name}.py"] = TESTS.format(name=name)
    shutil.copytree(ROOT / ".github/workflows", folder / ".github/workflows")
    return Repository(folder, files)


def _suite(name: str, shards: int) -> str:
    return _SUITE.format(name=name) + (f"shards = {shards}\n" if shards > 1 else "")
