"""Responsible for the table's unit tests: a repository with a table of two suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.covernance.config.table_samples import GOOD


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("apps/api", "apps/auth", "tests/api", "tests/auth"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/api.txt").touch()
    (tmp_path / "pyproject.toml").write_text(GOOD)
    return tmp_path
