"""Responsible for small governed repositories, on which the real tools run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.utils.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository whose one suite passes at 100 %."""
    return Repository(tmp_path / "repository")
