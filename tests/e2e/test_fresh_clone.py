"""What a newcomer does: clone, make, with an empty home and nothing installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.utils.repository import clean_environment

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]


class Clone:
    """A clone of what is committed, and a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.root = folder / "covernance"
        self.home.mkdir()
        subprocess.run(
            ("git", "clone", "--quiet", str(ROOT), str(self.root)),
            env=clean_environment(),
            check=True,
        )

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environ = clean_environment() | {"HOME": str(self.home)} | variables
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "UV_CACHE_DIR", "MAKEFLAGS"):
            environ.pop(name, None)
        environ["PATH"] = os.pathsep.join(
            part for part in environ["PATH"].split(os.pathsep) if not _is_environment(Path(part))
        )
        return subprocess.run(
            ("make", *arguments),
            cwd=self.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def status(self) -> str:
        done = subprocess.run(
            ("git", "status", "--porcelain"),
            cwd=self.root,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def _is_environment(folder: Path) -> bool:
    return (folder.parent / "pyvenv.cfg").exists()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return Clone(tmp_path_factory.mktemp("newcomer"))


@pytest.fixture(scope="module")
def first(clone: Clone) -> subprocess.CompletedProcess[str]:
    return clone.make("test-logging-unit")


def test_the_first_make_sets_up_runs_and_prints_the_table(
    clone: Clone, first: subprocess.CompletedProcess[str]
) -> None:
    assert first.returncode == 0, first.stdout + first.stderr
    assert "logging: pass: " in first.stdout
    for theme in ("architecture", "reliability", "security"):
        assert f"logging  {theme}" in first.stdout
    assert (clone.root / "coverage/html/logging/index.html").is_file()
    assert clone.status == ""


def test_the_second_make_sets_up_nothing(
    clone: Clone, first: subprocess.CompletedProcess[str]
) -> None:
    again = clone.make("test-logging-unit", "ARGS=-k redact")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "setting up" not in again.stdout
    assert "pip install" not in again.stdout + again.stderr
    assert "partial run (-k 'redact')" in again.stdout


def test_a_floor_of_100_fails_and_names_the_lines(
    clone: Clone, first: subprocess.CompletedProcess[str]
) -> None:
    module = clone.root / "logging_lib/__init__.py"
    before = module.read_text(encoding="utf-8")
    module.write_text(f"{before}\n\ndef never():\n    return 1\n", encoding="utf-8")
    red = clone.make("test-logging-unit", COVERAGE_FAIL_UNDER="100")
    module.write_text(before, encoding="utf-8")
    assert red.returncode != 0
    assert "(floor 100 %, from COVERAGE_FAIL_UNDER)" in red.stdout
    assert "logging_lib/__init__.py: " in red.stdout


def test_help_lists_what_there_is(clone: Clone) -> None:
    shown = clone.make()
    assert shown.returncode == 0
    assert "make test-api-unit" in shown.stdout
