"""A small governed repository in a temporary folder, for tests of the tool."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TypeVar, cast

T = TypeVar("T")

TABLE = """\
[tool.covernance]
themes = ["architecture", "reliability", "security"]
fail-under = 90

[tool.covernance.suites.calc]
source = ["calc"]
tests = ["tests"]
"""

PYTEST = """\

[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "--strict-markers -p no:randomly -p no:hypothesispytest"
markers = ["architecture", "reliability", "security"]
"""

COVERAGERC = """\
[run]
branch = true
relative_files = true
patch = subprocess
"""

CALC = """\
def divide(a, b):
    if b == 0:
        raise ValueError("division by zero")
    return a / b


def largest(values):
    best = None
    for value in values:
        if best is None or value > best:
            best = value
    return best
"""

TESTS = """\
import pytest
from calc import divide, largest


@pytest.mark.architecture
def test_largest():
    assert largest([1, 3, 2]) == 3
    assert largest([]) is None


@pytest.mark.reliability
def test_divide():
    assert divide(4, 2) == 2


@pytest.mark.security
def test_zero_is_refused():
    with pytest.raises(ValueError):
        divide(1, 0)
"""

IDENTITY = ("-c", "user.name=A Developer", "-c", "user.email=dev@example.org")
NO_UPKEEP = ("-c", "maintenance.auto=false")
"""Otherwise each commit starts a second process, which finds nothing to tidy."""
LOOPBACK = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
"""Bypass any proxy of the machine for servers on loopback."""
NO_GIT_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass
class Ran:
    """The exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Folder:
    """A folder in memory, to be written as often as tests need it: its folders and its files."""

    folders: tuple[Path, ...]
    files: Mapping[Path, bytes]

    @classmethod
    def read(cls, root: Path) -> Folder:
        """Read a folder with all that is in it."""
        paths = sorted(root.rglob("*"))
        return cls(
            tuple(path.relative_to(root) for path in paths if path.is_dir()),
            {path.relative_to(root): path.read_bytes() for path in paths if path.is_file()},
        )

    def write(self, root: Path) -> None:
        """Write it to a folder, over what is there."""
        root.mkdir(exist_ok=True)
        for path in self.folders:
            (root / path).mkdir(exist_ok=True)
        for path, content in self.files.items():
            (root / path).write_bytes(content)


_Step = Callable[["Repository"], object]
_PREPARED: dict[tuple[_Step, frozenset[tuple[Path, bytes]]], tuple[Folder, object]] = {}
"""What each step made of each set of files, and its result."""


@dataclass
class Repository:
    """A repository with one suite, `calc`, whose three tests cover all of it."""

    root: Path
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        defaults = {
            "pyproject.toml": TABLE + PYTEST,
            ".coveragerc": COVERAGERC,
            ".gitignore": "/coverage/\n.pytest_cache/\n__pycache__/\n",
            "calc/__init__.py": CALC,
            "tests/test_calc.py": TESTS,
        }
        for name, text in (defaults | self.files).items():
            self.write(name, text)

    @classmethod
    def at(cls, root: Path) -> Repository:
        """Return an object for an existing repository."""
        repository = object.__new__(cls)
        repository.root, repository.files = root, {}
        return repository

    def write(self, name: str, text: str) -> Path:
        """Write a file, creating its folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def append(self, name: str, text: str) -> None:
        """Append to a file."""
        with (self.root / name).open("a", encoding="utf-8") as stream:
            stream.write(dedent(text))

    def covernance(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run the tool's command line in this repository, as in a user's shell."""
        return self.command(sys.executable, "-m", "covernance", *arguments, environ=environ)

    def command(self, *command: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run a command here, without the user's coverage variables and git configuration."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=clean_environment() | LOOPBACK | NO_GIT_CONFIGURATION | dict(environ or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def git(self, *arguments: str) -> str:
        """Run git in this repository, with a fixed author."""
        result = self.command("git", *IDENTITY, *NO_UPKEEP, *arguments)
        assert result.code == 0, result.text
        return result.out.strip()

    def prepare(self, step: Callable[[Repository], T]) -> T:
        """Run a step that prepares a repository without commits, and return its result.

        The step runs for the first repository with these files; the next ones get a copy of what it
        made, so that its git processes run once. It may depend on nothing but the files.
        """
        files = {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        key = (step, frozenset((path.relative_to(self.root), text) for path, text in files.items()))
        if key not in _PREPARED:
            result = step(self)
            _PREPARED[key] = Folder.read(self.root), result
            return result
        folder, prepared = _PREPARED[key]
        folder.write(self.root)
        return cast("T", prepared)

    def initialize(self) -> None:
        """Make the folder a git repository, without commits, whose branch is main."""
        self.git("init", "--quiet", "--initial-branch=main", "--template=")

    def commit(self, message: str = "step") -> str:
        """Commit every file, and return the commit."""
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")

    def commit_first(self) -> str:
        """Commit every file as the first commit of the branch main, and return the commit."""
        return self.prepare(_commit_first)


def _commit_first(repository: Repository) -> str:
    repository.initialize()
    return repository.commit("start")


def clean_environment() -> dict[str, str]:
    """Return the environment without variables that affect coverage, pytest, nox or git.

    Variables that select colours, identify CI or set uv's target environment are removed too.
    """
    removed_prefixes = ("COVERAGE", "PYTEST", "NOX", "GITHUB", "GIT_", "UV_PYTHON")
    removed_names = {
        "CI",
        "FORCE_COLOR",
        "NO_COLOR",
        "PY_COLORS",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
    }
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(removed_prefixes) and name not in removed_names
    }
