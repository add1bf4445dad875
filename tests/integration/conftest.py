"""Responsible for small governed repositories, on which the real tools run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.utils.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose one suite passes at 100 %."""
    return Repository(tmp_path / "repository")


@pytest.fixture(autouse=True)
def _no_git_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Aim git at the repository that a test is about, also when a git hook runs the tests."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
